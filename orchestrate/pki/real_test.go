package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// realServers are a source with TLS and a receiver, MariaDB 10.11, which is to say what files are good for.
type realServers struct {
	*lab.Lab

	source, replica lab.Server
}

func newRealServers(t *testing.T) *realServers {
	t.Helper()
	l := labtest.Start(t, lab.Options{Replicas: 1})
	r := &realServers{Lab: l, source: l.Primary(), replica: l.Replicas()[0]}
	for _, s := range l.Servers {
		if err := os.MkdirAll(s.TLSDir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.lay(t, r.source, trial{}.files(t))
	text := fmt.Sprintf("[mysqld]\nssl_ca=%[1]s/ca.pem\nssl_cert=%[1]s/cert.pem\nssl_key=%[1]s/key.pem\n", r.source.TLSDir)
	if err := os.WriteFile(filepath.Join(r.source.ConfDir, "tls.cnf"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := l.RestartServer(t.Context(), r.source.Name); err != nil {
		t.Fatal(err)
	}
	return r
}

// lay puts files where a server has them: whoever it runs as, it can read them.
func (r *realServers) lay(t *testing.T, s lab.Server, files Files) {
	t.Helper()
	for name, data := range map[string][]byte{
		FileCA: files.CA, FileCert: append(files.Cert, files.Chain...), FileKey: []byte(files.Key.Reveal()), FileCRL: files.CRL,
	} {
		if err := os.WriteFile(filepath.Join(s.TLSDir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// connects says whether the source loads the files and a receiver that has the bundle then connects; if not, why.
func (r *realServers) connects(t *testing.T, files Files, host string, verify bool) error {
	t.Helper()
	r.lay(t, r.replica, files)
	ca := files.CA
	files.CA = fileNamed(t, "root.pem") // the source's own bundle is of no concern here
	r.lay(t, r.source, files)
	files.CA = ca
	if err := r.Exec(t.Context(), r.source.Name, "FLUSH LOCAL SSL"); err != nil {
		return err
	}
	crl := ""
	if len(files.CRL) > 0 {
		crl = r.replica.TLSDir + "/" + FileCRL
	}
	if err := r.Exec(t.Context(), r.replica.Name, fmt.Sprintf(
		"STOP SLAVE; CHANGE MASTER TO MASTER_HOST='%s', MASTER_SSL=1, MASTER_SSL_CA='%s/ca.pem', MASTER_SSL_CRL='%s', MASTER_SSL_VERIFY_SERVER_CERT=%d; START SLAVE IO_THREAD",
		host, r.replica.TLSDir, crl, boolean(verify))); err != nil {
		t.Fatal(err)
	}
	return r.outcome(t)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// outcome waits until the receiver is connected or has told why it is not.
func (r *realServers) outcome(t *testing.T) error {
	t.Helper()
	refused := ""
	err := lab.Until(t.Context(), "wait for the receiver", func() (bool, error) {
		tables, err := r.SQL(t.Context(), r.replica.Name, "SHOW SLAVE STATUS")
		if err != nil {
			return false, err
		}
		refused = cell(tables[0], "Last_IO_Error")
		return refused != "" || cell(tables[0], "Slave_IO_Running") == "Yes", nil
	})
	switch {
	case err != nil:
		t.Fatal(err)
	case refused != "":
		return errors.New(refused)
	}
	return nil
}

func cell(table lab.Table, column string) string {
	for i, name := range table.Columns {
		if name == column {
			return table.Rows[0][i].String
		}
	}
	return ""
}

// TestRealServerReadsFiles: what is found to forbid the use of files is what a real source and a real receiver cannot use, and what is let
// through they use. Where more is asked here than there, it is said why.
func TestRealServerReadsFiles(t *testing.T) {
	r := newRealServers(t)
	stricter := map[string]string{
		"byte order mark":     "OpenSSL before 3 overlooks the certificate behind it",
		"trusted certificate": "servers without OpenSSL do not read it",
		"certificate and key": "a file that everyone may read must not hold the key",
		"two keys":            "which of them is read is chance",
		"name of the CA":      "OpenSSL before 3 takes it for one that signed itself",
		"list by SHA-1":       "the policy of a system may refuse SHA-1 altogether",
	}
	for name, c := range trials() {
		if c.want != nil || c.ca == "empty.pem" || name == "no names" || name == "names of somebody" {
			continue // what is wanted is not what these servers are, or it is not judged
		}
		t.Run(name, func(t *testing.T) {
			files := c.files(t)
			err := r.connects(t, files, r.source.Address, false)
			found := Forbidding(JudgeFiles(files, Want{Now: time.Now(), Usage: UsageServer}))
			if why, known := stricter[name]; known {
				if err != nil || len(found) == 0 {
					t.Errorf("it is said to be judged more strictly (%s): the servers say %v, the judge %v", why, err, found)
				}
				return
			}
			if (err == nil) != (len(found) == 0) {
				t.Errorf("the servers say %v, the judge %v", err, found)
			}
		})
	}
}

// TestRealServerComparesNames: a real receiver, which finds the source under names of its own, connects by those that are judged good, and is
// refused by the others. The trial handshake says the same.
func TestRealServerComparesNames(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives a process a list of hosts of its own")
	}
	r := newRealServers(t)
	hosts := []string{"db1.example.com", "DB1.EXAMPLE.COM", "db2.example.com", "a.db1.example.com", "example.com", "db1", "testroot"}
	r.renameSource(t, hosts)
	authority, err := ParseAuthority(fileNamed(t, "root.pem"), fileNamed(t, "root-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	stricter := map[string]string{ // MySQL compares an address with addresses alone, and so does the judge
		"address as common name, " + r.source.Address: "", "address as name, " + r.source.Address: "",
	}
	for name, names := range map[string]struct {
		common string
		others []string
	}{
		"names":                  {"x", []string{"db1.example.com", r.source.Address}},
		"star":                   {"x", []string{"*.example.com"}},
		"star of all":            {"x", []string{"*.com", "*"}},
		"star in a label":        {"x", []string{"db*.other.com"}},
		"common name":            {"db1.example.com", nil},
		"common name with star":  {"*.example.com", nil},
		"common name is hidden":  {"db2.example.com", []string{"db1.example.com"}},
		"address":                {"db1", []string{r.source.Address}},
		"address as common name": {r.source.Address, nil},
	} {
		leaf := r.leaf(t, authority, names.common, names.others)
		files := Files{CA: fileNamed(t, "root.pem"), Cert: leaf.CertPEM(), Key: leaf.KeyPEM()}
		for _, host := range append(hosts, r.source.Address) {
			refused := r.connects(t, files, host, true)
			found := Forbidding(JudgeFiles(files, Want{Names: []string{host}, Now: time.Now()}))
			served := VerifyServed([]*x509.Certificate{leaf.Cert}, []*x509.Certificate{authority.Cert}, host, time.Now())
			if (refused == nil) != (served == nil) {
				t.Errorf("%s, %s: the receiver says %v, the trial %v", name, host, refused, served)
			}
			if _, known := stricter[name+", "+host]; (refused == nil) != (len(found) == 0) && (!known || refused != nil) {
				t.Errorf("%s, %s: the receiver says %v, the judge %v", name, host, refused, found)
			}
		}
	}
}

func (r *realServers) leaf(t *testing.T, authority Authority, common string, names []string) Leaf {
	t.Helper()
	dns, ips := SplitNames(names)
	means := means(9, 1)
	leaf, err := authority.Issue(means, LeafRequest{Server: "db1", CommonName: common, DNS: dns, IPs: ips})
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// renameSource starts the replica with a list of hosts in which the source has these names.
func (r *realServers) renameSource(t *testing.T, names []string) {
	t.Helper()
	hosts := filepath.Join(r.Dir, "hosts")
	if err := os.WriteFile(hosts, []byte(r.source.Address+" "+strings.Join(names, " ")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const script = `mount --bind "$1" /etc/hosts && exec "$2"`
	if out, err := exec.Command("unshare", "--mount", "sh", "-c", script, "sh", hosts, r.replica.RestartCommand).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
