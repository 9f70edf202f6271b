// Package ansible reads Ansible's inventories, INI, YAML and what ansible-inventory prints, as a list of hosts and the way to each.
//
// It knows what Ansible makes of a file: groups, ranges, and which of several variables holds. What it cannot know, as the value of a
// template or of a vault, it refuses by name where a host that is used hangs on it. Nothing here does IO.
package ansible

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/replssl/replssl/orchestrate/topology"
)

// File is an inventory as it lies on this machine.
type File struct {
	Name   string // for messages; its ending says of which kind it is, as it does to Ansible
	Data   []byte
	Home   string // the person's home folder, for ~
	Beside fs.FS  // the folder of the file, with group_vars and host_vars; nil: there is none
}

// Inventory is what the file says.
type Inventory struct {
	file   File
	groups map[string]*group
	hosts  map[string]*host
	names  []string // of the hosts, in the order of the file
	loaded map[string]loadedVars
}

var _ topology.Hosts = (*Inventory)(nil)

// Fault is what is wrong with an inventory, or what replssl cannot know of it.
type Fault struct {
	File string
	Line int // 1 for the first; 0 where the fault is of the file as a whole
	Text string
}

// Error is one line: where, and what.
func (f *Fault) Error() string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
	}
	return f.File + ": " + f.Text
}

// place is where something is written.
type place struct {
	file string
	line int
}

func (p place) fault(format string, args ...any) *Fault {
	return &Fault{File: p.file, Line: p.line, Text: oneLine(fmt.Sprintf(format, args...))}
}

const (
	maxFile  = 8 << 20 // bytes of one file
	maxHosts = 100_000 // hosts of one inventory: a range that makes more is a slip
)

// Read reads an inventory. The error is the first [Fault] of the file itself; what is wrong with a single host is told by
// [Inventory.Host] alone, so that nobody has to repair what is not used.
func Read(file File) (*Inventory, error) {
	inv := newInventory(file)
	if fault := file.refuse(); fault != nil {
		return nil, fault
	}
	if fault := inv.read(); fault != nil {
		return nil, fault
	}
	if fault := inv.settle(); fault != nil {
		return nil, fault
	}
	return inv, nil
}

func (f File) place(line int) place { return place{f.Name, line} }

// howToList is what to do about an inventory that only Ansible itself can read.
func howToList(name string) string {
	return fmt.Sprintf("make a list of it: ansible-inventory -i %s --list --yaml > hosts.yaml", name)
}

// refuse is about what is no list of hosts but a way to one. Ansible too takes a file that begins with #! for a program.
func (f File) refuse() *Fault {
	switch {
	case len(f.Data) > maxFile:
		return f.place(0).fault("the file has %d bytes, more than the %d that are read", len(f.Data), maxFile)
	case bytes.HasPrefix(f.Data, []byte("#!")) || bytes.IndexByte(f.Data, 0) >= 0:
		return f.place(0).fault("is a program, and replssl runs none; %s", howToList(f.Name))
	case bytes.HasPrefix(f.Data, []byte(vaultHeader)):
		return f.place(1).fault("the file is a vault; %s", howToList(f.Name))
	case path.Ext(f.Name) == ".toml":
		return f.place(0).fault("TOML is not read; %s", howToList(f.Name))
	}
	return nil
}

// read takes the file for what Ansible would: by its ending, and without one for YAML where it is a mapping.
func (inv *Inventory) read() *Fault {
	switch path.Ext(inv.file.Name) {
	case ".yaml", ".yml", ".json":
		root, fault := parse(inv.file.place(0), inv.file.Data)
		if fault != nil {
			return fault
		}
		return inv.readYAML(root)
	case "":
		if root, fault := parse(inv.file.place(0), inv.file.Data); fault == nil && isMapping(root) {
			return inv.readYAML(root)
		}
	}
	return inv.readINI()
}

// oneLine makes a text safe to print on one line of a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return r == ' ' || isControl(r) }), " ")
}
