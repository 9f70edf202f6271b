package plan

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Link is a channel together with the server of the inventory that it replicates from.
type Link struct {
	Channel facts.ChannelID
	Source  topology.ServerName
	Host    string // as the channel names its source
	Port    int
	User    string
}

// DumpThread finds the source's side of the link: by the TCP port of a connection that the replica's server has to the source's
// port, never by a host name. No match is unknown, since the look at one end may be a moment older than the other.
func (l Link) DumpThread(f facts.Facts) facts.Value[facts.DumpThread] {
	process, ok := f.Server(l.Channel.Server).Process.Get()
	if !ok {
		return facts.Unknownf[facts.DumpThread]("the sockets of %s are not known: %s", l.Channel.Server, f.Server(l.Channel.Server).Process.Why())
	}
	threads, ok := f.Server(l.Source).DumpThreads.Get()
	if !ok {
		return facts.Unknownf[facts.DumpThread]("the dump threads of %s are not known: %s", l.Source, f.Server(l.Source).DumpThreads.Why())
	}
	return matchThread(l, process.Sockets, threads)
}

// couldBe says that the address may be the host: a name may be any address, an address is only itself.
func couldBe(host string, address netip.Addr) bool {
	literal, err := netip.ParseAddr(host)
	return err != nil || literal.Unmap() == address.Unmap()
}

func matchThread(l Link, sockets []facts.Socket, threads []facts.DumpThread) facts.Value[facts.DumpThread] {
	var byPort, byAddress []facts.DumpThread
	for _, socket := range sockets {
		if int(socket.Remote.Port()) != l.Port || !couldBe(l.Host, socket.Remote.Addr()) {
			continue
		}
		ending := ":" + strconv.Itoa(int(socket.Local.Port()))
		for _, thread := range threads {
			if thread.User != l.User || !strings.HasSuffix(thread.Host, ending) {
				continue // which is most of them
			}
			host, port := dialect.SplitPeer(thread.Host)
			if port != int(socket.Local.Port()) {
				continue
			}
			byPort = append(byPort, thread)
			if host == socket.Local.Addr().String() {
				byAddress = append(byAddress, thread)
			}
		}
	}
	switch {
	case len(byPort) == 1:
		return facts.Known(byPort[0])
	case len(byAddress) == 1: // two replicas may use the same port number at two addresses
		return facts.Known(byAddress[0])
	case len(byPort) == 0:
		return facts.Unknownf[facts.DumpThread]("no dump thread of %s comes from a socket of %s", l.Source, l.Channel.Server)
	}
	return facts.Unknownf[facts.DumpThread]("several dump threads of %s could be that of %s", l.Source, l.Channel)
}
