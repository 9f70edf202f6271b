package observe

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
)

// lookAtNamed looks, as the OS user of the server, at the certificate files that its next start would read and that are not in its TLS dir.
// It asks the host only where there are such.
func (g *glance) lookAtNamed(ctx context.Context, config facts.Config) facts.Value[map[string]facts.Named] {
	return g.lookAtCertificates(ctx, "reading the certificates that the server reads", g.foreignFiles(config))
}

// lookAtUsed looks, as the OS user of the server, at the certificate files of the channels whose receiver has an error.
func (g *glance) lookAtUsed(ctx context.Context) {
	if !g.wants(facts.PartUsed) {
		return
	}
	channels, ok := g.seen.Channels.Get()
	if !ok || !g.seen.Process.IsKnown() && hasError(channels) {
		g.seen.Used = facts.As[map[string]facts.Named](g.seen.Channels)
		if ok {
			g.seen.Used = facts.As[map[string]facts.Named](g.seen.Process)
		}
		return
	}
	g.seen.Used = g.lookAtCertificates(ctx, "reading the certificates of its channels", usedFiles(channels))
}

func hasError(channels []facts.Channel) bool {
	return slices.ContainsFunc(channels, func(c facts.Channel) bool { return c.ReceiverError.Number != 0 })
}

// usedFiles are the files as the channels name them, sorted.
func usedFiles(channels []facts.Channel) []string {
	var files []string
	for _, c := range channels {
		if c.ReceiverError.Number == 0 {
			continue
		}
		for _, name := range []string{c.TLS.CA, c.TLS.Cert, c.TLS.Key, c.TLS.CRL} {
			if name != "" {
				files = append(files, name)
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// lookAtCertificates looks at files as the OS user of the server. It asks the host only where there are any.
func (g *glance) lookAtCertificates(ctx context.Context, doing string, values []string) facts.Value[map[string]facts.Named] {
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
	found, err := read(g, doing, printed, err, func(printed []byte) (map[string]seen.Value[file.Certificate], error) {
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
		return facts.Named{
			Readable: facts.Known(true), Certs: content.Certs, CRLs: content.Lists, Public: known(content.Public),
			KeyForm: string(pki.FormOf(content.Header)), Sealed: content.Sealed,
		}
	case found.Why() == file.ErrClosed:
		return facts.Named{Readable: facts.Known(false)}
	}
	return facts.Named{Readable: facts.Unknown[bool](found.Why())}
}
