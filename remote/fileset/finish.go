package fileset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/remote/seen"
)

// finish puts the facts together, once all lines are read.
func (p *parser) finish() State {
	state := State{Dir: p.folder("."), Root: p.folder("versions"), Current: p.current(), Left: p.left, Context: p.context, Login: p.login, Guard: p.guard, Within: p.within}
	if p.found["."].kind == "" {
		state.Dir = p.dir
	}
	p.inherit(&state)
	folder, known := state.Root.Get()
	switch {
	case known && folder.Kind == Directory && p.complete:
		state.Versions = seen.Known(p.versions())
	case known && folder.Kind == Directory:
		state.Versions = seen.Unknown[[]Version](orElse(p.listWhy, "the list was cut short"))
	case known:
		state.Versions = seen.Unknown[[]Version]("the place of the versions is not a directory but " + string(folder.Kind))
	case state.Root.IsAbsent():
		state.Versions = seen.Absent[[]Version]()
	default:
		state.Versions = seen.Unknown[[]Version](state.Root.Why())
	}
	return state
}

// inherit passes on what is true of everything in a folder that is not there, or that nobody could look into.
func (p *parser) inherit(state *State) {
	folder, known := state.Dir.Get()
	why := p.closed
	switch {
	case state.Dir.IsAbsent():
		state.Root, state.Current = seen.Absent[Folder](), seen.Absent[Link]()
		return
	case !known:
		why = state.Dir.Why()
	case folder.Kind != Directory:
		why = "the place of the set is not a directory but " + string(folder.Kind)
	}
	if why != "" {
		state.Root, state.Current = seen.Unknown[Folder](why), seen.Unknown[Link](why)
	}
}

func (p *parser) folder(name string) seen.Value[Folder] {
	return look(p, name, func(f found) Folder {
		if f.kind != Directory {
			return Folder{Kind: f.kind}
		}
		return Folder{Kind: f.kind, Mode: f.mode, Owner: f.owner}
	})
}

func (p *parser) current() seen.Value[Link] {
	if p.found["current"].kind == Symlink && p.target == "" {
		return seen.Unknown[Link]("the host did not tell where the link points")
	}
	return look(p, "current", func(f found) Link {
		if f.kind != Symlink {
			return Link{Kind: Other}
		}
		return Link{Kind: Symlink, Target: p.target}
	})
}

// look is what stands under a name, made of what was found. Only a complaint that there is no such file is absence.
func look[T any](p *parser, name string, of func(found) T) seen.Value[T] {
	f, known := p.found[name]
	why := about(name, p.unseen)
	switch {
	case known:
		return seen.Known(of(f))
	case strings.HasSuffix(why, ": No such file or directory"):
		return seen.Absent[T]()
	}
	return seen.Unknown[T](orElse(why, "the host did not tell"))
}

// about is the complaint that names this file, quoted or not. The names are plain, so none of them is a part of another.
func about(name string, complaints []string) string {
	at := slices.IndexFunc(complaints, func(complaint string) bool {
		return strings.Contains(complaint, " "+name+": ") || strings.Contains(complaint, name+"': ")
	})
	if at < 0 {
		return ""
	}
	return complaints[at]
}

func (p *parser) versions() []Version {
	slices.Sort(p.numbers)
	versions := make([]Version, 0, len(p.numbers))
	for _, number := range p.numbers {
		version := Version{Number: number, Folder: p.folder(fmt.Sprintf("versions/%d", number))}
		for _, name := range Names() {
			*version.file(name) = look(p, at(number, name), func(f found) File { return p.fileOf(at(number, name), name, f) })
		}
		versions = append(versions, version)
	}
	return versions
}

func (p *parser) fileOf(at string, name Name, f found) File {
	read := p.files[at]
	file := File{Kind: f.kind, Mode: f.mode, Owner: f.owner, Size: f.size, Readable: read.readable}
	if nobody := (seen.Value[bool]{}); read.readable == nobody {
		file.Readable = seen.Unknown[bool](p.reader)
	}
	sum, summed := read.sum.Get()
	switch {
	case f.kind != Regular:
		file.unread("it is not a regular file but " + string(f.kind))
		file.Readable = seen.Unknown[bool](file.SHA256.Why())
	case !summed:
		file.unread(orElse(about(at, p.unsummed), "the host did not tell its digest"))
	default:
		p.readInto(&file, at, sum)
	}
	file.settle(name)
	return file
}

// readInto gives the file what was read of it.
func (p *parser) readInto(file *File, at, sum string) {
	read := p.files[at]
	file.SHA256, file.PublicKey = seen.Known(sum), read.public
	text, whole := read.text(sum)
	complaint := orElse(read.pem, about(at, p.ungotten))
	switch {
	case whole:
		file.PEM = seen.Known(text)
	case complaint != "":
		file.PEM = seen.Unknown[string](complaint)
	case !strings.HasSuffix(at, string(Key)):
		file.unread("it changed while it was read")
		file.Readable = seen.Unknown[bool](file.SHA256.Why())
	}
}

// text is the text that has the digest: the lines do not tell whether the last of them had an end.
func (r *reading) text(sum string) (text string, whole bool) {
	text = strings.Join(r.lines, "\n")
	if digest(text) == sum {
		return text, true
	}
	text += "\n"
	return text, digest(text) == sum
}

// unread is for a file whose content nobody could read.
func (f *File) unread(why string) {
	f.SHA256, f.PEM, f.PublicKey = seen.Unknown[string](why), seen.Unknown[string](why), seen.Unknown[string](why)
}

// settle removes the facts that a file of this name does not have.
func (f *File) settle(name Name) {
	if name == Key {
		f.PEM = seen.Unknown[string]("a key is not read")
	} else {
		f.PublicKey = seen.Unknown[string]("it is not a key")
	}
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

const digestSize = sha256.Size

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}
