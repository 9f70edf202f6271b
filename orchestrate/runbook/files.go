package runbook

import (
	"path"
	"strconv"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// links are the names by which one version of a set becomes the one in use.
type links struct{ Target, Next, Link string }

func linksOf(dir string, version int) links {
	return links{Target: "versions/" + strconv.Itoa(version), Next: path.Join(dir, ".current.next"), Link: path.Join(dir, "current")}
}

// set is one version of a set on a host, and the folder in which it arrives.
type set struct {
	Dir, Root, Version, Part, Owner string
	CRL                             bool
}

// installSet is laid out as package fileset does it. Its own scripts are made for a program and not to be read.
func (w *writer) installSet(a plan.InstallSet) ([]command, error) {
	root, number := path.Join(a.Dir, "versions"), strconv.Itoa(a.Version)
	s := set{Dir: a.Dir, Root: root, Version: path.Join(root, number), Part: path.Join(root, "."+number+".partial")}
	s.CRL = w.hasCRL(a)
	if w.isRoot(a.Server) {
		s.Owner = a.Owner
	}
	if _, there := w.facts.Server(a.Server).TLSDir.Or(facts.TLSDir{}).Sets[a.Version]; there {
		return w.shell(a, onHost, "set-is-there", s) // the plan builds on it, since it is the same as here
	}
	before, err := w.shell(a, onHost, "receive-set", s)
	if err != nil {
		return nil, err
	}
	send, err := w.sendSet(a, s)
	if err != nil {
		return nil, err
	}
	after, err := w.texts.Fill("install-set", s)
	return append(before, command{text: send}, command{place: onHost, server: a.Server, text: after}), err
}

func (w *writer) sendSet(a plan.InstallSet, s set) (string, error) {
	unpack := shell.Words("tar", "-C", s.Part, "-x", "-m", "-o", "-f", "-")
	if err := unpack.Err(); err != nil {
		return "", err
	}
	if a.Given != "" {
		return w.sendOwn(a, unpack.String())
	}
	return w.texts.Fill("send-set", struct{ Run, Local, Unpack string }{w.run(a.Server), localSet(a.Server, a.Version), unpack.String()})
}

// isRoot says that the runbook's commands run as root on the host; otherwise they run as the server's own user.
func (w *writer) isRoot(server topology.ServerName) bool {
	return w.server(server).SSH.OSUser() == "root"
}
