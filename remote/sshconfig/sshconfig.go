// Package sshconfig reads the ways to hosts out of ssh_config, as ssh itself would.
//
// It heeds what says where a host is and who may log in there. Whatever it cannot decide as ssh does, and that would matter for the host that
// is asked for, is an error and no guess. Of ssh_config(5) it heeds Host, Match (all, canonical, final, host, originalhost, user, localuser), Include, HostName, User,
// Port, IdentityFile, CertificateFile, IdentitiesOnly, IdentityAgent, ProxyJump, UserKnownHostsFile, GlobalKnownHostsFile and HostKeyAlias; it tells
// of ProxyCommand. CASignatureAlgorithms is left to [github.com/replssl/replssl/remote/hostkey], which takes what ssh takes by default.
package sshconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Env is what ssh_config refers to on this machine.
type Env struct {
	User   string // who runs the tool: %u
	Home   string // that user's home folder: ~ and %d
	UID    string // %i
	Host   string // the name of this machine: %l
	System string // the folder of the system's files; empty: /etc/ssh
	Getenv func(string) string
}

// Host is what ssh_config says of a host. What it leaves open is the zero value.
type Host struct {
	Address      string // where to connect
	User         string
	Port         int
	HostKeyAlias string // the name under which its key is recorded

	IdentityFiles    []string // absolute paths; empty and not nil: no file
	CertificateFiles []string // absolute paths
	IdentitiesOnly   bool     // of the agent's keys, only those of the files
	Agent            string   // path of the agent's socket, or "none"

	KnownHosts []string // absolute paths, the person's own first

	Jump         []string // hosts to go through, the nearest first, each as [user@]host[:port]; empty and not nil: none
	ProxyCommand string   // the command that ssh would reach the host by; it is not for us to run
}

// Config are the files that were found.
type Config struct {
	env   Env
	files []source
}

// source is one of the files that ssh begins with.
type source struct {
	path   string
	system bool // relative names in it are of the system's folder
	own    bool // the person's, which nobody else may write
}

// Default is what ssh reads where nobody names a file: the person's own, then the system's. One that is missing says nothing.
func Default(env Env) (*Config, error) {
	env = env.withDefaults()
	c := &Config{env: env}
	for _, file := range []source{
		{path: filepath.Join(env.Home, ".ssh", "config"), own: true}, {path: filepath.Join(env.System, "ssh_config"), system: true},
	} {
		_, err := readText(file.path)
		switch {
		case err == nil:
			c.files = append(c.files, file)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, &Error{File: file.path, Err: err}
		}
	}
	return c, nil
}

// Named is one file alone, which has to exist.
func Named(env Env, path string) (*Config, error) {
	if _, err := readText(path); err != nil {
		return nil, &Error{File: path, Err: err}
	}
	return &Config{env: env.withDefaults(), files: []source{{path: path}}}, nil
}

func (e Env) withDefaults() Env {
	if e.System == "" {
		e.System = "/etc/ssh"
	}
	if e.Getenv == nil {
		e.Getenv = func(string) string { return "" }
	}
	return e
}

// Host is what the files say of a host, by the name that a person would give to ssh. Its errors are *Error.
func (c *Config) Host(alias string) (Host, error) {
	values, err := c.values(alias)
	if err != nil {
		return Host{}, err
	}
	return c.host(alias, values)
}

// values goes through the files, and a second time where they ask for it by Match final: then with the name that was found to connect to.
func (c *Config) values(alias string) (*options, error) {
	r := &reading{env: c.env, alias: alias, name: alias, values: &options{}}
	if err := c.read(r); err != nil {
		return nil, err
	}
	if !r.again {
		return r.values, nil
	}
	r.name, r.final = newExpansion(c.env, alias, r.values).host, true
	r.values.hostName = value{text: r.name, set: true}
	return r.values, c.read(r)
}

func (c *Config) read(r *reading) error {
	for _, file := range c.files {
		if err := r.file(file, decided(true), 0); err != nil {
			return err
		}
	}
	return nil
}

// host puts the values in the place of what refers to them.
func (c *Config) host(alias string, o *options) (Host, error) {
	x := newExpansion(c.env, alias, o)
	h := Host{
		Address: x.host, User: o.user.text, Port: o.port(), HostKeyAlias: o.hostKeyAlias.text,
		IdentitiesOnly: o.identitiesOnly.text == "yes", Jump: x.jumps(o.jump), ProxyCommand: o.proxyCommand.text,
		IdentityFiles: x.paths(o.identityFiles), CertificateFiles: x.paths(o.certificateFiles), Agent: x.agent(o.identityAgent),
	}
	h.KnownHosts = append(x.paths(o.userKnownHosts.or("~/.ssh/known_hosts")),
		existing(x.paths(o.globalKnownHosts.or(c.env.System+"/ssh_known_hosts", c.env.System+"/ssh_known_hosts2")))...)
	if !o.userKnownHosts.set {
		h.KnownHosts = append(h.KnownHosts, existing(x.paths([]value{{text: "~/.ssh/known_hosts2"}}))...)
	}
	h.KnownHosts = slices.Compact(h.KnownHosts)
	return h, x.err
}

func existing(files []string) []string {
	return slices.DeleteFunc(files, func(file string) bool {
		_, err := os.Stat(file)
		return err != nil
	})
}

// guard refuses a person's file that others may write, or that another wrote, as ssh does: it says where the person's keys are used.
func guard(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil //nolint:nilerr // whoever reads it tells that
	}
	const written = 0o022
	owner, known := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode().Perm()&written != 0:
		return &unguardedError{fmt.Sprintf("other users of this machine may write it (mode %04o)", info.Mode().Perm()), "chmod go-w " + path}
	case known && owner.Uid != 0 && int(owner.Uid) != os.Getuid():
		return &unguardedError{fmt.Sprintf("it belongs to another user (UID %d)", owner.Uid), "take it over, after you have read it: chown $USER " + path}
	}
	return nil
}

func readText(path string) (string, error) {
	text, err := os.ReadFile(path)
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // the path is told by whoever tells the error
	}
	return string(text), err
}
