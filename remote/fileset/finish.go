package fileset

import (
	"errors"
	"fmt"
	"slices"

	"github.com/replssl/replssl/remote/seen"
)

var errNonsense = errors.New("which makes no sense")

// finish puts the facts together, once all lines are read.
func (p *parser) finish() State {
	state := p.state
	state.inherit()
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
func (s *State) inherit() {
	folder, known := s.Dir.Get()
	switch {
	case s.Dir.IsAbsent():
		s.Root, s.Current = seen.Absent[Folder](), seen.Absent[Link]()
	case known && folder.Kind == Directory:
	case known:
		why := "the place of the set is not a directory but " + string(folder.Kind)
		s.Root, s.Current = seen.Unknown[Folder](why), seen.Unknown[Link](why)
	default:
		s.Root, s.Current = seen.Unknown[Folder](s.Dir.Why()), seen.Unknown[Link](s.Dir.Why())
	}
}

func (p *parser) versions() []Version {
	slices.Sort(p.numbers)
	versions := make([]Version, 0, len(p.numbers))
	for _, number := range p.numbers {
		version := Version{Number: number}
		for _, name := range Names() {
			*version.file(name) = p.fileOf(fmt.Sprintf("%d/%s", number, name), name)
		}
		versions = append(versions, version)
	}
	return versions
}

func (p *parser) fileOf(at string, name Name) seen.Value[File] {
	file := p.files[at]
	if file == nil {
		return p.standing[at]
	}
	if file.Readable.IsUnknown() {
		file.Readable = seen.Unknown[bool](orElse(given(file.Readable), p.reader))
	}
	if file.Kind != Regular {
		file.unread("it is not a regular file but " + string(file.Kind))
	}
	file.settle(name)
	return seen.Known(*file)
}

// unread is for a file whose content nobody reads.
func (f *File) unread(why string) {
	f.SHA256, f.PEM, f.PublicKey = seen.Unknown[string](why), seen.Unknown[string](why), seen.Unknown[string](why)
	f.Readable = seen.Unknown[bool](why)
}

// settle removes what cannot be true: facts that a file of this name does not have, and two that contradict each other.
func (f *File) settle(name Name) {
	if name == Key {
		f.PEM = seen.Unknown[string]("a key is not read")
	} else {
		f.PublicKey = seen.Unknown[string]("it is not a key")
	}
	sum, summed := f.SHA256.Get()
	text, whole := f.PEM.Get()
	switch {
	case summed && whole && digest(text) != sum:
		f.unread("it changed while it was read")
	case !summed && f.PEM.IsUnknown() && f.PublicKey.IsUnknown():
		f.because(name, f.SHA256.Why())
	}
}

// because gives the reason why the file could not be read to what would have come of reading it.
func (f *File) because(name Name, why string) {
	if name == Key {
		f.PublicKey = seen.Unknown[string](why)
	} else {
		f.PEM = seen.Unknown[string](why)
	}
}

// given is the reason that the host gave, and empty when it said nothing.
func given(value seen.Value[bool]) string {
	var nothing seen.Value[bool]
	if value == nothing {
		return ""
	}
	return value.Why()
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
