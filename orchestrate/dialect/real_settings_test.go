package dialect_test

import (
	"bufio"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// origins: where the server says that it has its values from. The source was started with arguments, the replica with a file too.
func (l *lab) origins(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "SET GLOBAL require_secure_transport = ON")
	variables := mustAsk(t, l.source.DB, d.Variables())
	for name, want := range map[string]facts.Variable{
		"ssl_cert":                 {Value: l.pki.cert, Origin: facts.FromArguments},
		"ssl_capath":               {Origin: facts.FromNothing},
		"tls_version":              {Value: "TLSv1.2,TLSv1.3", Default: "TLSv1.2,TLSv1.3", Origin: facts.FromNothing},
		"require_secure_transport": {Value: "ON", Default: "OFF", Origin: facts.FromRunTime},
	} {
		if got := variables[name]; got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	if len(variables) != 9 {
		t.Errorf("got %d variables: %v", len(variables), variables)
	}
	if list := mustAsk(t, l.source.DB, d.RunTime()); len(list) != 1 || list[0] != "require_secure_transport=ON" {
		t.Errorf("what a restart would lose: %q", list)
	}
	l.source.do(t, "SET GLOBAL require_secure_transport = OFF")
}

// badFiles: with which files the server starts. One that has expired does not keep it from that.
func (l *lab) badFiles(t *testing.T, d dialect.Dialect) {
	dir := t.TempDir()
	other, err := pki.EncodeKey(newKey(t, pki.P256))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/other.pem", []byte(other.Reveal()))
	key := newKey(t, pki.P256)
	mine, err := pki.EncodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/key.pem", []byte(mine.Reveal()))
	write(t, dir+"/expired.pem", l.pki.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotAfter: time.Now().Add(-time.Hour),
	}, key))
	for name, c := range map[string]struct {
		cert, key string
		starts    bool
	}{
		"expired":     {dir + "/expired.pem", dir + "/key.pem", true},
		"another key": {l.pki.cert, dir + "/other.pem", false},
		"no file":     {dir + "/none.pem", dir + "/key.pem", false},
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(data, os.DirFS(filepath.Join(l.dir, "template"))); err != nil {
				t.Fatal(err)
			}
			if starts := l.starts(t, data, "--ssl-ca="+l.pki.ca, "--ssl-cert="+c.cert, "--ssl-key="+c.key); starts != c.starts || !d.RefusesBadFiles() {
				t.Errorf("it starts: %t, want %t", starts, c.starts)
			}
		})
	}
}

// starts runs a server in a data folder until it is ready, or ends by itself.
func (l *lab) starts(t *testing.T, data string, options ...string) bool {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	cmd := exec.CommandContext(t.Context(), "mariadbd", slices.Concat([]string{
		"--no-defaults", "--datadir=" + data, "--socket=" + socket, "--skip-networking", "--innodb-buffer-pool-size=16M",
	}, asRoot(), options)...)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		switch {
		case strings.Contains(lines.Text(), "ready for connections"):
			return true
		case strings.Contains(lines.Text(), "Failed to setup SSL"):
			return false
		}
	}
	t.Error("it ended without a word")
	return false
}
