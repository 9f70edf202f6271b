package ansible

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	section   = regexp.MustCompile(`^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$`)
	groupLine = regexp.MustCompile(`^([^:\]\s]+)\s*(?:#.*)?$`)
)

// The kinds of sections.
const (
	ofHosts    = "hosts"
	ofChildren = "children"
	ofVars     = "vars"
)

// iniReader reads line by line, as if the file began with the section of the ungrouped.
type iniReader struct {
	*Inventory
	group    *group
	state    string
	at       place
	declared map[string]bool
	pending  []mention // of groups that must be declared somewhere
}

type mention struct {
	group string
	what  string
	at    place
}

func (inv *Inventory) readINI() *Fault {
	r := &iniReader{Inventory: inv, group: inv.group(ungrouped), state: ofHosts, declared: map[string]bool{all: true, ungrouped: true}}
	for i, line := range lines(inv.file.Data) {
		r.at = inv.file.place(i + 1)
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if !utf8.ValidString(line) {
			return r.at.fault("the line is not UTF-8")
		}
		if fault := r.line(line); fault != nil {
			return fault
		}
	}
	for _, m := range r.pending {
		if !r.declared[m.group] {
			return m.at.fault("%s the group %q, which is declared nowhere", m.what, m.group)
		}
	}
	return nil
}

func lines(data []byte) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff")), "\n")
}

func (r *iniReader) line(line string) *Fault {
	if found := section.FindStringSubmatch(line); found != nil {
		return r.begin(found[1], found[2])
	}
	if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
		return r.at.fault("%s is no section: it must be [group], [group:vars] or [group:children], without spaces", line)
	}
	switch r.state {
	case ofChildren:
		return r.child(line)
	case ofVars:
		return r.variable(line)
	}
	return r.hostLine(line)
}

func (r *iniReader) begin(name, state string) *Fault {
	if state == "" {
		state = ofHosts
	}
	switch state {
	case ofHosts, ofChildren:
		r.declared[name] = true
	case ofVars:
		r.pending = append(r.pending, mention{name, "the section gives variables to", r.at})
	default:
		return r.at.fault("[%s:%s] is no section: it must be [group], [group:vars] or [group:children]", name, state)
	}
	r.group, r.state = r.Inventory.group(name), state
	return nil
}

func (r *iniReader) child(line string) *Fault {
	found := groupLine.FindStringSubmatch(line)
	if found == nil {
		return r.at.fault("%q is not the name of a group", line)
	}
	r.pending = append(r.pending, mention{found[1], "the section names", r.at})
	if !r.group.adopt(r.Inventory.group(found[1])) {
		return r.at.fault("the group %q would contain itself", found[1])
	}
	return nil
}

func (r *iniReader) variable(line string) *Fault {
	name, written, ok := strings.Cut(line, "=")
	if !ok {
		return r.at.fault("a variable is name=value")
	}
	return r.group.set(strings.TrimSpace(name), iniValue(written, r.at))
}

// set gives the group a variable, of which one is about the group itself.
func (g *group) set(name string, v value) *Fault {
	if name != "ansible_group_priority" {
		g.vars[name] = v
		return nil
	}
	priority, err := strconv.Atoi(strings.TrimSpace(v.text))
	if err != nil || v.kind != text {
		return v.fault("ansible_group_priority must be a whole number")
	}
	g.priority = priority
	return nil
}

func (r *iniReader) hostLine(line string) *Fault {
	tokens, err := words(line, true)
	if err != nil {
		return r.at.fault("%v", err)
	}
	if len(tokens) == 0 || tokens[0] == "" {
		return r.at.fault("the line names no host")
	}
	given := variables{}
	for _, token := range tokens[1:] {
		name, written, ok := strings.Cut(token, "=")
		if !ok {
			return r.at.fault("behind a host stands name=value, without spaces around =, and not %q", shown(token))
		}
		given[name] = iniValue(written, r.at)
	}
	return r.add(tokens[0], r.group, given, r.at)
}

// shown is a word for a message; one that may hold a password is not shown.
func shown(word string) string {
	if lower := strings.ToLower(word); strings.Contains(lower, "pass") || strings.Contains(lower, "secret") || strings.Contains(lower, "token") {
		return "(not shown)"
	}
	return word
}

// add puts the hosts of a pattern into a group.
func (inv *Inventory) add(written string, in *group, given variables, at place) *Fault {
	names, port, err := pattern(written)
	if err != nil {
		return at.fault("%v", err)
	}
	for _, name := range names {
		if name == "---" {
			return at.fault("--- is no host: this seems to be YAML, whose file must end in .yaml or .yml")
		}
		h := inv.host(name, in, value{text: port, place: at})
		for key, v := range given {
			h.vars[key] = v
		}
	}
	if len(inv.hosts) > maxHosts {
		return at.fault("the inventory names more than %d hosts", maxHosts)
	}
	return nil
}
