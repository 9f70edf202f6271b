package ansible

import "github.com/goccy/go-yaml/ast"

// yamlReader reads groups within groups, or the flat groups that ansible-inventory --list and inventory programs print.
type yamlReader struct {
	*Inventory
	*tree
	lists bool // hosts and children are lists, as in JSON
}

// metaKey is where ansible-inventory --list puts the variables of all hosts.
const metaKey = "_meta"

func (inv *Inventory) readYAML(root ast.Node) *Fault {
	if isNull(root) {
		return inv.file.place(0).fault("the inventory is empty")
	}
	r := &yamlReader{Inventory: inv, tree: newTree(inv.file.place(0), root)}
	groups, ok, fault := r.entries(root)
	if fault != nil {
		return fault
	}
	if !ok {
		return lineOf(r.at, root).fault("an inventory is groups, as in all: {hosts: {db1: }}")
	}
	for _, g := range groups {
		switch g.key {
		case "plugin":
			return g.at.fault("is the configuration of an inventory plugin, which replssl does not run; %s", howToList(inv.file.Name))
		case metaKey:
			r.lists = true
		}
	}
	for _, g := range groups {
		if g.key == metaKey {
			continue
		}
		if fault := r.group(g); fault != nil {
			return fault
		}
	}
	return r.readMeta(groups)
}

func (r *yamlReader) group(e entry) *Fault {
	if e.key == "" || e.at.line > 0 && isControlled(e.key) {
		return e.at.fault("a group has no name, or one with a control character")
	}
	g := r.Inventory.group(e.key)
	if hosts, fault := r.meant(e.node); fault != nil {
		return fault
	} else if _, ok := hosts.(*ast.SequenceNode); ok && r.lists {
		return r.hosts(g, entry{key: ofHosts, node: e.node, at: e.at})
	}
	parts, ok, fault := r.entries(e.node)
	switch {
	case fault != nil:
		return fault
	case !ok:
		return e.at.fault("the group %s must have hosts, children or vars", e.key)
	}
	for _, part := range parts {
		if fault := r.part(g, part); fault != nil {
			return fault
		}
	}
	return nil
}

func isControlled(word string) bool {
	for _, r := range word {
		if isControl(r) {
			return true
		}
	}
	return false
}

func (r *yamlReader) part(g *group, part entry) *Fault {
	switch part.key {
	case ofHosts:
		return r.hosts(g, part)
	case ofChildren:
		return r.children(g, part)
	case ofVars:
		vars, fault := r.variables(part)
		if fault != nil {
			return fault
		}
		for name, v := range vars {
			if fault := g.set(name, v); fault != nil {
				return fault
			}
		}
		return nil
	}
	return part.at.fault("%q is neither hosts nor children nor vars, and Ansible passes over it", part.key)
}

// members are the entries of a mapping, of a list, or the only one.
func (r *yamlReader) members(part entry) ([]entry, *Fault) {
	inner, fault := r.meant(part.node)
	if fault != nil {
		return nil, fault
	}
	if list, ok := inner.(*ast.SequenceNode); ok && r.lists {
		return r.listed(list)
	}
	if isScalar(inner) && !isNull(inner) {
		return []entry{{key: scalarText(inner), quoted: true, at: lineOf(r.at, inner)}}, nil
	}
	list, ok, fault := r.entries(part.node)
	if fault == nil && !ok {
		fault = part.at.fault("%s must be keys, as in %s: {db1: }", part.key, part.key)
	}
	return list, fault
}

func (r *yamlReader) listed(list *ast.SequenceNode) ([]entry, *Fault) {
	var all []entry
	for _, node := range list.Values {
		inner, fault := r.meant(node)
		if fault != nil {
			return nil, fault
		}
		if !isScalar(inner) {
			return nil, lineOf(r.at, node).fault("the list must have names only")
		}
		all = append(all, entry{key: scalarText(inner), quoted: true, at: lineOf(r.at, node)})
	}
	return all, nil
}

func (r *yamlReader) hosts(g *group, part entry) *Fault {
	members, fault := r.members(part)
	if fault != nil {
		return fault
	}
	for _, member := range members {
		if !member.quoted && yamlValue(member.key, member.at).kind != text {
			return member.at.fault("the host %s must stand in quotes", member.key)
		}
		vars, fault := r.variables(member)
		if fault != nil {
			return fault
		}
		if fault := r.addHost(g, member, vars); fault != nil {
			return fault
		}
	}
	return nil
}

// addHost takes a name of a printed list as it stands: its ranges are written out already.
func (r *yamlReader) addHost(g *group, member entry, vars variables) *Fault {
	if member.key == "" {
		return member.at.fault("a host has no name")
	}
	if r.lists {
		r.Inventory.host(member.key, g, value{})
		return nil
	}
	return r.add(member.key, g, vars, member.at)
}

func (r *yamlReader) children(g *group, part entry) *Fault {
	members, fault := r.members(part)
	if fault != nil {
		return fault
	}
	for _, member := range members {
		if fault := r.group(member); fault != nil {
			return fault
		}
		if !g.adopt(r.Inventory.group(member.key)) {
			return member.at.fault("the group %q would contain itself", member.key)
		}
	}
	return nil
}

func (r *yamlReader) variables(e entry) (variables, *Fault) {
	list, ok, fault := r.entries(e.node)
	if fault == nil && !ok {
		fault = e.at.fault("%s must have variables, as in ansible_host: 192.0.2.1", e.key)
	}
	vars := variables{}
	for _, v := range list {
		if fault != nil {
			return nil, fault
		}
		vars[v.key], fault = r.value(v.node, v.at)
	}
	return vars, fault
}

// readMeta reads the variables of the hosts of a printed list, into which those of the groups are worked already.
func (r *yamlReader) readMeta(groups []entry) *Fault {
	for _, meta := range groups {
		if meta.key != metaKey {
			continue
		}
		parts, _, fault := r.entries(meta.node)
		if fault != nil {
			return fault
		}
		for _, part := range parts {
			if part.key == "hostvars" {
				return r.hostVars(part)
			}
		}
	}
	return nil
}

func (r *yamlReader) hostVars(part entry) *Fault {
	list, _, fault := r.entries(part.node)
	if fault != nil {
		return fault
	}
	for _, e := range list {
		vars, fault := r.variables(e)
		if fault != nil {
			return fault
		}
		h := r.Inventory.host(e.key, r.Inventory.group(all), value{})
		for name, v := range vars {
			h.vars[name] = v
		}
	}
	return nil
}
