package ui_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// shows compares what is printed, line by line and without spaces at the ends of lines.
func shows(t *testing.T, show func(io.Writer), want string) {
	t.Helper()
	var out bytes.Buffer
	show(&out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if got := strings.Join(lines, "\n"); got != strings.TrimSpace(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, strings.TrimSpace(want))
	}
}

func steps() plan.Plan {
	up := plan.Up{Server: "db1"}
	restart := plan.Restart{Server: "db1", Command: "systemctl restart mariadb"}
	return plan.Plan{
		Cluster:  "orders",
		Warnings: []plan.Warning{{Target: "db2", Text: "it lags"}},
		Steps: []plan.Step{
			{ID: "ca", Title: "make the authority", Reason: "there is none", Goal: up},
			{
				ID: "serve/db1", Title: "restart db1 with TLS", Target: "db1", Reason: "it serves no TLS", Impact: "db1 restarts",
				Goal: up, Guards: []plan.Guard{{Condition: up}}, Actions: []plan.Action{restart},
			},
		},
	}
}

func TestPlanInFull(t *testing.T) {
	p, up := steps(), plan.Up{Server: "db1"}.String()
	shows(t, func(w io.Writer) { ui.Plan(w, p) }, `
warning: db2: it lags
Cluster orders: 2 steps, plan `+p.Digest()+`

  1. make the authority  [ca]
       why     there is none
       expect  `+up+`
  2. restart db1 with TLS  [serve/db1]
       why     it serves no TLS
       guard   `+up+`
       do      restart db1 by systemctl restart mariadb
       expect  `+up+`

Impact:
  - db1 restarts`)
}

func TestPlanInBrief(t *testing.T) {
	p := steps()
	p.Steps[1].Impact = ""
	shows(t, func(w io.Writer) { ui.Brief(w, p) }, `
warning: db2: it lags
Cluster orders: 2 steps, plan `+p.Digest()+`

  1. make the authority
  2. restart db1 with TLS

Impact:
  - none`)
	shows(t, func(w io.Writer) { ui.Brief(w, plan.Plan{Cluster: "orders"}) }, `Cluster orders: nothing to do.`)
}

func TestBlockedPlanShowsNoSteps(t *testing.T) {
	p := steps()
	p.Blocked = []plan.Blocked{{Target: "db1", Why: "db1: SSH connect: refused", Hint: "look there"}, {Target: plan.Here, Why: "no folder"}}
	for _, show := range []func(io.Writer, plan.Plan){ui.Plan, ui.Brief} {
		shows(t, func(w io.Writer) { show(w, p) }, `
blocked: db1: SSH connect: refused
hint: look there
blocked: here: no folder
warning: db2: it lags

Cluster orders: 2 things block the plan; nothing is done.`)
	}
}

func replica(channel, why string) plan.ReplicaReport {
	return plan.ReplicaReport{
		Server: "db2", Channel: channel, Encrypted: true, Proof: plan.Observed, Verified: "identity", Why: why,
		Receiver: facts.Yes, Applier: facts.Yes, Lag: facts.Known(2.0),
	}
}

func TestReportOfWhatIsProven(t *testing.T) {
	r := plan.Report{
		OK: true, Cluster: "orders",
		Accounts: []plan.AccountReport{
			{Server: "db1", User: "repl", Host: "%", Require: "ssl"}, {Server: "db1", User: "repl", Host: "db2", Require: "specified", Issuer: "/CN=ca", Cipher: "AES"},
		},
		Plaintext: []plan.PlaintextReport{{Result: plan.Refused}, {Result: plan.Refused}},
		Replicas:  []plan.ReplicaReport{replica("", "db1 sees it"), replica("b", "db1 sees it")},
	}
	shows(t, func(w io.Writer) { ui.Report(w, r) }, `
CHANNEL  ENCRYPTED  PROOF     CHECKED   RECEIVER  APPLIER  LAG  PLAINTEXT LOGIN
db2      yes        observed  identity  Yes       Yes      2s   refused
`+facts.ChannelID{Server: "db2", Name: "b"}.String()+`    yes        observed  identity  Yes       Yes      2s   refused
db2, `+facts.ChannelID{Server: "db2", Name: "b"}.String()+`: db1 sees it
account repl@% on db1 requires: ssl
account repl@db2 on db1 requires: specified, ISSUER /CN=ca, CIPHER AES
proven: replication of cluster orders is encrypted, enforced and running`)
}

func TestReportOfWhatIsNotProven(t *testing.T) {
	off := replica("", "the channel asks for no TLS")
	off.Encrypted, off.Proof, off.Lag = false, plan.None, facts.Unknown[float64]("it stopped")
	r := plan.Report{
		Cluster: "orders", Replicas: []plan.ReplicaReport{off}, Plaintext: []plan.PlaintextReport{{Result: plan.Accepted}},
		Problems: []plan.Problem{{Server: "db2", Why: "db2: a: no", Known: true}, {Server: "db2", Why: "b: no", Known: true}, {Server: "db2", Why: "b: no", Known: true}, {Server: "db3", Why: "b: no", Known: true}},
	}
	shows(t, func(w io.Writer) { ui.Report(w, r) }, `
CHANNEL  ENCRYPTED  PROOF  CHECKED   RECEIVER  APPLIER  LAG  PLAINTEXT LOGIN
db2      no         none   identity  Yes       Yes      ?    accepted
db2: the channel asks for no TLS
problem: db2: a: no
problem: db2: b: no
problem: db3: b: no
not proven: 3 problem(s) in cluster orders`)
}

func TestTheReasonOfWhatIsUnknownIsTold(t *testing.T) {
	refused := "SSH connect with 192.0.2.1:22: refused"
	r := plan.Report{Cluster: "orders", Problems: []plan.Problem{
		{Server: "db2", Why: "its source db1 could not be looked at: db1: " + refused},
		{Server: "db3", Why: "its source db1 could not be looked at: db1: " + refused},
		{Server: "db1", Why: "the account rows of db1: db1: " + refused},
		{Server: "db1", Why: "its position is not known: db1: " + refused},
		{Server: "db1", Why: "its password: no such file"},
	}}
	shows(t, func(w io.Writer) { ui.Report(w, r) }, `
CHANNEL  ENCRYPTED  PROOF  CHECKED  RECEIVER  APPLIER  LAG  PLAINTEXT LOGIN
problem: db2, db3: its source db1 could not be looked at: db1: `+refused+`
problem: db1: the account rows of db1, its position is not known: `+refused+`
problem: db1: its password: no such file
not proven: 3 problem(s) in cluster orders`)
}

func TestEachHintIsGivenOnce(t *testing.T) {
	refused, look := "SSH connect with 192.0.2.1:22: refused", "see whether an sshd answers"
	unseen := plan.ReplicaReport{Server: "db2", Proof: plan.None, Why: "its channels: " + refused, Receiver: "unknown", Applier: "unknown"}
	r := plan.Report{
		Cluster: "orders", Replicas: []plan.ReplicaReport{unseen}, Plaintext: []plan.PlaintextReport{{Result: plan.Untold}},
		Problems: []plan.Problem{
			{Server: "db2", Why: "the account rows of db2: db2: " + refused},
			{Server: "db2", Why: "its channels: db2: " + refused, Hint: look},
			{Server: "db3", Why: "its source db2: db2: " + refused, Hint: look},
			{Server: "db4", Why: "its receiver has stopped", Hint: "start it", Known: true},
		},
	}
	shows(t, func(w io.Writer) { ui.Report(w, r) }, `
CHANNEL  ENCRYPTED  PROOF  CHECKED  RECEIVER  APPLIER  LAG  PLAINTEXT LOGIN
db2      no         none            unknown   unknown  ?    unknown
problem: db2: the account rows of db2, its channels: `+refused+`
hint: `+look+`
problem: db3: its source db2: db2: `+refused+`
problem: db4: its receiver has stopped
hint: start it
not proven: 3 problem(s) in cluster orders`)
}

func TestStatus(t *testing.T) {
	why, hint := "SSH connect: refused", "look at sshd"
	s := plan.StatusReport{
		Cluster: "orders",
		Servers: []plan.ServerStatus{
			{
				Server: "db1", Role: "primary", Version: facts.Known("10.11"), Channels: facts.Known([]string{}), ServesOn: facts.Known(true),
				ServesSet: facts.Known(true), DaysLeft: facts.Known(9), SetDaysLeft: facts.Known(9), Until: facts.Known("2026-12-01T03:00:00Z"),
				SetInUse: facts.Known(1), Require: facts.Known("ssl"), ApplyWould: []string{"blocked by db2"},
			},
			{Server: "db2", Role: "replica", ApplyWould: []string{"blocked: db2: " + why}},
		},
		Problems: []plan.Problem{{Server: "db2", Why: "its channels could not be looked at: db2: " + why, Hint: hint}},
		Plan:     plan.Outlook{Blocked: []plan.Blocked{{Target: "db2", Why: "db2: " + why, Hint: hint}}},
	}
	shows(t, func(w io.Writer) { ui.Status(w, s) }, `
SERVER  ROLE     CHANNEL  PROOF  RUNS  REQUIRES  CERTIFICATE    DAYS LEFT  APPLY WOULD
db1     primary  -        -      -     ssl       set 1, served  9 SOON     blocked by db2
db2     replica  ?        ?      ?     ?         ?              ?          blocked: db2: SSH connect: refused

db1: 10.11
warning: db1: the certificate ends in 9 days, on 2026-12-01T03:00:00Z
blocked: db2: SSH connect: refused
hint: look at sshd
Cluster orders: 1 thing blocks the plan; apply would change nothing.`)
}

func TestProgress(t *testing.T) {
	events := []event.Event{
		event.RunBegan{Run: "r1", Steps: 4},
		event.StepBegan{Step: "files/db1"},
		event.StepHeld{Step: "files/db1", Why: "it lags"},
		event.ActionIntended{Step: "files/db1", Action: "copy"},
		event.ActionDone{Step: "files/db1", Action: "copy"},
		event.StepDone{Step: "files/db1", Took: 1500 * time.Millisecond},
		event.StepDone{Step: "config/db1", Unchanged: true},
		event.ActionFailed{Step: "serve/db1", Action: "restart", Error: "exit status 1"},
		event.ActionIntended{Step: "serve/db1", Action: "remove", Rescue: true},
		event.StepFailed{Step: "serve/db1", Error: "exit status 1", Hint: "read its log", Rescued: event.TakenBack},
		event.StepFailed{Step: "serve/db2", Error: "not begun: no", Rescued: event.NotNeeded},
		event.StepSkipped{Step: "change/db2", Why: "serve/db1 failed"},
		event.Stopping{Underway: []string{"a"}},
		event.RunEnded{Outcome: event.Partly, Done: 2, Failed: 2, Skipped: 1},
	}
	shows(t, func(w io.Writer) {
		p := ui.NewProgress(w, 5)
		for _, e := range events {
			p.Show(event.Record{Event: e})
		}
	}, `
run                    r1: 4 steps
files/db1              waits: it lags
files/db1              copy
files/db1              [1/5] done in 1.5s
config/db1             [2/5] done already
serve/db1              failed: exit status 1
serve/db1              taking back: remove
serve/db1              [3/5] FAILED: exit status 1 (taken back)
hint: read its log
serve/db2              [4/5] FAILED: not begun: no
change/db2             [5/5] not begun: serve/db1 failed
run                    stopping after the steps under way (a); interrupt again to end at once
run                    partly: 2 done, 2 failed, 1 not begun`)
}

func TestJSON(t *testing.T) {
	record := event.Record{Seq: 1, At: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), Event: event.StepSkipped{Step: "a", Why: "no"}}
	var out bytes.Buffer
	for range 2 {
		if err := ui.JSONLine(&out, record); err != nil {
			t.Fatal(err)
		}
	}
	line := `{"v":1,"seq":1,"at":"2026-11-22T03:00:00Z","event":"step-skipped","data":{"step":"a","why":"no"}}` + "\n"
	if got := out.String(); got != line+line {
		t.Errorf("got %s", got)
	}
	shows(t, func(w io.Writer) {
		if err := ui.JSON(w, plan.Problem{Server: "db1", Why: "x < y"}); err != nil {
			t.Error(err)
		}
	}, "{\n  \"server\": \"db1\",\n  \"why\": \"x < y\",\n  \"known\": false\n}")
}
