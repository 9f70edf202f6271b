package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/pki"
)

//go:embed byhand.sh
var byHandScript string

// byHand is the script with what it needs to work on a lab.
type byHand struct {
	script string
	lab    *lab.Lab
	dir    string
	ssh    []string // options beyond the plain ones
}

// prepareByHand writes the list of hosts and makes the certificates, which is not part of what is measured.
func (w *workshop) prepareByHand(l *lab.Lab, sshOptions ...string) (byHand, error) {
	b := byHand{script: w.byHand, lab: l, dir: filepath.Join(l.Dir, "byhand"), ssh: sshOptions}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return b, err
	}
	return b, errors.Join(b.writeHosts(), b.makeCertificates())
}

func (b byHand) hosts() string        { return filepath.Join(b.dir, "hosts") }
func (b byHand) certificates() string { return filepath.Join(b.dir, "certificates") }

func (b byHand) writeHosts() error {
	var text strings.Builder
	for _, s := range b.lab.Servers {
		login := b.lab.SSHUser + "@" + s.Address
		fmt.Fprintln(&text, s.Name, login, s.SSHPort, s.Socket, s.TLSDir, s.ConfDir, s.RestartCommand)
	}
	return os.WriteFile(b.hosts(), []byte(text.String()), 0o600)
}

func (b byHand) makeCertificates() error {
	means := pki.Means{Random: rand.Reader, Now: time.Now(), NewKey: pki.NewKeys(pki.P256)}
	authority, err := pki.NewAuthority(means, "lab")
	if err != nil {
		return err
	}
	for _, s := range b.lab.Servers {
		if err := b.makeCertificate(means, authority, s); err != nil {
			return err
		}
	}
	return nil
}

func (b byHand) makeCertificate(means pki.Means, authority pki.Authority, s lab.Server) error {
	address, err := netip.ParseAddr(s.Address)
	if err != nil {
		return err
	}
	leaf, err := authority.Issue(means, pki.LeafRequest{Server: s.Name, CommonName: s.Name, IPs: []netip.Addr{address}})
	if err != nil {
		return err
	}
	dir := filepath.Join(b.certificates(), s.Name)
	return errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "ca.pem"), pki.EncodeCert(authority.Cert), 0o644),
		os.WriteFile(filepath.Join(dir, "cert.pem"), leaf.CertPEM(), 0o644),
		os.WriteFile(filepath.Join(dir, "key.pem"), []byte(leaf.KeyPEM().Reveal()), 0o600),
	)
}

// command is the script, ready to run.
func (b byHand) command(ctx context.Context) *exec.Cmd {
	ssh := append([]string{
		"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
		"-i", b.lab.IdentityFile(), "-o", "UserKnownHostsFile=" + b.lab.KnownHostsFile(),
	}, b.ssh...)
	cmd := exec.CommandContext(ctx, b.script, b.hosts(), b.certificates())
	cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK=", "SSH="+strings.Join(ssh, " "), "OWNER="+serverUser(b.lab), "ACCOUNT='"+b.lab.Account.User+"'@'%'")
	return cmd
}

// serverUser is the OS user of a lab's servers: root's run as another.
func serverUser(l *lab.Lab) string {
	if l.SSHUser == "root" {
		return "mysql"
	}
	return l.SSHUser
}
