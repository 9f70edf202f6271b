package observe

import (
	"context"
	"fmt"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// run runs a command that changes nothing on the host, over a new connection if the old one is lost.
func (g *glance) run(ctx context.Context, line shell.Line) ([]byte, error) {
	out, err := g.runOnce(ctx, line)
	if access.IsLost(err) {
		return g.runOnce(ctx, line)
	}
	return out, err
}

func (g *glance) runOnce(ctx context.Context, line shell.Line) ([]byte, error) {
	host, err := g.observer.servers.Host(ctx, g.server.Name)
	if err != nil {
		return nil, err
	}
	out, err := host.Run(ctx, remote.Command{Line: line, Confidential: true}) // the answer may be a key
	return out.Stdout, err
}

// runTogether runs all portions as one command, which is one wait. A portion that cannot be told from the others is unknown with all of them.
func (g *glance) runTogether(ctx context.Context, portions []portion) {
	if len(portions) == 0 {
		return
	}
	lines := make([]shell.Line, len(portions))
	for i, p := range portions {
		lines[i] = p.line
	}
	printed, err := g.run(ctx, shell.Together(lines...))
	var answers [][]byte
	if err == nil {
		answers, err = shell.Apart(printed, len(lines))
	}
	for i, p := range portions {
		if err != nil {
			p.take(nil, err)
			continue
		}
		p.take(answers[i], nil)
	}
}

// fetch reads files of the host, but for those that have come with something else already.
func (g *glance) fetch(ctx context.Context, picks []file.Pick) ([]seen.Value[[]file.Found], error) {
	found := make([]seen.Value[[]file.Found], len(picks))
	for i, pick := range picks {
		already, ok := g.fetched[pick]
		if !ok {
			return g.fetchAll(ctx, picks)
		}
		found[i] = already
	}
	return found, nil
}

func (g *glance) fetchAll(ctx context.Context, picks []file.Pick) ([]seen.Value[[]file.Found], error) {
	out, err := g.run(ctx, file.ReadMany(picks...))
	if err != nil {
		return nil, err
	}
	return file.ParseReadMany(out)
}

// read parses what a command printed. The error says that the host could not be asked, or was not understood.
func read[T any](g *glance, doing string, printed []byte, err error, parse func([]byte) (T, error)) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	value, err := parse(printed)
	if err != nil {
		return none, fmt.Errorf("%s: %s: %w", g.server.Name, doing, err)
	}
	return value, nil
}
