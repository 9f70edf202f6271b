package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
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
	return portion{process.Servers(), func(printed []byte, err error) {
		var unseen error
		g.servers, unseen = read(g, "listing the servers of the host", printed, err, process.ParseServers)
		if unseen != nil {
			g.servers = seen.Unknown[[]process.Server](unseen.Error())
		}
	}}
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

// readers are the neighbours that would heed our file: they read its folder, and its group.
func (n neighbours) readers(config facts.Config, suffix string) facts.Value[[]string] {
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
		case slices.ContainsFunc(one.options.includes, func(place included) bool { return place.folder == config.IncludeDir }):
			readers = append(readers, one.String())
		}
	}
	return facts.Known(readers)
}

func (n neighbour) String() string {
	return strings.TrimSpace(fmt.Sprintf("process %d %s", n.PID, strings.Join(n.Options, " ")))
}
