package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// neighbours are the other servers of the host, each with the option files that it reads.
type neighbours struct {
	list []neighbour
	why  string // they could not be looked at
	hint string
}

type neighbour struct {
	process.Server

	options *optionFiles // nil: it reads none
}

func (g *glance) serversPortion() portion {
	return portion{process.Servers(), g.takeServers}
}

// listServers lists them anew.
func (g *glance) listServers(ctx context.Context) {
	out, err := g.run(ctx, process.Servers())
	g.takeServers(out, err)
}

func (g *glance) takeServers(printed []byte, err error) {
	var unseen error
	g.servers, unseen = read(g, "listing the servers of the host", printed, err, process.ParseServers)
	if unseen != nil {
		g.servers = seen.Unknown[[]process.Server](unseen.Error())
	}
}

// asRoot helps where a host shows less to others.
const asRoot = "work there as root: ssh.sudo: true, or ssh.user: root"

// neighbours finds out where each of the other servers begins to read.
func (g *glance) neighbours(ctx context.Context, own *optionFiles) neighbours {
	servers, ok := g.servers.Get()
	if !ok {
		return neighbours{why: g.servers.Why(), hint: asRoot}
	}
	if !slices.ContainsFunc(servers, func(s process.Server) bool { return s.PID == g.found.PID }) {
		return neighbours{
			why:  fmt.Sprintf("process %d, which is ours, is not among the servers that the host shows: others may be missing too", g.found.PID),
			hint: asRoot + "; and start the server by a program named mariadbd or mysqld",
		}
	}
	var found neighbours
	for _, server := range servers {
		if server.PID == g.found.PID {
			continue
		}
		options, err := g.besides(ctx, own, server.Options)
		if err != nil {
			return neighbours{why: err.Error()}
		}
		found.list = append(found.list, neighbour{server, options})
	}
	return found
}

// besides are the option files of a server with these options. It is taken to look where ours does, if its command line names no file.
func (g *glance) besides(ctx context.Context, own *optionFiles, options arguments) (*optionFiles, error) {
	if options.has(noDefaultsFlag) {
		return nil, nil //nolint:nilnil // it reads none
	}
	suffix, _ := options.option(groupSuffix)
	files := own.beside(suffix)
	if name, ok := options.option(defaultsFile); ok {
		files.roots = []string{name}
		return files, nil
	}
	standard, err := g.standardFiles(ctx)
	if err != nil {
		return nil, err
	}
	files.roots = standard
	if extra, ok := options.option(extraFile); ok {
		files.roots = append(files.roots, extra)
	}
	return files, nil
}

// files are those that are to be read.
func (n neighbours) files() []*optionFiles {
	var all []*optionFiles
	for _, one := range n.list {
		if one.options != nil {
			all = append(all, one.options)
		}
	}
	return all
}

// sameFolders says which folders that neighbours read are ours by another name, as by a link. It asks the host only where there are such
// folders.
func (g *glance) sameFolders(ctx context.Context, config facts.Config, others neighbours) map[string]seen.Value[bool] {
	folders := others.elsewhere(config)
	if len(folders) == 0 {
		return nil
	}
	out, err := g.run(ctx, file.SameFolder(config.IncludeDir, folders...))
	same, err := read(g, "comparing include folders", out, err, func(printed []byte) (map[string]seen.Value[bool], error) {
		return file.ParseSameFolder(printed, folders...)
	})
	if err != nil {
		same = map[string]seen.Value[bool]{}
		for _, folder := range folders {
			same[folder] = seen.Unknown[bool](err.Error())
		}
	}
	return same
}

// elsewhere are the include folders of neighbours that have another name than ours.
func (n neighbours) elsewhere(config facts.Config) []string {
	var folders []string
	for _, options := range n.files() {
		for _, place := range options.includes {
			if config.IncludeDir != "" && place.folder != config.IncludeDir && !slices.Contains(folders, place.folder) {
				folders = append(folders, place.folder)
			}
		}
	}
	return folders
}

// readers are the neighbours that would heed our file: they read its folder, by whatever name, and its group.
func (n neighbours) readers(config facts.Config, suffix string, same map[string]seen.Value[bool]) facts.Value[[]string] {
	if n.why != "" {
		return facts.Unknown[[]string](n.why).WithHint(n.hint)
	}
	var readers []string
	for _, one := range n.list {
		switch {
		case one.options == nil, suffix != "" && !strings.EqualFold(suffix, one.options.suffix):
		case one.options.fault() != nil:
			return facts.Unknownf[[]string]("what %s reads: %v", one, one.options.fault()).
				WithHint("mend what is named, or " + asRoot)
		default:
			reads, why := one.options.reads(config.IncludeDir, same)
			if why != "" {
				return facts.Unknownf[[]string]("what %s reads: %s", one, why).WithHint(asRoot)
			}
			if reads {
				readers = append(readers, one.String())
			}
		}
	}
	return facts.Known(readers)
}

// reads says whether one of the include folders is that folder, or why nobody can tell.
func (o *optionFiles) reads(folder string, same map[string]seen.Value[bool]) (reads bool, why string) {
	for _, place := range o.includes {
		is, told := same[place.folder].Get()
		switch {
		case place.folder == folder, told && is:
			return true, ""
		case !told && folder != "":
			why = same[place.folder].Why()
		}
	}
	return false, why
}

func (n neighbour) String() string {
	return strings.TrimSpace(fmt.Sprintf("process %d %s", n.PID, strings.Join(n.Options, " ")))
}
