package observe

import (
	"fmt"
	"io/fs"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/seen"
)

// takeFiles is given the reason where the folder could not be looked at.
func (g *glance) takeFiles(state fileset.State, unseen error) {
	if unseen != nil {
		g.seen.TLSDir = facts.Unknown[facts.TLSDir](g.named(unseen.Error()))
		return
	}
	g.keyType = confine.FileType(state.Context)
	dir, why := tlsDir(state, g.reader)
	for number, set := range dir.Sets {
		if public, here := g.keys[set.KeyDigest]; here {
			set.KeyPublic = facts.Known(public)
			dir.Sets[number] = set
		}
	}
	dir.Risk = risk(state.Within)
	if dir.Open != "" {
		dir.Risk = risk(state.Guard)
	}
	g.seen.TLSDir = facts.Known(dir)
	if why != "" {
		g.seen.TLSDir = facts.Unknown[facts.TLSDir](g.named(g.server.TLSDir + ": " + why))
	}
}

func risk(value seen.Value[seen.Risk]) facts.Value[facts.Risk] {
	if r, ok := value.Get(); ok {
		return facts.Known(facts.Risk(r))
	}
	if value.IsAbsent() {
		return facts.Absent[facts.Risk]()
	}
	return facts.Unknown[facts.Risk](value.Why())
}

// tlsDir is the folder as facts, or why it is not known. The reader is the OS user who was sent to read the files, and should own them.
func tlsDir(state fileset.State, reader string) (dir facts.TLSDir, why string) {
	dir = facts.TLSDir{Kind: facts.DirReal, Sets: map[int]facts.FileSet{}, Left: state.Left}
	folder, known := state.Dir.Get()
	if state.Dir.IsAbsent() {
		dir.Kind = facts.DirAbsent
		return dir, ""
	}
	if !known {
		return dir, state.Dir.Why()
	}
	if dir.Fault = folderFault("it", folder); dir.Fault != "" {
		dir.Kind = facts.DirOther
		return dir, ""
	}
	fault, why := rootFault(state.Root)
	if why != "" || fault != "" && !closable(state.Root, reader) {
		dir.Kind, dir.Fault = facts.DirOther, fault
		return dir, why
	}
	if dir, why = withSets(dir, state, reader); fault == "" || why != "" || dir.Kind != facts.DirReal {
		return dir, why
	}
	if dir.Current == 0 {
		dir.Kind, dir.Fault = facts.DirOther, fault
	} else {
		dir.Open = fault
	}
	return dir, ""
}

// closable says that all which is wrong with the folder is that others may write to it: it belongs to the reader or to root.
func closable(root seen.Value[fileset.Folder], reader string) bool {
	folder, known := root.Get()
	return known && folder.Kind == fileset.Directory && (folder.Owner == reader || folder.Owner == "root")
}

func rootFault(root seen.Value[fileset.Folder]) (fault, why string) {
	folder, known := root.Get()
	switch {
	case known:
		return folderFault("versions", folder), ""
	case root.IsAbsent():
		return "", ""
	}
	return "", root.Why()
}

func folderFault(name string, folder fileset.Folder) string {
	switch {
	case folder.Kind != fileset.Directory:
		return fmt.Sprintf("%s is no folder (%s)", name, folder.Kind)
	case folder.Mode&0o022 != 0:
		return fmt.Sprintf("others than its owner may write to %s (mode %04o)", name, folder.Mode)
	}
	return ""
}

func withSets(dir facts.TLSDir, state fileset.State, reader string) (with facts.TLSDir, why string) {
	versions, known := state.Versions.Get()
	if !known && !state.Versions.IsAbsent() {
		return dir, state.Versions.Why()
	}
	for _, v := range versions {
		set, why := fileSet(v, reader, state.Login)
		if why != "" {
			return dir, fmt.Sprintf("version %d: %s", v.Number, why)
		}
		dir.Sets[v.Number] = set
	}
	link, known := state.Current.Get()
	switch {
	case state.Current.IsAbsent():
	case !known:
		return dir, state.Current.Why()
	default:
		number, ok := link.Version()
		if _, there := dir.Sets[number]; !ok || !there {
			dir.Kind, dir.Fault = facts.DirOther, "current is not a link to one of the versions"
		}
		dir.Current = number
	}
	return dir, ""
}

// fileSet is one version as facts, or why it is not known. What is wrong with a file is a fault, and known.
func fileSet(v fileset.Version, reader, login string) (set facts.FileSet, why string) {
	set.Readable, set.KeyPublic = facts.Known(true), facts.Absent[string]()
	if folder, known := v.Folder.Get(); known {
		takeFolder(&set, folder, login)
	}
	for _, name := range fileset.Names() {
		value := v.File(name)
		file, known := value.Get()
		switch {
		case value.IsAbsent() && name.Optional():
			continue
		case value.IsAbsent():
			set.Faults = append(set.Faults, string(name)+" is missing")
			set.Readable = facts.Known(false)
			continue
		case !known:
			return set, fmt.Sprintf("%s: %s", name, value.Why())
		}
		if why := takeFile(&set, name, file, reader); why != "" {
			return set, fmt.Sprintf("%s: %s", name, why)
		}
	}
	return set, ""
}

func takeFolder(set *facts.FileSet, folder fileset.Folder, login string) {
	if folder.Mode&0o022 != 0 {
		set.Loose = append(set.Loose, fmt.Sprintf("others than its owner may write to its folder (mode %04o)", folder.Mode))
	}
	if login != "" && folder.Owner != "root" && folder.Owner != login {
		set.Owner = folder.Owner
		set.Loose = append(set.Loose, fmt.Sprintf("its folder belongs to %s, not to %s", folder.Owner, login))
	}
}

func takeFile(set *facts.FileSet, name fileset.Name, file fileset.File, reader string) (why string) {
	set.Loose = append(set.Loose, looseness(name, file, reader)...)
	set.Readable = also(set.Readable, name, file.Readable)
	if file.Kind != fileset.Regular {
		set.Faults = append(set.Faults, fmt.Sprintf("%s is no file (%s)", name, file.Kind))
		return ""
	}
	switch name {
	case fileset.Key:
		set.Exposed = file.Mode&0o004 != 0
		set.KeyDigest, _ = file.SHA256.Get()
		set.KeyPublic = known(file.PublicKey)
		return ""
	case fileset.CA:
		set.CA, why = content(file)
	case fileset.Cert:
		set.Cert, why = content(file)
	case fileset.CRL:
		set.CRL, why = content(file)
	}
	return why
}

func content(file fileset.File) (text, why string) {
	text, ok := file.PEM.Get()
	if ok || file.PEM.IsAbsent() {
		return text, ""
	}
	return "", file.PEM.Why()
}

// looseness is what is wrong with mode and owner of a file. A file that root owns is as good as the reader's own.
func looseness(name fileset.Name, file fileset.File, reader string) []string {
	if file.Kind != fileset.Regular {
		return nil
	}
	forbidden := fs.FileMode(0o022) // the group may read a key, as in root:mysql 0640
	if name == fileset.Key {
		forbidden = 0o027
	}
	var loose []string
	if file.Mode&forbidden != 0 {
		loose = append(loose, fmt.Sprintf("%s is open to others (mode %04o)", name, file.Mode))
	}
	if reader != "" && file.Owner != reader && file.Owner != "root" {
		loose = append(loose, fmt.Sprintf("%s belongs to %s, not to %s", name, file.Owner, reader))
	}
	return loose
}

// also is whether all files so far can be read, and this one.
func also(before facts.Value[bool], name fileset.Name, readable seen.Value[bool]) facts.Value[bool] {
	can, ok := readable.Get()
	switch {
	case ok && !can:
		return facts.Known(false)
	case before.IsKnown() && !before.Or(false), ok:
		return before
	}
	return facts.Unknownf[bool]("%s: %s", name, readable.Why())
}

// known carries what was seen over into facts.
func known[T any](value seen.Value[T]) facts.Value[T] {
	if v, ok := value.Get(); ok {
		return facts.Known(v)
	}
	if value.IsAbsent() {
		return facts.Absent[T]()
	}
	return facts.Unknown[T](value.Why())
}
