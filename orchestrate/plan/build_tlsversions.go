package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/dialect"
)

// checkTLSVersions blocks where a receiver and its source have no version of TLS in common, by what their versions can and, of a source, by what
// it is set to. They would meet in plaintext alone.
func (b *builder) checkTLSVersions() {
	for _, l := range b.links {
		receiver, err := dialectOf(b.facts, l.Channel.Server)
		source, sourceErr := dialectOf(b.facts, l.Source)
		if err != nil || sourceErr != nil {
			continue // told by checkSeen
		}
		speaks, serves := receiver.TLSVersions(), source.ServedVersions(b.facts.Server(l.Source).Variables.Or(nil)["tls_version"].Value)
		if speaks.Meet(serves) {
			continue
		}
		b.block(l.Channel.Server, b.upgradeHint(l, receiver, source), "no version of TLS in common: the %s of %s speaks %s, and the receiver, the %s of %s, %s",
			source, l.Source, serves, receiver, l.Channel.Server, speaks)
	}
}

func (b *builder) upgradeHint(l Link, receiver, source dialect.Dialect) string {
	for _, one := range []struct {
		dialect dialect.Dialect
		name    any
	}{{source, l.Source}, {receiver, l.Channel.Server}} {
		if modern := one.dialect.SpeaksModernTLS(); modern != "" {
			return fmt.Sprintf("upgrade %s first: %s", one.name, modern)
		}
	}
	if !receiver.TLSVersions().Meet(source.TLSVersions()) {
		return fmt.Sprintf("upgrade the older of %s and %s first", l.Source, l.Channel.Server)
	}
	return fmt.Sprintf("set tls_version of %s to one that both speak", l.Source)
}
