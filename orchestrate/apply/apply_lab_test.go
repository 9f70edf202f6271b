package apply_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

// TestEachActionIsSeen takes a replica to TLS and back, action by action, and looks at what each has done.
func TestEachActionIsSeen(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{Replicas: 1, Account: lab.AccountEverywhere, PerformanceSchema: true}))
	for _, step := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"certificates", issueAll},
		{"sets", installAndSwitch},
		{"sets that are not good", badSets},
		{"configuration and restart", configureAndRestart},
		{"restarts that fail", restartsThatFail},
		{"threads", threads},
		{"channel", changeChannel},
		{"statements together", statementsTogether},
		{"a set together", setTogether},
		{"requirement", require},
		{"what is not noted is not done", notNoted},
		{"reload", reload},
		{"refusals", refusals},
		{"the way back", takeBack},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, b) }) {
			return
		}
	}
}

func (b *bench) issue(name topology.ServerName, version int, kind pki.KeyKind) plan.IssueLeaf {
	s, _ := b.cluster.Server(name)
	leaf := plan.Leaf{Server: name, Version: version, Names: []string{s.Address, string(name)}}
	return plan.IssueLeaf{Leaf: leaf, Key: kind, CommonName: b.cluster.CommonName(s)}
}

func issueAll(t *testing.T, b *bench) {
	b.do(t, plan.CreateAuthority{Cluster: "lab", Key: pki.P256}, b.issue("primary", 1, pki.P256), b.issue("replica1", 1, pki.P256))
	store := known(t, "store", b.observer.Observe(t.Context(), nil).Store)
	known(t, "authority", store.CA)
	for _, s := range b.cluster.Servers {
		leaf, _, err := pki.ParseLeaf([]byte(store.Leaves[s.Name][1].Cert))
		check(t, err)
		equal(t, "common name", leaf.Subject.CommonName, s.Address)
		equal(t, "address", leaf.IPAddresses[0].String(), s.Address)
		equal(t, "name", leaf.DNSNames[0], string(s.Name))
	}
	if err := b.try(t, plan.CreateAuthority{Cluster: "lab", Key: pki.P256}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second authority: %v", err)
	}
}

func (b *bench) install(name topology.ServerName, version int, owner string) plan.InstallSet {
	s, _ := b.cluster.Server(name)
	return plan.InstallSet{Server: name, Dir: s.TLSDir, Version: version, Owner: owner}
}

func (b *bench) switchTo(name topology.ServerName, version int) plan.SwitchSet {
	s, _ := b.cluster.Server(name)
	return plan.SwitchSet{Server: name, Dir: s.TLSDir, Version: version}
}

func installAndSwitch(t *testing.T, b *bench) {
	for _, s := range b.cluster.Servers {
		owner := known(t, "process", b.look(t, s.Name, facts.PartProcess).Process).OSUser
		b.do(t, b.install(s.Name, 1, owner))
		dir := known(t, "folder", b.look(t, s.Name, facts.PartFiles).TLSDir)
		equal(t, "in use after the copy", dir.Current, 0)
		b.do(t, b.install(s.Name, 1, owner), b.switchTo(s.Name, 1), b.switchTo(s.Name, 1)) // again changes nothing
		dir = known(t, "folder", b.look(t, s.Name, facts.PartFiles).TLSDir)
		set, ok := dir.CurrentSet()
		equal(t, "in use", ok, true)
		equal(t, "faults", strings.Join(set.Faults, ", "), "")
		equal(t, "readable", known(t, "readable", set.Readable), true)
		leaf := known(t, "store", b.observer.Observe(t.Context(), nil).Store).Leaves[s.Name][1]
		equal(t, "files", [3]string{set.CA, set.Cert, set.KeyDigest}, [3]string{leaf.CA, leaf.Cert, leaf.KeyDigest})
		equal(t, "public half", known(t, "public half", set.KeyPublic), leaf.KeyPublic)
	}
}

// badSets never leave this machine.
func badSets(t *testing.T, b *bench) {
	b.do(t, b.issue("primary", 7, pki.P256))
	other := must(b.store.Files("replica1", 1))(t)
	name := filepath.Join(b.store.Dir(), "primary", "7", "key.pem")
	check(t, os.Remove(name))
	check(t, os.WriteFile(name, []byte(other.Key.Reveal()), 0o600))
	err := b.try(t, b.install("primary", 7, ""))
	if err == nil || !strings.Contains(err.Error(), "certificate set 7 of primary is not copied: key.pem: it is not the key of cert.pem") {
		t.Errorf("got %v", err)
	}
	_, there := known(t, "folder", b.look(t, "primary", facts.PartFiles).TLSDir).Sets[7]
	equal(t, "on the host", there, false)
	check(t, os.RemoveAll(filepath.Dir(name)))
	if err := b.try(t, b.install("primary", 8, "")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a set that is not issued: %v", err)
	}
	var exit *remote.ExitError
	if err := b.try(t, b.switchTo("primary", 8)); !errors.As(err, &exit) {
		t.Errorf("a set that is not there: %v", err)
	}
}

func (b *bench) config(t *testing.T) plan.WriteConfig {
	t.Helper()
	config := known(t, "config", b.look(t, "primary", facts.PartConfig).Config)
	dir := b.Primary().TLSDir + "/current/"
	text := must(dialect.Dialect{}.OptionFile("", facts.TLSSettings{CA: dir + "ca.pem", Cert: dir + "cert.pem", Key: dir + "key.pem"}))(t)
	return plan.WriteConfig{Server: "primary", Path: config.OwnPath, Text: text}
}

func (b *bench) restart() plan.Restart {
	return plan.Restart{Server: "primary", Command: b.Primary().RestartCommand}
}

func configureAndRestart(t *testing.T, b *bench) {
	config := b.config(t)
	b.do(t, config, config)
	seen := b.look(t, "primary", facts.PartConfig|facts.PartCheck|facts.PartProcess)
	equal(t, "own file", known(t, "own file", known(t, "config", seen.Config).Own), config.Text)
	equal(t, "check", known(t, "check", seen.ConfigCheck), facts.Check{OK: true})
	b.do(t, b.restart())
	after := b.look(t, "primary", facts.PartProcess|facts.PartServed|facts.PartSettings)
	equal(t, "another start", known(t, "process", after.Process).Start != known(t, "process", seen.Process).Start, true)
	store := known(t, "store", b.observer.Observe(t.Context(), nil).Store)
	equal(t, "serves its own", serves(t, after, store.Leaves["primary"][1]), true)
	equal(t, "enabled", known(t, "settings", after.Settings).Enabled, true)
}

// serves says that the certificate comes first in what the server shows; the CA follows it.
func serves(t *testing.T, seen facts.Server, leaf facts.Leaf) bool {
	t.Helper()
	return strings.HasPrefix(known(t, "served", seen.ServedTLS).Chain, leaf.Cert)
}

func restartsThatFail(t *testing.T, b *bench) {
	var exit *remote.ExitError
	if err := b.try(t, plan.Restart{Server: "primary", Command: "echo no such unit >&2; exit 5"}); !errors.As(err, &exit) || exit.Code != 5 {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	err := b.executor.Do(ctx, plan.Restart{Server: "primary", Command: "true"}, b.note)
	if err == nil || !strings.Contains(err.Error(), "still the same process") {
		t.Errorf("got %v", err)
	}
}

func reload(t *testing.T, b *bench) {
	before := known(t, "process", b.look(t, "primary", facts.PartProcess).Process)
	b.do(t, b.issue("primary", 2, pki.RSA2048), b.install("primary", 2, before.OSUser), b.switchTo("primary", 2))
	store := known(t, "store", b.observer.Observe(t.Context(), nil).Store)
	equal(t, "still serves the old", serves(t, b.look(t, "primary", facts.PartServed), store.Leaves["primary"][1]), true)
	position := b.binlogEnd(t)
	b.do(t, plan.ReloadTLS{Server: "primary"})
	set, _ := known(t, "folder", b.look(t, "primary", facts.PartFiles).TLSDir).CurrentSet()
	equal(t, "the last note", b.notes[len(b.notes)-1], event.Event(event.SetRead{Server: "primary", Set: set.Digest()}))
	equal(t, "serves the new", serves(t, b.look(t, "primary", facts.PartServed), store.Leaves["primary"][2]), true)
	equal(t, "start", known(t, "process", b.look(t, "primary", facts.PartProcess).Process).Start, before.Start)
	equal(t, "position", b.binlogEnd(t), position)
}

func refusals(t *testing.T, b *bench) {
	id := facts.ChannelID{Server: "replica1"}
	var refused *access.RefusedError
	err := b.try(t, plan.ChangeTLS{Channel: id, Options: b.options()})
	if !errors.As(err, &refused) || refused.Number != 1198 {
		t.Errorf("a running channel: %v", err)
	}
	equal(t, "hint", access.Hint(err), dialect.Explain(1198, ""))
	err = b.try(t, plan.Require{Server: "primary", User: "nobody", Rows: raised("%")})
	if !errors.As(err, &refused) || refused.Number != 1396 {
		t.Errorf("an account that is not there: %v", err)
	}
	if err := b.try(t, plan.ChangeTLS{Channel: id, Options: facts.TLSOptions{CA: "relative"}}); err == nil {
		t.Error("a relative path was taken")
	}
}

func takeBack(t *testing.T, b *bench) {
	b.do(t, plan.Require{Server: "primary", User: "repl", Rows: lifted("%"), Binlog: true})
	await(t, "the replica's row", func() bool { return b.rows(t, "replica1") == facts.RequireNone })
	b.change(t, facts.TLSOptions{})
	config := b.config(t)
	remove := plan.RemoveConfig{Server: "primary", Path: config.Path}
	b.do(t, remove, remove, b.restart())
	dir := b.Primary().TLSDir
	b.do(t, plan.UnswitchSet{Server: "primary", Dir: dir}, plan.UnswitchSet{Server: "primary", Dir: dir})
	seen := b.look(t, "primary", facts.PartServed|facts.PartConfig|facts.PartFiles)
	equal(t, "served", seen.ServedTLS.IsAbsent(), true)
	equal(t, "own file", known(t, "config", seen.Config).Own.IsAbsent(), true)
	equal(t, "in use", known(t, "folder", seen.TLSDir).Current, 0)
	equal(t, "options", b.channel(t).TLS, facts.TLSOptions{})
}
