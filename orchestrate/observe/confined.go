package observe

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/seen"
)

// usualDir is a TLS dir that the profiles of packages tend to let a server read.
const usualDir = "/etc/mysql/ssl"

// lookAtConfinement looks whether a security module keeps the server from its files. Only where the look at the process told of one does it
// ask the host again.
func (g *glance) lookAtConfinement(ctx context.Context) {
	if !g.wants(facts.PartProcess) || !g.wants(facts.PartFiles) || g.seen.Process.IsUnknown() {
		return
	}
	label, ok := g.found.Label.Get()
	switch {
	case !ok:
		g.seen.Confined = facts.Known(facts.Confined{Reads: facts.Unknown[bool](g.found.Label.Why())})
	case label.Profile == "":
		g.seen.Confined = byType(label, g.keyType)
	default:
		g.seen.Confined = facts.Known(g.confinedBy(ctx, label.Profile, g.fetchAll))
	}
}

// byType is absent where SELinux confines nothing, or lets the server read its key for all that can be told.
func byType(label confine.Label, keyType string) facts.Value[facts.Confined] {
	may := label.MayReadType(keyType)
	if reads, told := may.Get(); !told || reads {
		return facts.Absent[facts.Confined]()
	}
	return facts.Known(facts.Confined{KeyType: keyType, Reads: known(may)})
}

// confinedBy reads the texts of the profile, one fetch for each level of its includes.
func (g *glance) confinedBy(ctx context.Context, name string, fetch fetching) facts.Confined {
	confined := facts.Confined{Profile: name}
	profile, err := findProfile(ctx, name, fetch)
	if err != nil {
		confined.Reads = facts.Unknown[bool](err.Error())
		return confined
	}
	included := confine.Included{}
	for range maxDepth {
		missing := profile.Missing(included)
		if len(missing) == 0 {
			break
		}
		if err := include(ctx, included, missing, fetch); err != nil {
			confined.Reads = facts.Unknown[bool](err.Error())
			return confined
		}
	}
	confined.File, confined.Place = profile.Path, profile.Place()
	confined.Reads = known(profile.MayRead(included, g.setPaths(g.server.TLSDir)...))
	confined.Usual, _ = profile.MayRead(included, g.setPaths(usualDir)...).Get()
	return confined
}

func findProfile(ctx context.Context, name string, fetch fetching) (confine.Profile, error) {
	found, err := fetch(ctx, []file.Pick{{Folder: confine.Folder, Name: "*"}})
	if err != nil {
		return confine.Profile{}, err
	}
	list, ok := found[0].Get()
	if !ok {
		return confine.Profile{}, fmt.Errorf("%s: %s", confine.Folder, reason(found[0]))
	}
	var files []confine.File
	for _, f := range list {
		if content, ok := f.Content.Get(); ok { // others are folders, or hold another profile for all that is known
			files = append(files, confine.File{Path: f.Path, Text: content.Text.Reveal()})
		}
	}
	profile, why := confine.Find(files, name)
	if why != "" {
		return profile, errors.New(why)
	}
	return profile, nil
}

// include fetches each path as a file and as a folder, since an include may name either.
func include(ctx context.Context, included confine.Included, missing []string, fetch fetching) error {
	var picks []file.Pick
	for _, name := range missing {
		picks = append(picks, file.One(name), file.Pick{Folder: name, Name: "*"})
	}
	found, err := fetch(ctx, picks)
	if err != nil {
		return err
	}
	if len(found) != len(picks) {
		return errors.New("the host's answer about its AppArmor profile is not whole")
	}
	for i, name := range missing {
		included[name] = texts(found[2*i], found[2*i+1])
	}
	return nil
}

func texts(alone, within seen.Value[[]file.Found]) seen.Value[[]string] {
	found := alone
	if list, ok := within.Get(); ok && len(list) > 0 {
		found = within
	}
	list, ok := found.Get()
	if !ok {
		return seen.Unknown[[]string](reason(found))
	}
	var all []string
	for _, f := range list {
		content, ok := f.Content.Get()
		switch {
		case f.Content.IsAbsent() && len(list) == 1:
			return seen.Absent[[]string]()
		case !ok:
			return seen.Unknown[[]string](f.Path + ": " + f.Content.Why())
		}
		all = append(all, content.Text.Reveal())
	}
	return seen.Known(all)
}

func reason[T any](v seen.Value[T]) string {
	if v.IsAbsent() {
		return "it is not there"
	}
	return v.Why()
}

// setPaths are the files of the set in use and of the one that comes next.
func (g *glance) setPaths(dir string) []string {
	sets := g.seen.TLSDir.Or(facts.TLSDir{})
	versions := []int{max(sets.Current, 1), 1}
	for version := range sets.Sets {
		versions[1] = max(versions[1], version+1)
	}
	var paths []string
	for _, version := range slices.Compact(versions) {
		for _, name := range fileset.Names() {
			paths = append(paths, path.Join(dir, "versions", fmt.Sprint(version), string(name)))
		}
	}
	return paths
}
