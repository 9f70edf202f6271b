package apply

import (
	"context"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// noteRead notes which set a server has read, when that was seen to work: of two sets with the same certificate no handshake tells. Where the set
// in use was not seen the note says so, or the one of an earlier read would go on to count.
func (x *Executor) noteRead(ctx context.Context, server topology.ServerName, note func(event.Event) error, read func() error) error {
	noted := event.SetRead{Server: server}
	dir := x.observer.Observe(ctx, facts.Look{server: facts.PartFiles}).Server(server).TLSDir.Or(facts.TLSDir{})
	if set, used := dir.CurrentSet(); used {
		noted.Set = set.Digest()
	}
	if err := read(); err != nil {
		return err
	}
	return note(noted)
}
