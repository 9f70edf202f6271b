package observe

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// servicePortion asks which service the process is that the portion before it looks at.
func (g *glance) servicePortion(pidFile string) portion {
	return portion{process.LookService(pidFile), func(printed []byte, err error) {
		if !g.seen.Process.IsKnown() {
			g.seen.Service = facts.As[facts.Service](g.seen.Process)
			return
		}
		found, unseen := read(g, "looking for the service of the server", printed, err, func(printed []byte) (seen.Value[process.Service], error) {
			return process.ParseService(printed, g.found)
		})
		if unseen != nil {
			found = seen.Unknown[process.Service](unseen.Error())
		}
		g.takeService(found)
	}}
}

func (g *glance) takeService(found seen.Value[process.Service]) {
	service, ok := found.Get()
	if !ok {
		g.seen.Service = facts.Unknown[facts.Service](g.named(found.Why())).
			WithHint(fmt.Sprintf("give the command that restarts it and nothing else: servers: {%s: {restart: COMMAND}}", g.server.Name))
		return
	}
	manager := facts.Systemd
	if service.Manager == process.SysV {
		manager = facts.SysV
	}
	g.seen.Service = facts.Known(facts.Service{Manager: manager, Name: service.Name})
}
