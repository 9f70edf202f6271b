package observe

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
)

// ownName sorts after the names that people and packages give to option files.
const ownName = "zz-replssl.cnf"

// maxDepth is how deep the server follows include directives.
const maxDepth = 10

// setting is one option in the order in which the server reads them.
type setting struct {
	file string
	dialect.Option
}

func (s setting) String() string { return fmt.Sprintf("%s:%d: %s", s.file, s.Line, s.Text) }

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
	files   map[string]seen.Value[file.Content]
	folders map[string]seen.Value[[]file.Found]

	// What the last walk found.
	settings []setting
	includes []included
	missing  []file.Pick
	faults   []string
}

func newOptionFiles(d dialect.Dialect, suffix string) *optionFiles {
	return &optionFiles{
		dialect: d, suffix: suffix,
		files: map[string]seen.Value[file.Content]{}, folders: map[string]seen.Value[[]file.Found]{},
	}
}

// load walks and fetches until nothing is missing: one fetch for each level of includes.
func (o *optionFiles) load(ctx context.Context, roots []string, fetch func(context.Context, []file.Pick) ([]seen.Value[[]file.Found], error)) error {
	for range maxDepth {
		o.walk(roots)
		if len(o.missing) == 0 {
			return o.fault()
		}
		found, err := fetch(ctx, o.missing)
		if err != nil {
			return err
		}
		if len(found) != len(o.missing) {
			return errors.New("the host's answer about the option files is not whole")
		}
		for i, pick := range o.missing {
			o.keep(pick, found[i])
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
	o.settings, o.includes, o.missing, o.faults = nil, nil, nil, nil
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
	case content.Mode&0o002 == 0:
		for _, option := range o.dialect.Options(content.Text.Reveal(), o.suffix) {
			o.take(setting{file: name, Option: option}, root, depth)
		}
	}
}

func (o *optionFiles) take(s setting, root string, depth int) {
	switch s.Kind {
	case dialect.OptionSetting:
		o.settings = append(o.settings, s)
	case dialect.OptionInclude:
		o.read(s.Value, root, depth+1)
	case dialect.OptionIncludeDir:
		o.readFolder(path.Clean(s.Value), root, depth+1)
	case dialect.OptionFault: // of an included file the server passes over the rest, which is for its own check to tell
		if s.file == root {
			o.faults = append(o.faults, fmt.Sprintf("%s:%d: %s", s.file, s.Line, s.Value))
		}
	}
}

func (o *optionFiles) readFolder(folder, root string, depth int) {
	value, fetched := o.folders[folder]
	list, ok := value.Get()
	switch {
	case !path.IsAbs(folder):
		o.faults = append(o.faults, fmt.Sprintf("the include folder %q is not named by an absolute path", folder))
		return
	case !fetched:
		o.missing = append(o.missing, file.Pick{Folder: folder, Name: "*.cnf"})
		return
	case !ok && !value.IsAbsent():
		o.faults = append(o.faults, fmt.Sprintf("the include folder %s: %s", folder, value.Why()))
		return
	}
	own := path.Join(folder, ownName)
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
	if ok {
		o.includes = append(o.includes, place)
	}
}

// later are the settings that are read after our file and would win over what it says.
func (o *optionFiles) later(place included) []string {
	var winners []string
	for _, s := range o.settings[place.ours:] {
		if s.file != path.Join(place.folder, ownName) && overrides(s.Name) {
			winners = append(winners, s.String())
		}
	}
	return winners
}

// overrides is true of the names of our settings, of what the server takes for their abbreviations, and of the switch that turns TLS off.
func overrides(name string) bool {
	if name == "ssl" {
		return true
	}
	for _, ours := range []string{"ssl_ca", "ssl_cert", "ssl_key"} {
		if len(name) > len("ssl_") && strings.HasPrefix(ours, name) {
			return true
		}
	}
	return false
}
