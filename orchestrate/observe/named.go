package observe

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
)

// lookAtNamed looks, as the OS user of the server, at the certificate files that its next start would read and that are not in its TLS dir.
// It asks the host only where there are such.
func (g *glance) lookAtNamed(ctx context.Context, config facts.Config) facts.Value[map[string]facts.Named] {
	values := g.foreignFiles(config)
	if len(values) == 0 {
		return facts.Known(map[string]facts.Named{})
	}
	paths := make([]string, len(values))
	for i, value := range values {
		paths[i] = g.absolute(value)
	}
	line := file.LookAtCertificates(paths...)
	switch user := userName(g.found.Effective); {
	case user == g.server.SSH.OSUser():
	case g.server.SSH.OSUser() != "root":
		return failed[map[string]facts.Named](&notAllowedError{server: string(g.server.Name), user: user, doing: "read what the server reads"})
	default:
		line = line.AsUser(user)
	}
	printed, err := g.run(ctx, line)
	found, err := read(g, "reading the certificates that the server reads", printed, err, func(printed []byte) (map[string]seen.Value[file.Certificate], error) {
		return file.ParseCertificates(printed, paths...)
	})
	if err != nil {
		return failed[map[string]facts.Named](err)
	}
	all := map[string]facts.Named{}
	for i, value := range values {
		all[value] = named(found[paths[i]])
	}
	return facts.Known(all)
}

// foreignFiles are the files as the settings that win name them, sorted.
func (g *glance) foreignFiles(config facts.Config) []string {
	var files []string
	winners := g.dialect.Winners(config.Settings)
	for _, path := range (facts.TLSSettings{}).Paths() {
		value := winners[path.Name].Value
		if value != "" && !strings.HasPrefix(g.absolute(value), g.server.TLSDir+"/") {
			files = append(files, value)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// absolute resolves a path as the server does, which works in its data folder.
func (g *glance) absolute(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(g.seen.Instance.Or(facts.Instance{}).DataDir, name)
}

func named(found seen.Value[file.Certificate]) facts.Named {
	content, ok := found.Get()
	switch {
	case found.IsAbsent():
		return facts.Named{Readable: facts.Absent[bool]()}
	case ok:
		return facts.Named{Readable: facts.Known(true), Certs: content.Certs, Public: known(content.Public)}
	case found.Why() == file.ErrClosed:
		return facts.Named{Readable: facts.Known(false)}
	}
	return facts.Named{Readable: facts.Unknown[bool](found.Why())}
}
