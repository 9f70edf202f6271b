package e2e_test

import (
	"fmt"

	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func rightsScenarios() []scenario {
	options := func(compatibility.Pair) lab.Options { return rightsLab }
	return []scenario{
		{name: "an administrator with the least rights", options: options, play: func(p *played) {
			looks, all := works()
			p.suffice(p.grants(all), p.grants(looks))
		}},
		{name: "an administrator who lacks one right", options: options, play: func(p *played) { p.needEach(p.version()) }},
	}
}

// version is the replica's, as the product has it.
func (p *played) version() facts.Version {
	r := p.release("replica1")
	flavour := facts.MySQL
	if r.MariaDB {
		flavour = facts.MariaDB
	}
	return facts.Version{Flavour: flavour, Major: r.Major, Minor: r.Minor, Patch: r.Patch}
}

// grants give the administrator what some work takes, and nothing else.
func (p *played) grants(works []dialect.Work) []string {
	var list []string
	for _, w := range works {
		for _, need := range dialect.NeedsOf(p.version(), w) {
			list = append(list, fmt.Sprintf("GRANT %s TO mysql@localhost", need.Right))
		}
	}
	return list
}
