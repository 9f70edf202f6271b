package ansible

import (
	"cmp"
	"slices"
)

// group is a group of hosts and groups.
type group struct {
	name     string
	hosts    []*host
	children []*group
	parents  []*group
	vars     variables
	priority int // ansible_group_priority
	depth    int // the longest way down from the group "all"
}

// host is a host as the file names it.
type host struct {
	name   string
	groups []*group // that name it themselves
	vars   variables
}

// The groups that every inventory has.
const (
	all       = "all"
	ungrouped = "ungrouped"
)

func newInventory(file File) *Inventory {
	inv := &Inventory{file: file, groups: map[string]*group{}, hosts: map[string]*host{}, loaded: map[string]loadedVars{}}
	inv.group(all).adopt(inv.group(ungrouped))
	return inv
}

// group is the group of that name, made where it is new.
func (inv *Inventory) group(name string) *group {
	if g, ok := inv.groups[name]; ok {
		return g
	}
	g := &group{name: name, priority: 1, vars: variables{}}
	inv.groups[name] = g
	return g
}

// host is the host of that name as a member of the group. A port that stands behind its name counts where the host is first named
// (tried with ansible-core 2.19).
func (inv *Inventory) host(name string, in *group, port value) *host {
	h, ok := inv.hosts[name]
	if !ok {
		h = &host{name: name, vars: variables{}}
		if port.text != "" {
			h.vars["ansible_port"] = port
		}
		inv.hosts[name] = h
		inv.names = append(inv.names, name)
	}
	if !slices.Contains(h.groups, in) {
		h.groups = append(h.groups, in)
		in.hosts = append(in.hosts, h)
	}
	return h
}

// adopt makes a group a child of this one; false: that would be a circle.
func (g *group) adopt(child *group) bool {
	if child == g || slices.Contains(child.descendants(), g) {
		return false
	}
	if !slices.Contains(g.children, child) {
		g.children = append(g.children, child)
		child.parents = append(child.parents, g)
	}
	return true
}

// descendants are the group and all groups below, the nearest first.
func (g *group) descendants() []*group {
	found := []*group{g}
	met := map[*group]bool{g: true}
	for i := 0; i < len(found); i++ {
		for _, child := range found[i].children {
			if !met[child] {
				met[child] = true
				found = append(found, child)
			}
		}
	}
	return found
}

// settle completes the file: every group is below "all", and every host that no group names is ungrouped.
func (inv *Inventory) settle() *Fault {
	top := inv.groups[all]
	for _, g := range inv.groups {
		if g != top && len(g.parents) == 0 {
			top.adopt(g)
		}
	}
	slices.SortFunc(top.children, func(a, b *group) int { return cmp.Compare(a.name, b.name) })
	rest := inv.groups[ungrouped]
	for _, name := range inv.names {
		h := inv.hosts[name]
		grouped := slices.ContainsFunc(h.groups, func(g *group) bool { return g != top && g != rest })
		if grouped {
			h.groups = slices.DeleteFunc(h.groups, func(g *group) bool { return g == rest })
			rest.hosts = slices.DeleteFunc(rest.hosts, func(other *host) bool { return other == h })
		} else {
			inv.host(name, rest, value{})
		}
	}
	measure(inv.groups)
	if len(inv.names) == 0 {
		return inv.file.place(0).fault("the inventory names no host")
	}
	return nil
}

// measure gives each group its depth. There is no circle, so that every group has its turn after its parents.
func measure(groups map[string]*group) {
	waits := map[*group]int{}
	var ready []*group
	for _, g := range groups {
		if waits[g] = len(g.parents); waits[g] == 0 {
			ready = append(ready, g)
		}
	}
	for len(ready) > 0 {
		g := ready[0]
		ready = ready[1:]
		for _, child := range g.children {
			child.depth = max(child.depth, g.depth+1)
			if waits[child]--; waits[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
}

// lineage are all groups that a host belongs to, in the order in which a later one wins.
func (h *host) lineage() []*group {
	met := map[*group]bool{}
	found := slices.Clone(h.groups)
	for i := 0; i < len(found); i++ {
		met[found[i]] = true
		for _, parent := range found[i].parents {
			if !met[parent] {
				met[parent] = true
				found = append(found, parent)
			}
		}
	}
	slices.SortFunc(found, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.priority, b.priority), cmp.Compare(a.name, b.name))
	})
	return slices.Compact(found)
}

// Group are the hosts of a group and of the groups in it, in the order of the inventory, each once; false: there is no such group.
func (inv *Inventory) Group(name string) ([]string, bool) {
	g, ok := inv.groups[name]
	if !ok {
		return nil, false
	}
	if name == all {
		return slices.Clone(inv.names), true
	}
	met := map[string]bool{}
	var names []string
	for _, below := range g.descendants() {
		for _, h := range below.hosts {
			if !met[h.name] {
				met[h.name] = true
				names = append(names, h.name)
			}
		}
	}
	return names, true
}
