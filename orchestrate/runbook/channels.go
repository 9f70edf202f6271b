package runbook

import (
	"strconv"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// onChannel is what the checks of a channel are filled in with.
type onChannel struct {
	Ask, Channel string
	Seconds      int      // how long to wait for the lines, or how far the replica may be behind
	Lines        []string // of the replication status, to the letter

	Patience        int
	Source, Binlogs string
}

func (w *writer) channelCheck(c plan.Condition, patience time.Duration) (check, error) {
	switch c := c.(type) {
	case plan.AsPlanned:
		return w.status(c.Link, 0, w.planned(c))
	case plan.Secured:
		return w.status(c.Link, patience, append(threadLines(c.Threads), tlsLines(c.Options)...))
	case plan.Attached:
		return w.status(c.Link, patience, attached())
	case plan.Rehearsed:
		return w.status(c.Link, patience, attached())
	case plan.Encrypted:
		return w.status(c.Link, patience, append(attached(), w.demands()...))
	case plan.LagWithin:
		return w.silent("lag-within", w.on(c.Link, c.Max, patience, nil))
	case plan.RelayLogsSafe:
		return w.relayLogsSafe(c)
	case plan.TrialWorks:
		return w.trialWorks(c)
	case plan.Presents:
		return w.trialWorks(plan.TrialWorks{Link: c.Link})
	}
	return check{}, nil
}

func (w *writer) on(l plan.Link, seconds, patience time.Duration, lines []string) onChannel {
	return onChannel{
		Ask: w.ask(l.Channel.Server), Channel: l.Channel.Name, Lines: lines,
		Seconds: int(seconds / time.Second), Patience: int(patience / time.Second),
	}
}

func (w *writer) status(l plan.Link, patience time.Duration, lines []string) (check, error) {
	return w.shown("channel", w.on(l, patience, 0, lines))
}

// planned leaves out what may differ for a good reason: the state of a receiver that was not connected when it was looked at.
func (w *writer) planned(c plan.AsPlanned) []string {
	lines := []string{
		"Master_Host: " + c.Link.Host, "Master_Port: " + strconv.Itoa(c.Link.Port), "Master_User: " + c.Link.User,
	}
	if !c.AppliesOn {
		lines = append(lines, "SQL_Delay: 0", "Until_Condition: None")
	}
	if found := w.facts.Channel(c.Link.Channel).Or(facts.Channel{}); found.Receiver == facts.Yes || !c.Threads.Receiver {
		return append(lines, threadLines(c.Threads)...)
	}
	return append(lines, "Slave_SQL_Running: "+yesNo(c.Threads.Applier))
}

func threadLines(threads facts.Threads) []string {
	return []string{"Slave_IO_Running: " + yesNo(threads.Receiver), "Slave_SQL_Running: " + yesNo(threads.Applier)}
}

func attached() []string { return []string{"Slave_IO_Running: Yes", "Last_IO_Errno: 0"} }

func tlsLines(o facts.TLSOptions) []string {
	return []string{
		"Master_SSL_Allowed: " + yesNo(o.Enabled), "Master_SSL_CA_File: " + o.CA, "Master_SSL_Cert: " + o.Cert, "Master_SSL_Key: " + o.Key,
		"Master_SSL_Verify_Server_Cert: " + yesNo(o.VerifyIdentity),
	}
}

// demands are the options that refuse a source without TLS, where the inventory asks for them.
func (w *writer) demands() []string {
	return []string{"Master_SSL_Allowed: Yes", "Master_SSL_Verify_Server_Cert: " + yesNo(w.cluster.TLS.Verify == topology.VerifyIdentity)}
}

func yesNo(yes bool) string {
	if yes {
		return "Yes"
	}
	return "No"
}

func (w *writer) relayLogsSafe(c plan.RelayLogsSafe) (check, error) {
	d, err := w.dialect(c.Link.Source)
	if err != nil {
		return check{}, err
	}
	data := w.on(c.Link, 0, 0, nil)
	data.Source, data.Binlogs = w.ask(c.Link.Source), d.Binlogs().Statement().String()
	return w.silent("relay-logs-safe", data)
}

// trialWorks is the handshake of the trial login: the password is not a person's to type into a command.
func (w *writer) trialWorks(c plan.TrialWorks) (check, error) {
	s := w.server(c.Link.Channel.Server)
	name := nameCheck{}
	for _, only := range nameChecks([]string{c.Link.Host}) {
		name = only
	}
	return w.shown("trial-works", struct {
		Run, Address, CA, Cert, Key string
		nameCheck
		Own bool
	}{
		w.run(s.Name), hostPort(c.Link.Host, c.Link.Port),
		currentFile(s, pki.FileCA), currentFile(s, pki.FileCert), currentFile(s, pki.FileKey), name,
		w.cluster.TLS.Source == topology.SourceFiles,
	})
}
