package runbook

import (
	"errors"
	"slices"
	"strconv"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// verification is the last section: what a person looks at, whoever secured the cluster.
type verification struct {
	User                        string
	ChainOnly                   bool // the options of the channels do not refuse a source without TLS
	Accounts, Channels, Readers []string
	Logins                      []login
}

// login is one login from a replica's host, in two ways.
type login struct{ Run, Plain, Secure string }

func (w *writer) verification() (verification, error) {
	v := verification{User: w.cluster.Account.User, ChainOnly: w.cluster.TLS.Verify == topology.VerifyChain}
	links, _ := plan.FindLinks(w.cluster, w.facts)
	var err error
	add := func(to *[]string, c check, failed error) {
		*to = append(*to, c.Commands)
		if failed != nil {
			err = failed
		}
	}
	for _, s := range w.cluster.Sources() {
		c, failed := w.requiresTLS(plan.RequiresTLS{Server: s.Name}, w.rows(s.Name))
		add(&v.Accounts, c, failed)
		c, failed = w.noStrangers(plan.NoStrangers{Server: s.Name})
		add(&v.Readers, c, failed)
	}
	for _, l := range links {
		c, failed := w.status(l, 0, append(w.demands(), attached()...))
		add(&v.Channels, c, failed)
		login, failed := w.login(l)
		v.Logins = append(v.Logins, login)
		if failed != nil {
			err = failed
		}
	}
	return v, err
}

// login tries the account without TLS, and with the files that the receiver uses. The client asks for the password, so that it is in no
// command line.
func (w *writer) login(l plan.Link) (login, error) {
	s := w.server(l.Channel.Server)
	args := []string{"--no-defaults", "--protocol", "tcp", "--host", l.Host, "--port", strconv.Itoa(l.Port), "--user", l.User, "--password"}
	tls := []string{
		"--ssl-verify-server-cert", "--ssl-ca", currentFile(s, pki.FileCA), "--ssl-cert", currentFile(s, pki.FileCert),
		"--ssl-key", currentFile(s, pki.FileKey),
	}
	show := []string{"--execute", "status"} // a command of the client, which tells the cipher
	plain := shell.Words("mariadb", slices.Concat(args, []string{"--skip-ssl"}, show)...)
	secure := shell.Words("mariadb", slices.Concat(args, tls, show)...)
	return login{Run: w.run(s.Name), Plain: plain.String(), Secure: secure.String()}, errors.Join(plain.Err(), secure.Err())
}
