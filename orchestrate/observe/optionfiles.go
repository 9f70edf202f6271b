package observe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
)

// ownName is the name of our file. It sorts after the names that people and packages give to option files, and that of a server with a group
// suffix after the one of the servers without, whose groups it reads too.
func ownName(suffix string) string {
	if suffix == "" {
		return "zz-replssl.cnf"
	}
	return "zz-replssl@" + url.PathEscape(suffix) + ".cnf"
}

// maxDepth is how deep the server follows include directives.
const maxDepth = 10

// setting is one option in the order in which the server reads them.
type setting struct {
	file string
	dialect.Option
}

func (s setting) place() string { return fmt.Sprintf("%s:%d", s.file, s.Line) }

// included is an include folder that the server reads.
type included struct {
	folder string
	root   string // the file that the server began with
	ours   int    // how many settings are read before our file in it
}

// optionFiles reads option files as the server does, as far as their texts have been fetched.
type optionFiles struct {
	dialect dialect.Dialect
	suffix  string
	roots   []string // what the server begins with
	files   map[string]seen.Value[file.Content]
	folders map[string]seen.Value[[]file.Found]

	// What the last walk found.
	settings []setting
	includes []included
	open     []string // files that anybody may write to, which the server passes over
	missing  []file.Pick
	faults   []string
}

func newOptionFiles(d dialect.Dialect, suffix string) *optionFiles {
	return &optionFiles{
		dialect: d, suffix: suffix,
		files: map[string]seen.Value[file.Content]{}, folders: map[string]seen.Value[[]file.Found]{},
	}
}

// fetching gives what the picks name, in their order.
type fetching func(context.Context, []file.Pick) ([]seen.Value[[]file.Found], error)

// beside reads the same files as another server does.
func (o *optionFiles) beside(suffix string) *optionFiles {
	return &optionFiles{dialect: o.dialect, suffix: suffix, files: o.files, folders: o.folders}
}

// load is what a server reads that begins with these files.
func (o *optionFiles) load(ctx context.Context, roots []string, fetch fetching) error {
	o.roots = roots
	if err := loadAll(ctx, []*optionFiles{o}, fetch); err != nil {
		return err
	}
	return o.fault()
}

// loadAll walks and fetches, for servers that share what was fetched, until nothing is missing: one fetch for each level of includes.
func loadAll(ctx context.Context, all []*optionFiles, fetch fetching) error {
	for range maxDepth {
		var missing []file.Pick
		for _, o := range all {
			o.walk(o.roots)
			for _, pick := range o.missing {
				if !slices.Contains(missing, pick) {
					missing = append(missing, pick)
				}
			}
		}
		if len(missing) == 0 {
			return nil
		}
		found, err := fetch(ctx, missing)
		if err != nil {
			return err
		}
		if len(found) != len(missing) {
			return errors.New("the host's answer about the option files is not whole")
		}
		for i, pick := range missing {
			all[0].keep(pick, found[i])
		}
	}
	return errors.New("the option files include each other without an end")
}

func (o *optionFiles) keep(pick file.Pick, found seen.Value[[]file.Found]) {
	list, _ := found.Get()
	for _, f := range list {
		o.files[f.Path] = f.Content
	}
	if strings.Contains(pick.Name, "*") {
		o.folders[pick.Folder] = found
	}
}

func (o *optionFiles) fault() error {
	if len(o.faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(o.faults, "; "))
}

func (o *optionFiles) walk(roots []string) {
	o.settings, o.includes, o.open, o.missing, o.faults = nil, nil, nil, nil, nil
	for _, root := range roots {
		o.read(root, root, 0)
	}
}

// read takes one file. The server passes over one that is not there, and over one that anybody may write to.
func (o *optionFiles) read(name, root string, depth int) {
	value, fetched := o.files[name]
	content, ok := value.Get()
	switch {
	case !path.IsAbs(name):
		o.faults = append(o.faults, fmt.Sprintf("the option file %q is not named by an absolute path", name))
	case depth > maxDepth, value.IsAbsent():
	case !fetched:
		o.missing = append(o.missing, file.One(name))
	case !ok:
		o.faults = append(o.faults, fmt.Sprintf("the option file %s: %s", name, value.Why()))
	case content.Mode&0o002 != 0:
		o.open = append(o.open, name)
	default:
		for _, option := range o.dialect.Options(content.Text.Reveal(), o.suffix) {
			if !o.take(setting{file: name, Option: option}, root, depth) {
				return
			}
		}
	}
}

// take is false where the server passes over the rest of the file.
func (o *optionFiles) take(s setting, root string, depth int) bool {
	switch s.Kind {
	case dialect.OptionSetting:
		o.settings = append(o.settings, s)
	case dialect.OptionInclude:
		o.read(s.Value, root, depth+1)
	case dialect.OptionIncludeDir:
		return o.readFolder(path.Clean(s.Value), root, depth+1)
	case dialect.OptionFault: // of an included file the server passes over the rest, which is for its own check to tell
		if s.file == root {
			o.faults = append(o.faults, fmt.Sprintf("%s:%d: %s", s.file, s.Line, s.Value))
		}
	}
	return true
}

// readFolder is false for a folder that is not there, at which the server stops to read the file that names it (tried on MariaDB 10.11).
func (o *optionFiles) readFolder(folder, root string, depth int) bool {
	value, fetched := o.folders[folder]
	list, ok := value.Get()
	switch {
	case !path.IsAbs(folder):
		o.faults = append(o.faults, fmt.Sprintf("the include folder %q is not named by an absolute path", folder))
		return true
	case !fetched:
		o.missing = append(o.missing, file.Pick{Folder: folder, Name: "*.cnf"})
		return true
	case value.IsAbsent():
		return false
	case !ok:
		o.faults = append(o.faults, fmt.Sprintf("the include folder %s: %s", folder, value.Why()))
		return true
	}
	own := path.Join(folder, ownName(o.suffix))
	place := included{folder: folder, root: root, ours: -1}
	for _, f := range list { // sorted by name, as the server reads them
		if f.Path >= own && place.ours < 0 {
			place.ours = len(o.settings)
		}
		o.read(f.Path, root, depth)
	}
	if place.ours < 0 {
		place.ours = len(o.settings)
	}
	o.includes = append(o.includes, place)
	return true
}

// later are the settings that are read after our file.
func (o *optionFiles) later(place included) []setting {
	own := path.Join(place.folder, ownName(o.suffix))
	return slices.DeleteFunc(slices.Clone(o.settings[place.ours:]), func(s setting) bool { return s.file == own })
}
