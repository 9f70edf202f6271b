package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// TestRevokedPeers: what a server and a receiver do with a list of revoked certificates. OpenSSL is told to check the whole chain: every
// authority on it needs a list that is valid now, or every connection is refused.
func TestRevokedPeers(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	both := pki.list("both", month, "root", "middle")
	pki.names(c, ", crl: "+both)
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	c.ownNothingMoves()
	primary, replica := c.Primary(), c.Replicas()[0]
	for _, end := range []struct{ checks, shows lab.Server }{{primary, replica}, {replica, primary}} {
		path := filepath.Join(end.checks.TLSDir, "current", "crl.pem")
		good := read(t, path)
		for _, test := range []struct{ name, list string }{
			{"of the intermediate authority alone", pki.list("middle-only", month, "middle")},
			{"of the root alone", pki.list("root-only", month, "root")},
			{"that has expired", pki.list("old", over, "root", "middle")},
			{"that revokes the peer", pki.list("revoking", month, "root", "middle", end.shows.Name)},
		} {
			must(t, os.WriteFile(path, read(t, test.list), 0o600))
			if c.connectsAnew(primary.Name, replica.Name) {
				t.Errorf("%s connects although %s has a list %s", replica.Name, end.checks.Name, test.name)
			}
		}
		must(t, os.WriteFile(path, good, 0o600))
		if !c.connectsAnew(primary.Name, replica.Name) {
			t.Errorf("%s does not connect with the good lists of %s", replica.Name, end.checks.Name)
		}
	}
}

// TestRevocationThatIsRefused: what those servers would refuse is told before anything is copied; a newer list that revokes nobody is a new
// set, and nothing else changes.
func TestRevocationThatIsRefused(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	both := pki.list("both", month, "root", "middle")
	pki.names(c, ", crl: "+both)
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	before := c.everything()
	for _, test := range []struct {
		list string
		says []string
	}{
		{pki.list("revoking", month, "root", "middle", "replica1"), []string{"revoked", "CN=replica1", pki.at("replica1.pem")}},
		{pki.list("middle-only", month, "middle"), []string{"crl-missing", "Example Root", both}},
		{pki.list("root-only", month, "root"), []string{"crl-missing", "Example Databases", both}},
		{pki.list("old", over, "root", "middle"), []string{"crl-expired", both}},
	} {
		must(t, os.Rename(test.list, both))
		c.want(3, "plan").says(t, test.says...)
		c.want(3, "apply", "--yes")
	}
	if after := c.everything(); !slices.Equal(before, after) {
		t.Errorf("something moved:\n%s", difference(before, after))
	}

	must(t, os.Rename(pki.list("new", 2*month, "root", "middle"), both))
	if ids := c.plan(2).ids(); slices.Contains(ids, "config/primary") {
		t.Errorf("a newer list changes the settings: %v", ids)
	}
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.nothingMoves()
	c.edit(`, crl: [^}]*`, "")
	c.want(3, "plan").says(t, "no list of revoked certificates any more", "tls.crl")
}

// TestRevocationComesLater: a server that started without a list reads one after a restart only, a receiver when its options change.
func TestRevocationComesLater(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	pki.names(c, "")
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.edit(`(tls: \{source: files.*)\}\npolicy:`, "${1}, crl: '"+pki.list("both", month, "root", "middle")+"'}\npolicy:")
	if ids := c.plan(2).ids(); !slices.Contains(ids, "serve/primary") {
		t.Errorf("steps %v", ids)
	}
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	c.nothingMoves()

	before := c.everything()
	c.want(0, "apply", "--yes", "--journal", filepath.Join(t.TempDir(), "journal")).says(t, "let primary read its certificate files again")
	if after := c.everything(); !slices.Equal(before, after) {
		t.Errorf("something moved where a server reads its files once more:\n%s", difference(before, after))
	}
}

// TestRevokedAtOnce: a newer list counts when the run is over, without a restart, for a certificate that nobody of the cluster shows.
func TestRevokedAtOnce(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	pki.leaf("gone", "127.0.0.9", "")
	both := pki.list("both", month, "root", "middle")
	pki.names(c, ", crl: "+both)
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.refuses("primary", map[string]bool{pki.at("gone"): true})

	must(t, os.Rename(pki.list("revoking", month, "root", "middle", "gone"), both))
	if ids := c.plan(2).ids(); slices.Contains(ids, "config/primary") {
		t.Errorf("a newer list changes the settings: %v", ids)
	}
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.refuses("primary", map[string]bool{pki.at("gone"): false, pki.at("replica1"): true})
	c.proven()
	c.nothingMoves()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return text
}

// connectsAnew lets the source read its files again, and then the receiver; it says whether that logs in.
func (c *cluster) connectsAnew(source, replica string) (connected bool) {
	c.t.Helper()
	c.sql(source, "FLUSH LOCAL SSL")
	c.sql(replica, "STOP SLAVE IO_THREAD")
	c.sql(replica, "START SLAVE IO_THREAD")
	c.await("the receiver of "+replica+" connects or says why not", func() bool {
		status, err := c.SlaveStatus(c.t.Context(), replica)
		must(c.t, err)
		connected = status["Slave_IO_Running"] == "Yes"
		if !connected && status["Last_IO_Errno"] != "0" {
			c.t.Logf("%s: %s", replica, status["Last_IO_Error"])
		}
		return connected || status["Last_IO_Errno"] != "0"
	})
	return connected
}

// The times for which a list is good.
const (
	month = 30 * 24 * time.Hour
	over  = -24 * time.Hour
)

// list makes NAME.crl, a file of the lists of authorities; what follows these are servers whose certificates the intermediate one revokes.
func (p *corporate) list(name string, good time.Duration, names ...string) string {
	p.t.Helper()
	var parts []string
	for _, authority := range []string{"root", "middle"} {
		if slices.Contains(names, authority) {
			parts = append(parts, p.listOf(authority, name, good, names))
		}
	}
	must(p.t, os.WriteFile(p.at(name+".crl"), nil, 0o600))
	p.append(name+".crl", parts...)
	return p.at(name + ".crl")
}

func (p *corporate) listOf(authority, name string, good time.Duration, names []string) (file string) {
	p.t.Helper()
	by := []string{"ca", "-config", p.database(name + authority), "-cert", p.at(authority + ".pem"), "-keyfile", p.at(authority + ".key")}
	for _, server := range names {
		if authority == "middle" && server != "root" && server != "middle" {
			p.openssl(append(by, "-revoke", p.at(server+".pem"))...)
		}
	}
	file = name + authority + ".crl"
	p.openssl(append(by, "-gencrl", "-out", p.at(file), "-crl_lastupdate", fromNow(-2*month), "-crl_nextupdate", fromNow(good))...)
	return file
}

// fromNow is a time as openssl takes it.
func fromNow(d time.Duration) string { return time.Now().Add(d).UTC().Format("20060102150405Z") }
