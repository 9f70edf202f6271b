package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// What a person types on a replica, for the hints. Nothing here is ever sent to a server.

// onChannel is the name that a statement about a named channel has after its verb.
func onChannel(id facts.ChannelID) string {
	if id.Name == "" {
		return ""
	}
	return " '" + strings.ReplaceAll(id.Name, "'", "''") + "'"
}

func startThread(id facts.ChannelID, thread string) string {
	word := "IO_THREAD"
	if thread == "applier" {
		word = "SQL_THREAD"
	}
	return fmt.Sprintf("START SLAVE%s %s", onChannel(id), word)
}

func noDelay(id facts.ChannelID) string {
	c := onChannel(id)
	return fmt.Sprintf("take the delay away for the time of the change: STOP SLAVE%s; CHANGE MASTER%s TO MASTER_DELAY=0; START SLAVE%s on %s", c, c, c, id.Server)
}

func noUntil(id facts.ChannelID) string {
	c := onChannel(id)
	return fmt.Sprintf("wait until it is met, or drop it: STOP SLAVE%s; START SLAVE%s on %s", c, c, id.Server)
}
