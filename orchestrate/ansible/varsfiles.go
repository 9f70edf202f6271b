package ansible

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"
)

// The folders beside an inventory that give variables to hosts and groups.
const (
	groupVars = "group_vars"
	hostVars  = "host_vars"
)

// loadedVars are the variables of one host or group out of its files, or why they are not known.
type loadedVars struct {
	vars  variables
	fault *Fault
}

// endings are those of files with variables, in the order in which they are looked for; a folder has none.
func endings() []string { return []string{"", ".yml", ".yaml", ".json"} }

// beside gives the variables that files beside the inventory have for a host or a group.
func (inv *Inventory) beside(folder, name string) (variables, *Fault) {
	where := path.Join(folder, name)
	if inv.file.Beside == nil || !fs.ValidPath(where) || path.Dir(where) != folder {
		return nil, nil
	}
	if found, ok := inv.loaded[where]; ok {
		return found.vars, found.fault
	}
	vars, fault := inv.load(where)
	inv.loaded[where] = loadedVars{vars, fault}
	return vars, fault
}

func (inv *Inventory) load(where string) (variables, *Fault) {
	for _, ending := range endings() {
		info, err := fs.Stat(inv.file.Beside, where+ending)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, inv.unread(where+ending, err)
		case info.IsDir():
			return inv.loadFolder(where + ending)
		}
		vars := variables{}
		return vars, inv.loadFile(where+ending, vars)
	}
	return nil, nil
}

func (inv *Inventory) unread(name string, err error) *Fault {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return place{file: inv.path(name)}.fault("cannot be read: %v", err)
}

// path is a file beside the inventory as a person would name it.
func (inv *Inventory) path(name string) string { return path.Join(path.Dir(inv.file.Name), name) }

// loadFolder reads all files of a folder and of those in it, in the order of their names; the later ones win.
func (inv *Inventory) loadFolder(folder string) (variables, *Fault) {
	vars := variables{}
	err := fs.WalkDir(inv.file.Beside, folder, func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return inv.unread(name, err)
		case name == folder:
			return nil
		case strings.HasPrefix(base, "."), strings.HasSuffix(base, "~"), entry.IsDir() && path.Ext(base) != "":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.IsDir() && isVarsFile(base):
			if fault := inv.loadFile(name, vars); fault != nil {
				return fault
			}
		}
		return nil
	})
	var fault *Fault
	errors.As(err, &fault)
	return vars, fault
}

func isVarsFile(base string) bool {
	for _, ending := range endings() {
		if path.Ext(base) == ending {
			return true
		}
	}
	return false
}

func (inv *Inventory) loadFile(name string, into variables) *Fault {
	at := place{file: inv.path(name)}
	info, err := fs.Stat(inv.file.Beside, name)
	if err == nil && info.Size() > maxFile {
		return at.fault("the file has %d bytes, more than the %d that are read", info.Size(), maxFile)
	}
	data, err := fs.ReadFile(inv.file.Beside, name)
	if err != nil {
		return inv.unread(name, err)
	}
	if bytes.HasPrefix(data, []byte(vaultHeader)) {
		return at.fault("the file is a vault, and replssl cannot see whether it changes the way to a host; %s", howToList(inv.file.Name))
	}
	root, fault := parse(at, data)
	if fault != nil || isNull(root) {
		return fault
	}
	reader := &yamlReader{Inventory: inv, tree: newTree(at, root)}
	vars, fault := reader.variables(entry{key: "the file", node: root, at: at})
	for name, v := range vars {
		into[name] = v
	}
	return fault
}

// variablesOf are the variables of a host, each with the value that holds: the groups of the file, then group_vars, then the host in the
// file, then host_vars. Of the groups, the nearer to the host wins.
func (inv *Inventory) variablesOf(h *host) (variables, *Fault) {
	lineage := h.lineage()
	vars := variables{}
	lay := func(more variables) {
		for name, v := range more {
			vars[name] = v
		}
	}
	for _, g := range lineage {
		lay(g.vars)
	}
	for _, g := range lineage {
		more, fault := inv.beside(groupVars, g.name)
		if fault != nil {
			return nil, fault
		}
		lay(more)
	}
	lay(h.vars)
	more, fault := inv.beside(hostVars, h.name)
	if fault != nil {
		return nil, fault
	}
	lay(more)
	return vars, nil
}
