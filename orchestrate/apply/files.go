package apply

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/secret"
)

func (x *Executor) means(kind pki.KeyKind) pki.Means {
	return pki.Means{Random: rand.Reader, Now: x.now(), NewKey: pki.NewKeys(kind)}
}

func (x *Executor) createAuthority(a plan.CreateAuthority) error {
	_, err := x.store.CreateCA(x.means(a.Key), a.Cluster)
	return err
}

func (x *Executor) issueLeaf(a plan.IssueLeaf) error {
	dns, ips := pki.SplitNames(a.Leaf.Names)
	_, err := x.store.Issue(a.Leaf.Version, x.means(a.Key), pki.LeafRequest{
		Server: string(a.Leaf.Server), CommonName: a.CommonName, DNS: dns, IPs: ips,
	})
	return err
}

// installAndUse is one command, which points at the set only when the server's user is seen to read it.
func (x *Executor) installAndUse(ctx context.Context, install plan.InstallSet) (done int, err error) {
	archive, err := x.pack(install)
	if err != nil {
		return 0, err
	}
	line := fileset.InstallAndSwitch(install.Dir, install.Version, install.Owner)
	err = x.run(ctx, install.Server, remote.Command{Line: line, Stdin: bytes.NewReader(archive)})
	var exit *remote.ExitError
	switch {
	case err == nil:
		return 2, nil
	case errors.As(err, &exit) && exit.Code == fileset.ExitUnreadable:
		return 0, &unreadableError{action: install, why: exit.Stderr}
	case errors.As(err, &exit) && exit.Code == fileset.ExitNotSwitched:
		return 1, err
	}
	return 0, err
}

// pack judges the set once more before it leaves this machine: nothing that is wrong in itself may reach a host.
func (x *Executor) pack(a plan.InstallSet) ([]byte, error) {
	files, err := x.filesOf(a)
	if err != nil {
		return nil, err
	}
	if err := x.judge(a.Server, files); err != nil {
		return nil, fmt.Errorf("certificate set %d of %s is not copied: %w", a.Version, a.Server, err)
	}
	return fileset.Pack(files)
}

// filesOf are those of the local folder, or the server's own ones as long as they are those that the plan was made with.
func (x *Executor) filesOf(a plan.InstallSet) (fileset.Files, error) {
	if a.Given == "" {
		files, err := x.store.Files(string(a.Server), a.Version)
		return fileset.Files{CA: files.CA, Cert: files.Cert, Key: files.Key}, err
	}
	server, _ := x.cluster.Server(a.Server)
	own, err := pkistore.ReadOwn(server.Given)
	if err != nil {
		return fileset.Files{}, err
	}
	read := facts.Leaf{CA: string(own.CA), Cert: string(own.Cert), CRL: string(own.CRL), KeyDigest: own.KeySHA256}
	if read.Digest() != a.Given {
		return fileset.Files{}, &changedError{server: a.Server}
	}
	return fileset.Files{CA: own.CA, Cert: own.Cert, Key: own.Key, CRL: own.CRL}, nil
}

// changedError says that a server's own files are not those that were planned with.
type changedError struct{ server topology.ServerName }

func (e *changedError) Error() string {
	return fmt.Sprintf("the files that the inventory names for %s have changed since the plan was made, and are not copied", e.server)
}

// Hint is what a person can do.
func (e *changedError) Hint() string { return "plan again" }

// Unsent is true: there is nothing to take back.
func (e *changedError) Unsent() bool { return true }

func (x *Executor) installSet(ctx context.Context, a plan.InstallSet) error {
	archive, err := x.pack(a)
	if err != nil {
		return err
	}
	install := remote.Command{Line: fileset.Install(a.Dir, a.Version, a.Owner), Stdin: bytes.NewReader(archive)}
	if err := x.run(ctx, a.Server, install); err != nil {
		return err
	}
	return x.readable(ctx, a)
}

// readable lets the server's user read the set where it lies, before anything points at it.
func (x *Executor) readable(ctx context.Context, a plan.InstallSet) error {
	seen := x.observer.Observe(ctx, facts.Look{a.Server: facts.PartFiles}).Server(a.Server).TLSDir
	dir, ok := seen.Get()
	if !ok {
		return fmt.Errorf("whether %s can read the new files is not known: %s", a.Owner, seen.Why())
	}
	can, ok := dir.Sets[a.Version].Readable.Get()
	switch {
	case !ok:
		return fmt.Errorf("whether %s can read the new files is not known: %s", a.Owner, dir.Sets[a.Version].Readable.Why())
	case !can:
		return &unreadableError{action: a}
	}
	return nil
}

// unreadableError says that the server could not use the files.
type unreadableError struct {
	action plan.InstallSet
	why    string // what the host said
}

func (e *unreadableError) Error() string {
	text := fmt.Sprintf("%s: the server's user %s cannot read %s/versions/%d", e.action.Server, e.action.Owner, e.action.Dir, e.action.Version)
	if _, barrier, told := strings.Cut(e.why, ": it may not pass "); told {
		text += ": it may not pass " + strings.TrimSpace(barrier)
	}
	return text
}

// Hint is what a person can do.
func (e *unreadableError) Hint() string {
	return fmt.Sprintf("every folder on the way must let %s pass; see on %s: namei -l %s/versions/%d", e.action.Owner, e.action.Server, e.action.Dir, e.action.Version)
}

func (x *Executor) judge(name topology.ServerName, files fileset.Files) error {
	server, _ := x.cluster.Server(name)
	found := plan.ForbiddenToCopy(x.cluster, server, pki.Files{CA: files.CA, Cert: files.Cert, CRL: files.CRL, Key: files.Key}, x.now())
	if len(found) > 0 {
		return fmt.Errorf("%s; %s", found[0], found[0].Cure)
	}
	return nil
}

func (x *Executor) switchSet(ctx context.Context, a plan.SwitchSet) error {
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Switch(a.Dir, a.Version)})
}

func (x *Executor) unswitchSet(ctx context.Context, a plan.UnswitchSet) error {
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Unswitch(a.Dir)})
}

// writeConfig leaves the file to everybody's eyes: it holds paths and no secret, and the server reads it as root or as itself.
func (x *Executor) writeConfig(ctx context.Context, a plan.WriteConfig) error {
	const readable = 0o644
	return x.run(ctx, a.Server, file.Write(a.Path, secret.New(a.Text), file.Attributes{Mode: readable}))
}

func (x *Executor) removeConfig(ctx context.Context, a plan.RemoveConfig) error {
	return x.run(ctx, a.Server, remote.Command{Line: file.Remove(a.Path)})
}
