package plan

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// onEvery is what is read of each server, whatever its place.
const onEvery = facts.PartInstance | facts.PartProcess | facts.PartChannels | facts.PartSessions | facts.PartAccounts | facts.PartPosition |
	facts.PartGrants

// LookToPlan is what [Build] reads. Nobody looks at the option files of a server that does not have to serve TLS.
func LookToPlan(c topology.Cluster) facts.Look {
	look := everywhere(c, onEvery|facts.PartFiles|facts.PartPassword|facts.PartSettings)
	for _, s := range c.TLSServers() {
		look.Add(s.Name, facts.PartServed|facts.PartConfig|facts.PartCheck)
		if s.Restart == "" {
			look.Add(s.Name, facts.PartService)
		}
	}
	return look
}

// LookToShow is what [StatusOf] reads, and [Build] for it.
func LookToShow(c topology.Cluster) facts.Look {
	look := LookToPlan(c)
	look.Merge(everywhere(c, facts.PartServed|facts.PartUsed))
	return look
}

// LookToJudge is what [Judge] reads, logins of the account included.
func LookToJudge(c topology.Cluster) facts.Look {
	look := everywhere(c, onEvery|facts.PartUsed)
	for _, s := range c.TLSServers() {
		look.Add(s.Name, facts.PartServed|facts.PartFiles|facts.PartSettings|facts.PartConfig)
	}
	look.Merge(LookToTry(c))
	return look
}

// LookToDiagnose is what [Diagnose] reads.
func LookToDiagnose(c topology.Cluster) facts.Look {
	look := everywhere(c, facts.PartInstance|facts.PartProcess|facts.PartChannels|facts.PartUsed|facts.PartSessions)
	for _, s := range c.Sources() {
		look.Add(s.Name, facts.PartAccounts|facts.PartServed|facts.PartSettings|facts.PartFiles|facts.PartConfig)
	}
	return look
}

// LookToTry is what [Judge] reads beyond what [LookToPlan] brings: the logins of the account.
func LookToTry(c topology.Cluster) facts.Look {
	return everywhere(c, facts.PartTrial|facts.PartPlaintext)
}

func everywhere(c topology.Cluster, parts facts.Part) facts.Look {
	look := facts.Look{}
	for _, s := range c.Servers {
		look.Add(s.Name, parts)
	}
	return look
}
