package plan

import (
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

func stepID(kind string, server topology.ServerName) string { return kind + "/" + string(server) }

func channelStepID(kind string, id facts.ChannelID) string { return kind + "/" + id.String() }

func stepKind(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return kind
}
