package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// What a person types on a replica, for the hints. Nothing here is ever sent to a server.

func byHand(f facts.Facts, id facts.ChannelID) dialect.Hand {
	d, _ := dialectOf(f, id.Server) // of a server that tells no version the older words will do
	return d.ByHand(id.Name)
}

func startThread(f facts.Facts, id facts.ChannelID, thread string) string {
	return byHand(f, id).Start(facts.Threads{Receiver: thread != "applier", Applier: thread == "applier"})
}

func noDelay(f facts.Facts, id facts.ChannelID) string {
	h, both := byHand(f, id), facts.Threads{Receiver: true, Applier: true}
	return fmt.Sprintf("take the delay away for the time of the change: %s; %s; %s on %s", h.Stop(both), h.Change("DELAY=0"), h.Start(both), id.Server)
}

func noUntil(f facts.Facts, id facts.ChannelID) string {
	h, both := byHand(f, id), facts.Threads{Receiver: true, Applier: true}
	return fmt.Sprintf("wait until it is met, or drop it: %s; %s on %s", h.Stop(both), h.Start(both), id.Server)
}

// keepLogin lets a server keep what its receiver was started with.
func keepLogin(f facts.Facts, id facts.ChannelID, user string) string {
	h, receiver := byHand(f, id), facts.Threads{Receiver: true}
	return fmt.Sprintf("let it be kept, by hand on %s: %s; %s; %s",
		id.Server, h.Stop(receiver), h.Change("USER='"+user+"'", "PASSWORD='...'"), h.Start(receiver))
}
