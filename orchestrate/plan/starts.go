package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// startHint tells how a server comes up again that may be down by what a run has begun with its start.
func startHint(f facts.Facts, server topology.ServerName) string {
	mark, begun := f.Marks.Starts[server]
	if !begun {
		return ""
	}
	did, away, start := "was restarting it", "", "start it"
	if mark.Command == "" {
		did = "has given it TLS settings that its next start reads"
	}
	if mark.File != "" {
		away = fmt.Sprintf("where that names TLS files, move %s away, if it is there, and ", mark.File)
	}
	if mark.Command != "" {
		start += ": " + mark.Command
	}
	return fmt.Sprintf("a run that did not end well%s %s: if it is down, its error log tells why; %s%s", of(mark.Since), did, away, start)
}

func of(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", of " + at.UTC().Format(time.RFC3339) + ","
}

// warnOfWaiting tells of settings of ours that the running server was not started with: whatever starts it brings them.
func (b *builder) warnOfWaiting(s topology.Server) (waits bool) {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	text, _ := config.Own.Get()
	if !strings.Contains(text, currentFile(s, "cert.pem")) || !b.facts.Server(s.Name).Settings.IsKnown() || b.startedWith(s, config.Own) {
		return false
	}
	b.warnOf(s.Name, "the TLS settings in %s%s wait for its next start, whatever brings that", config.OwnPath, of(b.facts.Marks.Starts[s.Name].Since))
	return true
}
