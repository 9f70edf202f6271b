// Package event is the closed set of what can happen in a run, and the readings of a sequence of events: progress, report and the
// marks that the next run needs.
//
// Events hold no secret: an action is told by its sentence, an error by its text.
package event

import (
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Event is something that happened in a run. The set is closed: the types of this file.
type Event interface{ kind() string }

// Outcome says how a run ended.
type Outcome string

// The outcomes.
const (
	Succeeded   Outcome = "done"        // every step is done
	Partly      Outcome = "partly"      // some step failed or was skipped
	Interrupted Outcome = "interrupted" // a person stopped it between two steps
)

// Work is what a run was begun for.
type Work string

// The kinds of work. The empty one is of a journal from before there were several: to apply.
const (
	Apply       Work = "apply"
	RenewLeaves Work = "rotate leaf"
	Succeed     Work = "rotate ca"
)

// The events.
type (
	// RunBegan opens a run.
	RunBegan struct {
		Run     string `json:"run"`
		Work    Work   `json:"work,omitempty"`
		Phase   int    `json:"phase,omitempty"` // of a change of the authority, 1 to 3
		Cluster string `json:"cluster"`
		Who     string `json:"who"`     // user@host of the operator
		Version string `json:"version"` // of replssl
		Digest  string `json:"digest"`  // of the plan
		Steps   int    `json:"steps"`
	}

	// StepBegan says that a step is looked at.
	StepBegan struct {
		Step   string              `json:"step"`
		Title  string              `json:"title"`
		Target topology.ServerName `json:"target"`
	}

	// StepHeld says that a guard does not hold yet, and that the step waits for it.
	StepHeld struct {
		Step string `json:"step"`
		Why  string `json:"why"`
	}

	// ThreadsFound keeps the thread states of a channel before the first action of a step that touches them.
	ThreadsFound struct {
		Step     string              `json:"step"`
		Server   topology.ServerName `json:"server"`
		Channel  string              `json:"channel"`
		Receiver bool                `json:"receiver"`
		Applier  bool                `json:"applier"`
	}

	// ActionIntended is on disk before the action begins.
	ActionIntended struct {
		Step   string              `json:"step"`
		Target topology.ServerName `json:"target"`
		Action string              `json:"action"`
		Rescue bool                `json:"rescue,omitempty"`

		// Of an action that changes how a server starts, or whether: our option file that it writes, the command that starts the server.
		File    string `json:"file,omitempty"`
		Command string `json:"command,omitempty"`
	}

	// ActionDone says that the action ended without an error; whether it had its effect is for the goal to say.
	ActionDone struct {
		Step   string `json:"step"`
		Action string `json:"action"`
		Rescue bool   `json:"rescue,omitempty"`
	}

	// ActionFailed says that the action ended with an error.
	ActionFailed struct {
		Step   string `json:"step"`
		Action string `json:"action"`
		Error  string `json:"error"`
		Rescue bool   `json:"rescue,omitempty"`
	}

	// Statement is the text of a statement that an action sends to a server, before it is sent.
	Statement struct {
		Server topology.ServerName `json:"server"`
		SQL    string              `json:"sql"`
	}

	// RequirementFound keeps what an account row demanded before an action that makes it demand more.
	RequirementFound struct {
		Server topology.ServerName `json:"server"`
		Host   string              `json:"host"` // of the row

		Kind    facts.RequirementKind `json:"demanded"`
		Issuer  string                `json:"issuer,omitempty"`
		Subject string                `json:"subject,omitempty"`
		Cipher  string                `json:"cipher,omitempty"`
	}

	// PathsFound keeps which TLS files a server read, and which of them it persisted, before an action that persists others.
	PathsFound struct {
		Server topology.ServerName `json:"server"`
		Read   Paths               `json:"read"`
		Kept   Paths               `json:"kept"`
	}

	// RequirementDated keeps which session is about to make an account require TLS, or more: logins with a greater id met that.
	RequirementDated struct {
		Server     topology.ServerName `json:"server"`
		Connection uint64              `json:"connection"`
		Start      facts.StartID       `json:"start"`

		// Provisional: the session is about to alter the rows, so that a login with a greater id may still have met none of it. The event of a
		// connection after that takes its place.
		Provisional bool `json:"provisional,omitempty"`

		// Beyond: every row required TLS before, so that since when it does is not told by this session.
		Beyond bool `json:"beyond,omitempty"`
	}

	// RequirementLifted says that a session is about to lift the requirement: from here on no login is known to have met it.
	RequirementLifted struct {
		Server topology.ServerName `json:"server"`

		// Beyond: every row goes on to require TLS, and what was demanded beyond that is lifted.
		Beyond bool `json:"beyond,omitempty"`
	}

	// RequirementRestored says that the rows demand again what they did before.
	RequirementRestored struct {
		Server topology.ServerName `json:"server"`
	}

	// SetRead says that a server has just read its files, by a start or a reload that worked, while that set of its TLS dir was the one in use.
	SetRead struct {
		Server topology.ServerName `json:"server"`
		Set    string              `json:"set"` // its digest
	}

	// CommandLeft says that a server is up again after its restart, while the command that restarted it goes on: what that still does is not
	// in the proof of this run.
	CommandLeft struct {
		Server  topology.ServerName `json:"server"`
		Command string              `json:"command"`
	}

	// StepDone says that the goal of the step holds. Unchanged: it held before any action.
	StepDone struct {
		Step      string        `json:"step"`
		Unchanged bool          `json:"unchanged,omitempty"`
		Took      time.Duration `json:"took_ns"`
	}

	// StepFailed says that the goal of the step does not hold, and what was done about it.
	StepFailed struct {
		Step    string              `json:"step"`
		Target  topology.ServerName `json:"target"`
		Error   string              `json:"error"`
		Hint    string              `json:"hint,omitempty"`
		Touched bool                `json:"touched"` // an action was begun
		Rescued Rescued             `json:"rescued"`
	}

	// StepSkipped says that the step was not begun, and why.
	StepSkipped struct {
		Step string `json:"step"`
		Why  string `json:"why"`
	}

	// Stopping says that no further step will begin, since a person asked to stop.
	Stopping struct {
		Underway []string `json:"underway"` // the steps that are brought to their end
	}

	// RunEnded closes a run.
	RunEnded struct {
		Outcome Outcome `json:"outcome"`
		Done    int     `json:"done"`
		Failed  int     `json:"failed"`
		Skipped int     `json:"skipped"`
	}
)

// Paths are those of a server's TLS files; an empty one is not set.
type Paths struct {
	CA   string `json:"ca,omitempty"`
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
	CRL  string `json:"crl,omitempty"`
}

// FoundPaths is the event of a server that read and persisted these.
func FoundPaths(server topology.ServerName, read, kept facts.TLSSettings) PathsFound {
	return PathsFound{Server: server, Read: pathsOf(read), Kept: pathsOf(kept)}
}

func pathsOf(s facts.TLSSettings) Paths { return Paths{CA: s.CA, Cert: s.Cert, Key: s.Key, CRL: s.CRL} }

func (p Paths) settings() facts.TLSSettings {
	return facts.TLSSettings{Enabled: true, CA: p.CA, Cert: p.Cert, Key: p.Key, CRL: p.CRL}
}

// FoundRequirement is the event of a row that demanded that.
func FoundRequirement(server topology.ServerName, host string, r facts.Requirement) RequirementFound {
	return RequirementFound{Server: server, Host: host, Kind: r.Kind, Issuer: r.Issuer, Subject: r.Subject, Cipher: r.Cipher}
}

// Former is what the row demanded.
func (e RequirementFound) Former() facts.Requirement {
	return facts.Requirement{Kind: e.Kind, Issuer: e.Issuer, Subject: e.Subject, Cipher: e.Cipher}
}

// Rescued says what became of a failed step.
type Rescued string

// What may become of a failed step.
const (
	NotNeeded    Rescued = "not needed"     // nothing was begun, or nothing has to be taken back
	TakenBack    Rescued = "taken back"     // and seen to be as before
	NotTakenBack Rescued = "not taken back" // a person has to look
)

func (RunBegan) kind() string            { return "run-began" }
func (StepBegan) kind() string           { return "step-began" }
func (StepHeld) kind() string            { return "step-held" }
func (ThreadsFound) kind() string        { return "threads-found" }
func (ActionIntended) kind() string      { return "action-intended" }
func (ActionDone) kind() string          { return "action-done" }
func (ActionFailed) kind() string        { return "action-failed" }
func (Statement) kind() string           { return "statement" }
func (RequirementFound) kind() string    { return "requirement-found" }
func (PathsFound) kind() string          { return "paths-found" }
func (RequirementDated) kind() string    { return "requirement-dated" }
func (RequirementLifted) kind() string   { return "requirement-lifted" }
func (RequirementRestored) kind() string { return "requirement-restored" }
func (SetRead) kind() string             { return "set-read" }
func (CommandLeft) kind() string         { return "command-left" }
func (StepDone) kind() string            { return "step-done" }
func (StepFailed) kind() string          { return "step-failed" }
func (StepSkipped) kind() string         { return "step-skipped" }
func (Stopping) kind() string            { return "stopping" }
func (RunEnded) kind() string            { return "run-ended" }

// Kind is the name of the event's type in the journal and in JSON.
func Kind(e Event) string { return e.kind() }

// Waits says that whoever writes the event goes on only when it is on the disk: what an effect follows, and what the next run must
// know of that effect. The first event of a run waits as well, to see that a journal can be kept, and the last one, which brings along
// all that is left.
//
// The others report. Those that a crash of the machine takes with it stood after the last that waited: to the next run it is as if
// this one had died before it could report. It looks at how things stand either way.
func Waits(e Event) bool {
	switch e.(type) {
	case RunBegan, ThreadsFound, ActionIntended, Statement, RequirementFound, PathsFound, RequirementDated, RequirementLifted, RunEnded:
		return true
	case StepBegan, StepHeld, ActionDone, ActionFailed, RequirementRestored, SetRead, CommandLeft, StepDone, StepFailed, StepSkipped, Stopping:
		return false
	}
	return true
}
