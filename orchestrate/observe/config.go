package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
)

// lookAtOptionFiles reads them, and lets the server's program judge them, at the same time.
func (g *glance) lookAtOptionFiles(ctx context.Context, early *earlyCheck) {
	var both sync.WaitGroup
	if g.wants(facts.PartConfig) {
		both.Go(func() { g.lookAtConfig(ctx) })
	}
	if g.wants(facts.PartCheck) {
		both.Go(func() { g.lookAtCheck(ctx, early) })
	}
	both.Wait()
}

func (g *glance) lookAtConfig(ctx context.Context) {
	g.seen.Config = facts.As[facts.Config](g.seen.Process)
	if !g.seen.Process.IsKnown() {
		return
	}
	roots, err := g.rootFiles(ctx)
	if err != nil {
		g.seen.Config = failed[facts.Config](err)
		return
	}
	for range settleTries {
		judged := g.servers
		err := g.readConfig(ctx, roots)
		others := g.seen.Config.Or(facts.Config{}).Others
		if !errors.Is(err, file.ErrChanged) && (err != nil || !others.IsUnknown()) || ctx.Err() != nil {
			return
		}
		g.listServers(ctx)
		g.fetched = map[file.Pick]seen.Value[[]file.Found]{}
		if err == nil && reflect.DeepEqual(g.servers, judged) {
			return // nobody came or went: that is how it is
		}
	}
}

// settleTries is how often option files are read on a host whose servers come and go meanwhile, and take their files along.
const settleTries = 5

// readConfig reads the option files, ours and those of the servers beside it. The error is in the fact too.
func (g *glance) readConfig(ctx context.Context, roots []string) error {
	suffix := g.suffix()
	options := newOptionFiles(g.dialect, suffix)
	options.roots = roots
	others := g.neighbours(ctx, options)
	var picks []file.Pick
	err := loadAll(ctx, append([]*optionFiles{options}, others.files()...), func(ctx context.Context, more []file.Pick) ([]seen.Value[[]file.Found], error) {
		picks = append(picks, more...)
		return g.fetch(ctx, more)
	})
	g.observer.memory.keep(g.server.Name, func(r *remembered) { r.optionFiles = picks })
	if err = errors.Join(err, options.fault()); err != nil {
		g.seen.Config = facts.Unknown[facts.Config](g.named(err.Error()))
		return err
	}
	config := g.config(options, roots)
	config.Others = others.readers(config, suffix, g.sameFolders(ctx, config, others))
	config.Risk = g.riskOf(ctx, config.IncludeDir)
	g.seen.Config = facts.Known(config)
	g.seen.Named = g.lookAtNamed(ctx, config)
	return nil
}

// config is what the files say. Our own belongs into the include folder that is read last, as the last of its files.
func (g *glance) config(options *optionFiles, roots []string) facts.Config {
	config := facts.Config{
		DefaultsFile: lastThere(options, roots), Own: facts.Absent[string](), Suffix: options.suffix, Settings: g.allSettings(options), Open: options.open,
	}
	if n := len(options.includes); n > 0 {
		place := options.includes[n-1]
		config.DefaultsFile, config.IncludeDir = place.root, place.folder
		config.OwnPath = path.Join(place.folder, ownName(options.suffix))
		config.Own = ownText(options.files[config.OwnPath])
		config.Later = g.inFiles(options.later(place))
	}
	config.Later = append(config.Later, g.onCommandLine()...)
	return config
}

// lastThere is the last of the files that exist. Nobody puts settings of a server into a home folder, where clients look too.
func lastThere(options *optionFiles, roots []string) string {
	roots = slices.DeleteFunc(slices.Clone(roots), func(name string) bool { return len(roots) > 1 && path.Base(name) == homeFile })
	for _, root := range slices.Backward(roots) {
		if content := options.files[root]; !content.IsAbsent() {
			return root
		}
	}
	return roots[len(roots)-1]
}

// ownText is our file, of which nobody has heard where it is not among the files of its folder.
func ownText(value seen.Value[file.Content]) facts.Value[string] {
	if content, ok := value.Get(); ok {
		return facts.Known(content.Text.Reveal())
	}
	return facts.Absent[string]()
}

// allSettings are those that bear on TLS, with the arguments of the running process behind what the files say.
func (g *glance) allSettings(options *optionFiles) []facts.Setting {
	return slices.Concat(g.inFiles(options.settings), g.onCommandLine(), g.persisted())
}

// inFiles are those of the settings that bear on TLS.
func (g *glance) inFiles(settings []setting) []facts.Setting {
	var all []facts.Setting
	for _, s := range settings {
		all = append(all, g.settingAt(s.place(), s.Option)...)
	}
	return all
}

// onCommandLine are the settings of the command line that bear on TLS, which no file can win over.
func (g *glance) onCommandLine() []facts.Setting {
	var all []facts.Setting
	for _, option := range g.args.settings(g.dialect) {
		all = append(all, g.settingAt(facts.CommandLine, option)...)
	}
	return all
}

// settingAt is none where the option does not bear on TLS.
func (g *glance) settingAt(place string, option dialect.Option) []facts.Setting {
	name := g.dialect.FullName(option.Name)
	if !dialect.IsTLS(name) {
		return nil
	}
	return []facts.Setting{{Name: name, Value: option.Value, Place: place, Text: option.Text}}
}

// persisted are the settings that the server itself keeps, which it reads after everything else. The file mysqld-auto.cnf is not read: the server
// tells of it by performance_schema.persisted_variables, which is its interface to that file (MySQL 8.0 Reference Manual, 29.12.14), and of a
// server that does not answer everything is unknown, which blocks.
func (g *glance) persisted() []facts.Setting {
	var all []facts.Setting
	kept := g.seen.Kept.Or(facts.Kept{})
	for _, name := range slices.Sorted(maps.Keys(kept.Values)) {
		if kept.Loaded {
			value := kept.Values[name]
			all = append(all, facts.Setting{Name: name, Value: value, Place: g.dialect.PersistedFile(), Text: name + "=" + value})
		}
	}
	return all
}

// rootFiles are the files that the server begins with.
func (g *glance) rootFiles(ctx context.Context) ([]string, error) {
	if name, ok := g.args.option(defaultsFile); ok {
		return []string{name}, nil
	}
	if g.args.has(noDefaultsFlag) {
		return nil, fmt.Errorf("%s: the server was started with %s, and reads no option file", g.server.Name, noDefaultsFlag)
	}
	roots, err := g.standardFiles(ctx)
	if err != nil {
		return nil, err
	}
	if extra, ok := g.args.option(extraFile); ok {
		roots = append(roots, extra)
	}
	return roots, nil
}

// standardFiles asks the server's program where it looks for option files, which every maker of packages decides anew.
func (g *glance) standardFiles(ctx context.Context) ([]string, error) {
	program, err := g.program(g.args)
	if err != nil {
		return nil, err
	}
	environment, err := g.environment()
	if err != nil {
		return nil, err
	}
	at := origin{server: g.server.Name, program: strings.Join(append(environment.words(), program), " ")}
	if files, ok := g.observer.memory.defaultsOf(at); ok {
		return files, nil
	}
	out, err := g.run(ctx, environment.call(program, noDefaultsFlag, noDataDir, "--help", "--verbose"))
	if err != nil {
		return nil, err
	}
	files := defaultFiles(string(out), environment["HOME"])
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: %s does not tell where it looks for option files", g.server.Name, program)
	}
	g.observer.memory.keepDefaults(at, files)
	return files, nil
}

// homeFile is the option file of an OS user, which a server reads too where its environment tells it a home.
const homeFile = ".my.cnf"

// defaultFiles reads the list in the program's help, in which ~ is the home of whoever calls it, if there is one.
func defaultFiles(help, home string) []string {
	const before = "Default options are read from the following files in the given order:\n"
	_, rest, _ := strings.Cut(help, before)
	line, _, _ := strings.Cut(rest, "\n")
	var files []string
	for _, name := range strings.Fields(line) {
		if rest, ok := strings.CutPrefix(name, "~/"); ok && path.IsAbs(home) {
			name = path.Join(home, rest)
		}
		if path.IsAbs(name) {
			files = append(files, name)
		}
	}
	return files
}
