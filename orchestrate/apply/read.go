package apply

import (
	"context"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// noteRead notes which set a server has read, when that was seen to work: of two sets with the same certificate no handshake tells.
func (x *Executor) noteRead(ctx context.Context, server topology.ServerName, note func(event.Event) error, read func() error) error {
	dir := x.observer.Observe(ctx, facts.Look{server: facts.PartFiles}).Server(server).TLSDir.Or(facts.TLSDir{})
	set, used := dir.CurrentSet()
	if err := read(); err != nil || !used {
		return err
	}
	return note(event.SetRead{Server: server, Set: set.Digest()})
}
