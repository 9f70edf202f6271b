package observe_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

func TestServersWithTLS(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{Replicas: 1, PerformanceSchema: true}))
	means := pki.Means{Random: rand.Reader, Now: time.Now(), NewKey: pki.NewKeys(pki.P256)}
	must(b.store.CreateCA(means, "lab"))(t)
	for _, s := range b.Servers {
		dns, ips := pki.SplitNames([]string{s.Address})
		must(b.store.Issue(1, means, pki.LeafRequest{Server: s.Name, DNS: dns, IPs: ips}))(t)
		b.layDown(t, s)
	}
	b.serve(t)
	t.Run("store", func(t *testing.T) { storeAsFiles(t, b) })
	t.Run("served", func(t *testing.T) { servedAsIssued(t, b) })
	t.Run("trial", func(t *testing.T) { trialWorks(t, b) })
	t.Run("plaintext is refused", func(t *testing.T) { plaintextIsRefused(t, b) })
	t.Run("dump thread", func(t *testing.T) { dumpThreadIsEncrypted(t, b) })
	t.Run("trials that fail", func(t *testing.T) { trialsThatFail(t, b) })
	t.Run("foreign files", func(t *testing.T) { foreignFiles(t, b) })
	t.Run("folders that cannot be used", func(t *testing.T) { foldersThatCannotBeUsed(t, b) })
	t.Run("files that cannot be used", func(t *testing.T) { filesThatCannotBeUsed(t, b) })
	t.Run("later settings", func(t *testing.T) { laterSettings(t, b) })
	t.Run("the server's own check", func(t *testing.T) { checks(t, b) })
}

// layDown puts set 1 in use on a host, as the fileset does.
func (b *bench) layDown(t *testing.T, s lab.Server) {
	t.Helper()
	files := must(b.store.Files(s.Name, 1))(t)
	dir := filepath.Join(s.TLSDir, "versions", "1")
	check(t, os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{"ca.pem": string(files.CA), "cert.pem": string(files.Cert), "key.pem": files.Key.Reveal()} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	if b.SSHUser == "root" {
		check(t, exec.Command("chown", "-R", "mysql", dir).Run())
	}
	check(t, os.Symlink("versions/1", filepath.Join(s.TLSDir, "current")))
}

func (b *bench) ownFile() string {
	return b.Primary().ConfDir + "/zz-replssl.cnf"
}

// serve lets the primary serve its set.
func (b *bench) serve(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf("[mysqld]\nssl_ca=%[1]s/ca.pem\nssl_cert=%[1]s/cert.pem\nssl_key=%[1]s/key.pem\n", b.Primary().TLSDir+"/current")
	check(t, os.WriteFile(b.ownFile(), []byte(text), 0o644))
	check(t, b.RestartServer(t.Context(), "primary"))
	check(t, b.Exec(t.Context(), "replica1", "STOP SLAVE IO_THREAD; START SLAVE IO_THREAD"))
}

func storeAsFiles(t *testing.T, b *bench) {
	store := known(t, "store", b.observer.Observe(t.Context(), nil).Store)
	files := must(b.store.Files("primary", 1))(t)
	leaf := store.Leaves["primary"][1]
	equal(t, "authority", known(t, "authority", store.CA), string(files.CA))
	equal(t, "certificate", leaf.Cert, string(files.Cert))
	set, _ := known(t, "folder", b.look(t, "primary", facts.PartFiles).TLSDir).CurrentSet()
	equal(t, "digest of the key", set.KeyDigest, leaf.KeyDigest)
	equal(t, "public half of the key", known(t, "public half", set.KeyPublic), leaf.KeyPublic)
	equal(t, "readable", known(t, "readable", set.Readable), true)
	equal(t, "faults", strings.Join(set.Faults, " "), "")
	equal(t, "files", set.CA+set.Cert, leaf.CA+leaf.Cert)

	check(t, os.Mkdir(b.store.Dir()+"/primary/9", 0o700))
	equal(t, "a set that is not whole", b.observer.Observe(t.Context(), nil).Store.IsUnknown(), true)
	check(t, os.Remove(b.store.Dir()+"/primary/9"))
}

func servedAsIssued(t *testing.T, b *bench) {
	seen := b.look(t, "primary", facts.PartServed|facts.PartSettings|facts.PartConfig)
	served := known(t, "served", seen.ServedTLS)
	files := must(b.store.Files("primary", 1))(t)
	equal(t, "certificate", strings.HasPrefix(served.Chain, string(files.Cert)), true)
	dir := b.Primary().TLSDir + "/current"
	equal(t, "settings", known(t, "settings", seen.Settings),
		facts.TLSSettings{Enabled: true, CA: dir + "/ca.pem", Cert: dir + "/cert.pem", Key: dir + "/key.pem"})
	config := known(t, "config", seen.Config)
	equal(t, "own file", known(t, "own file", config.Own), string(must(os.ReadFile(b.ownFile()))(t)))
}

func (b *bench) logins(t *testing.T) (facts.Value[facts.Trial], facts.Value[facts.Attempt]) {
	t.Helper()
	seen := b.look(t, "replica1", facts.PartTrial|facts.PartPlaintext)
	return seen.Trials[""], seen.Plaintext[""]
}

func trialWorks(t *testing.T, b *bench) {
	trial, plain := b.logins(t)
	got := known(t, "trial", trial)
	equal(t, "trial", got.Attempt, facts.Attempt{OK: true})
	state, _ := b.store.State().Server("primary").Version(1)
	equal(t, "serial", got.Serial, fmt.Sprintf("%X", state.Cert.SerialNumber))
	equal(t, "plaintext", known(t, "plaintext", plain), facts.Attempt{OK: true})
}

func plaintextIsRefused(t *testing.T, b *bench) {
	check(t, b.Exec(t.Context(), "primary", "SET sql_log_bin=0; ALTER USER repl@'%' REQUIRE SSL"))
	trial, plain := b.logins(t)
	equal(t, "trial", known(t, "trial", trial).OK, true)
	equal(t, "errno", known(t, "plaintext", plain).Errno, 1045)
	rows := known(t, "rows", b.look(t, "primary", facts.PartAccounts).Accounts)
	equal(t, "row", rows[0], facts.AccountRow{User: "repl", Host: "%", Require: facts.Requirement{Kind: facts.RequireSSL, Clause: "SSL"}})
}

func dumpThreadIsEncrypted(t *testing.T, b *bench) {
	transport := func() bool {
		threads := known(t, "dump threads", b.look(t, "primary", facts.PartSessions).DumpThreads)
		return len(threads) == 1 && threads[0].Transport.Or(facts.Transport{}).Encrypted
	}
	equal(t, "before", transport(), false)
	check(t, b.Exec(t.Context(), "replica1", "STOP SLAVE; CHANGE MASTER TO MASTER_SSL=1, MASTER_SSL_CA='"+
		must(b.Server("replica1"))(t).TLSDir+"/current/ca.pem'; START SLAVE"))
	await(t, "an encrypted dump thread", transport)
}

// trialsThatFail changes what the trial is made with.
func trialsThatFail(t *testing.T, b *bench) {
	for name, c := range map[string]struct {
		change func(*topology.Cluster)
		want   string
	}{
		"another account":  {func(c *topology.Cluster) { c.Account.User = "other" }, "absent"},
		"a wrong password": {func(c *topology.Cluster) { c.Account.PasswordFile = b.file(t, "wrong\n") }, "another password than the one in account.password_file"},
		"an empty file":    {func(c *topology.Cluster) { c.Account.PasswordFile = b.file(t, "\n") }, "does not hold one line"},
		"no password file": {func(c *topology.Cluster) { c.Account.PasswordFile = "/nonexistent" }, "no such file"},
		"a password file":  {func(c *topology.Cluster) { c.Account.PasswordFile = b.file(t, b.Account.Password+"\n") }, "{true 0 }"},
	} {
		t.Run(name, func(t *testing.T) {
			trial, _ := newBench(t, b.Lab, c.change).logins(t)
			if got := fmt.Sprint(trial); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want it to tell %q", got, c.want)
			}
		})
	}
	late := newBench(t, b.Lab)
	late.observer = newObserver(late, func() time.Time { return time.Now().AddDate(3, 0, 0) })
	trial, _ := late.logins(t)
	equal(t, "years later", strings.Contains(known(t, "trial", trial).Text, "is not valid now"), true)
}

func (b *bench) file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "password")
	check(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// foreignFiles: without a set of ours the channel's own files are tried.
func foreignFiles(t *testing.T, b *bench) {
	elsewhere := t.TempDir()
	foreign := newBench(t, b.Lab, everyServer(func(s *topology.Server) { s.TLSDir = elsewhere + "/none" }))
	trial, _ := foreign.logins(t)
	got := known(t, "trial", trial)
	equal(t, "trial", got.Attempt, facts.Attempt{OK: true})
	check(t, b.Exec(t.Context(), "replica1", "STOP SLAVE; CHANGE MASTER TO MASTER_SSL_CA='/nonexistent.pem'; START SLAVE"))
	trial, _ = foreign.logins(t)
	equal(t, "a missing CA", strings.Contains(trial.Why(), "/nonexistent.pem is missing"), true)
}

func foldersThatCannotBeUsed(t *testing.T, b *bench) {
	base := t.TempDir()
	check(t, os.Mkdir(base+"/real", 0o755))
	check(t, os.Symlink("real", base+"/link"))
	check(t, os.WriteFile(base+"/file", nil, 0o600))
	check(t, os.MkdirAll(base+"/open/versions", 0o777))
	check(t, os.Chmod(base+"/open", 0o777))
	check(t, os.MkdirAll(base+"/odd/versions", 0o755))
	check(t, os.Symlink("elsewhere", base+"/odd/current"))
	for name, want := range map[string]string{
		"real": "", "link": "symlink", "file": "regular", "open": "may write", "odd": "current",
	} {
		changed := newBench(t, b.Lab, everyServer(func(s *topology.Server) { s.TLSDir = base + "/" + name }))
		dir := known(t, name, changed.look(t, "primary", facts.PartFiles).TLSDir)
		equal(t, name+" can be used", dir.Kind == facts.DirReal, want == "")
		equal(t, name+": "+dir.Fault, strings.Contains(dir.Fault, want), true)
		risk, open := dir.Risk.Get()
		equal(t, name+" is open: "+risk.Why, open, name == "open")
	}
	if b.SSHUser == "root" {
		foldersOfOthers(t, b, base+"/real")
	}
}

// foldersOfOthers gives the TLS dir, then the folder of option files, to the user of the server, while the login is root.
func foldersOfOthers(t *testing.T, b *bench, dir string) {
	t.Helper()
	changed := newBench(t, b.Lab, everyServer(func(s *topology.Server) { s.TLSDir = dir }))
	folder := b.Primary().ConfDir
	for range 2 { // the second look asks for it with the rest
		seen := changed.look(t, "primary", facts.PartFiles|facts.PartConfig)
		equal(t, "the folders are safe", known(t, "folder", seen.TLSDir).Risk.IsAbsent() && known(t, "config", seen.Config).Risk.IsAbsent(), true)
	}
	check(t, exec.Command("chown", "mysql", dir, folder).Run())
	defer func() { check(t, exec.Command("chown", "root", dir, folder).Run()) }()
	seen := changed.look(t, "primary", facts.PartFiles|facts.PartConfig)
	equal(t, "what mends the TLS dir", known(t, "risk", known(t, "folder", seen.TLSDir).Risk).Cure, "chown root "+dir)
	equal(t, "what mends the option files", known(t, "risk", known(t, "config", seen.Config).Risk).Cure, "chown root "+folder)
}

func filesThatCannotBeUsed(t *testing.T, b *bench) {
	base := t.TempDir()
	check(t, os.Chmod(base, 0o755))
	check(t, os.Chmod(filepath.Dir(base), 0o755))
	version := base + "/tls/versions/1"
	check(t, os.MkdirAll(version, 0o755))
	check(t, os.WriteFile(version+"/key.pem", []byte("no key"), 0o644))
	check(t, os.WriteFile(version+"/cert.pem", []byte("no certificate"), 0o600))
	check(t, os.Symlink("versions/1", base+"/tls/current"))
	changed := newBench(t, b.Lab, everyServer(func(s *topology.Server) { s.TLSDir = base + "/tls" }))
	dir := known(t, "folder", changed.look(t, "primary", facts.PartFiles).TLSDir)
	set, ok := dir.CurrentSet()
	equal(t, "in use", ok, true)
	equal(t, "faults", strings.Join(set.Faults, "; "), "ca.pem is missing")
	equal(t, "modes and owners", strings.HasPrefix(strings.Join(set.Loose, "; "), "key.pem is open to others (mode 0644)"), true)
	equal(t, "exposed", set.Exposed, true)
	equal(t, "readable", known(t, "readable", set.Readable), false)
	equal(t, "public half of the key", set.KeyPublic.IsAbsent(), true)
}

func laterSettings(t *testing.T, b *bench) {
	folder := b.Primary().ConfDir
	for name, text := range map[string]string{
		"aa.cnf":   "[mysqld]\nssl_cert=/before\n",
		"zz-s.cnf": "[mysqld]\nloose-ssl-ke = /later\ntls_version = TLSv1.3\nskip-ssl\n[client]\nssl_ca=/no\n",
		"zzz.cnf":  "[server]\nssl_capath = /no\n",
	} {
		name = filepath.Join(folder, name)
		check(t, os.WriteFile(name, []byte(text), 0o644))
		t.Cleanup(func() { check(t, os.Remove(name)) })
	}
	config := known(t, "config", b.look(t, "primary", facts.PartConfig).Config)
	file := filepath.Join(folder, "zz-s.cnf")
	var later []string
	for _, s := range config.Later {
		later = append(later, s.String())
	}
	zzz := filepath.Join(folder, "zzz.cnf")
	equal(t, "later", strings.Join(later, "; "),
		file+":2: loose-ssl-ke = /later; "+file+":3: tls_version = TLSv1.3; "+file+":4: skip-ssl; "+zzz+":2: ssl_capath = /no")
}

func checks(t *testing.T, b *bench) {
	name := filepath.Join(b.Primary().ConfDir, "zzz.cnf")
	t.Cleanup(func() { check(t, os.Remove(name)) })
	for text, want := range map[string]string{
		"[mysqld]\nssl_cert=/nonexistent.pem\n":   "", // no certificate is opened
		"[mysqld]\nno_such_setting=1\n":           "unknown variable 'no_such_setting=1'",
		"[mysqld]\nno_such_password=secret\n":     "unknown variable 'no_such_password=***'",
		"[mysqld]\nbinlog_format=never\n":         "Error while setting value 'never' to 'binlog_format'",
		"[mysqld]\ninnodb_buffer_pool_size=abc\n": "Parsing options for plugin 'InnoDB' failed",
		"[mysqld\n":                "Wrong group definition",
		"loose_before_a_group=1\n": "without preceding group",
	} {
		check(t, os.WriteFile(name, []byte(text), 0o644))
		value := b.look(t, "primary", facts.PartCheck).ConfigCheck
		outcome, _ := value.Get()
		equal(t, "accepted "+text, outcome.OK, want == "")
		equal(t, "unknown "+text, value.IsUnknown(), strings.Contains(want, "unknown variable")) // it may be a plugin's
		if told := outcome.Text + value.Why(); !strings.Contains(told, want) {
			t.Errorf("%s: got %q, want it to tell %q", text, told, want)
		}
	}
}
