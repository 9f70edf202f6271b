// Package lab runs a small replicating MariaDB or MySQL cluster on this machine, in plaintext, with a real sshd beside each server, for
// people who try replssl and for the suites that prove it.
//
// Every server is a child that outlives its starter, on a loopback address of its own. Processes are recognised by their whole
// command line, which holds a path inside the lab's folder, so that ending a lab never touches anything else.
package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// AccountMode says which servers have the replication account.
type AccountMode string

// The account is always where others replicate from; it is created outside the binlog, so the rest is a choice.
const (
	AccountPrimaryOnly AccountMode = "primary" // only where others replicate from
	AccountSome        AccountMode = "some"    // on replica1 as well, so that replicas differ
	AccountEverywhere  AccountMode = "all"     // on every server
)

// Options describe a lab; the zero value of everything but Dir is a useful default.
type Options struct {
	Dir      string      // folder of the lab; missing or empty
	Replicas int         // how many; 0 means 2, a negative number means none
	Account  AccountMode // default AccountPrimaryOnly

	// ReplicatesFrom names the source of a replica that does not replicate from the primary: {"replica2": "replica1"}.
	ReplicatesFrom map[string]string

	// ExtraConfig holds lines for the [mysqld] group of the named server.
	ExtraConfig map[string][]string

	// Server is an unpacked server of another version, by its folder or by the name that scripts/servers.sh has for it, which all servers are
	// then; empty for the MariaDB of this machine.
	Server string

	// Servers are other ones than Server, by the name of the server: {"replica1": "mysql-8.0"}.
	Servers map[string]string

	PerformanceSchema bool
	SkipNameResolve   bool

	// Futile starts servers that are known not to replicate, too, and waits for no rows.
	Futile bool

	// OneHost puts all servers on one host: they share address, sshd and option files, and each has a group of its own there, as those that
	// systemd starts by a template.
	OneHost bool
}

// Account is the replication account.
type Account struct {
	User     string
	Password string
}

// Lab is a cluster that was started in a folder. Its fields are what the folder's lab.json keeps.
type Lab struct {
	Dir     string
	Admin   string // the database account that logs in through the socket
	SSHUser string // the OS user that the sshds let in
	Servers []Server
	Account Account
	SSHD    string // the program

	AdminPassword string // for the servers that do not let it in without one

	reserved []io.Closer // the ports of its servers
}

// Open reads the lab that was started in a folder, whether its servers run or not.
func Open(dir string) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	text, err := os.ReadFile(stateFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab: %s holds no lab\nhint: replssl lab up --dir %s", dir, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l := &Lab{}
	if err := json.Unmarshal(text, l); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", stateFile(dir), err)
	}
	if l.Dir != dir {
		return nil, fmt.Errorf("lab: the lab in %s was started in %s; its servers know it by that path only", dir, l.Dir)
	}
	return l, nil
}

// Server finds a server of the lab by name.
func (l *Lab) Server(name string) (Server, error) {
	for _, s := range l.Servers {
		if s.Name == name {
			return s, nil
		}
	}
	return Server{}, fmt.Errorf("lab: no server is named %q\nhint: the servers are %s", name, l.names())
}

// Primary is the server at the top.
func (l *Lab) Primary() Server { return l.Servers[0] }

// Replicas are all servers but the primary.
func (l *Lab) Replicas() []Server { return l.Servers[1:] }

// Down ends every server and sshd of the lab, in whatever state it is, and waits until they are gone. The folder stays.
func (l *Lab) Down(ctx context.Context) error {
	return l.each(func(s Server) error {
		return errors.Join(l.StopSSH(ctx, s.Name), l.StopServer(ctx, s.Name))
	})
}

// Remove kills every server and sshd of the lab, whose data is worth nothing any more, and removes the folder.
func (l *Lab) Remove(ctx context.Context) error {
	err := l.each(func(s Server) error {
		return errors.Join(l.StopSSH(ctx, s.Name), l.KillServer(ctx, s.Name))
	})
	if err != nil {
		return err
	}
	for _, port := range l.reserved {
		err = errors.Join(err, port.Close())
	}
	l.reserved = nil
	return errors.Join(err, os.RemoveAll(l.Dir))
}

func (l *Lab) save() error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return os.WriteFile(stateFile(l.Dir), text, 0o600)
}
