package runbook

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// localDir is the folder of the certificates, where the person is.
const localDir = "pki"

// randomDigits are those that make the name of an authority its own.
const randomDigits = 8

const (
	maxCommonName = 64 // of X.509, in bytes
	authorityName = " replication CA"
)

func localSet(server topology.ServerName, version int) string {
	return path.Join(localDir, string(server), strconv.Itoa(version))
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// newKey is a private key as openssl makes it: on a named curve, of RSA, or of Ed25519 where it has neither.
type newKey struct {
	Path  string
	Curve string
	Bits  int
}

func newKeyOf(kind pki.KeyKind, file string) (newKey, error) {
	switch kind {
	case pki.P256:
		return newKey{Path: file, Curve: "prime256v1"}, nil
	case pki.RSA2048:
		return newKey{Path: file, Bits: 2048}, nil
	case pki.RSA3072:
		return newKey{Path: file, Bits: 3072}, nil
	case pki.RSA4096:
		return newKey{Path: file, Bits: 4096}, nil
	case pki.Ed25519:
		return newKey{Path: file}, nil
	}
	return newKey{}, fmt.Errorf("no command is known that makes a key of the kind %q", kind)
}

type authority struct {
	Key        newKey
	Days       int
	CommonName string // without its random end
}

func (w *writer) createAuthority(a plan.CreateAuthority) ([]command, error) {
	key, err := newKeyOf(a.Key, path.Join(localDir, "ca-key.pem"))
	if err != nil {
		return nil, err
	}
	return w.shell(a, here, "create-authority", authority{Key: key, Days: days(pki.AuthorityLife), CommonName: nameOfAuthority(a.Cluster)})
}

func nameOfAuthority(cluster string) string {
	room := maxCommonName - len(authorityName) - 1 - randomDigits
	return cluster[:min(room, len(cluster))] + authorityName
}

type leaf struct {
	Key         newKey
	Days        int
	Parent, Dir string
	CommonName  string
	Names       string // as openssl's configuration lists alternative names
}

func (w *writer) issueLeaf(a plan.IssueLeaf) ([]command, error) {
	names, err := alternativeNames(a.Leaf.Names)
	if err != nil {
		return nil, err
	}
	dir := localSet(a.Leaf.Server, a.Leaf.Version)
	key, err := newKeyOf(a.Key, path.Join(dir, "key.pem"))
	if err != nil {
		return nil, err
	}
	return w.shell(a, here, "issue-leaf", leaf{
		Key: key, Days: w.leafDays(), Parent: path.Dir(dir), Dir: dir, CommonName: w.commonName(a), Names: names,
	})
}

// commonName is what the tool itself would take: where the authority is still to be made, its name is that of the runbook.
func (w *writer) commonName(a plan.IssueLeaf) string {
	authority := nameOfAuthority(w.cluster.Name)
	bundle, err := pki.ParseBundle([]byte(w.facts.Store.Or(facts.Store{}).CA.Or("")))
	if err == nil {
		authority = bundle[0].Subject.CommonName
	}
	return pki.CommonName(authority, string(a.Leaf.Server), a.CommonName)
}

// leafDays keeps a certificate from outliving an authority that exists already.
func (w *writer) leafDays() int {
	life := pki.LeafLife
	bundle, err := pki.ParseBundle([]byte(w.facts.Store.Or(facts.Store{}).CA.Or("")))
	if err != nil {
		return days(life) // there is none yet
	}
	for _, ca := range bundle {
		life = min(life, ca.NotAfter.Sub(w.facts.At)-24*time.Hour)
	}
	return days(life)
}

// alternativeNames refuses what openssl's configuration would read as something else than a name.
func alternativeNames(names []string) (string, error) {
	for _, name := range names {
		if strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }) {
			return "", fmt.Errorf("the name %q cannot be given to openssl", name)
		}
	}
	dns, ips := pki.SplitNames(names)
	var list []string
	for _, name := range dns {
		list = append(list, "DNS:"+name)
	}
	for _, ip := range ips {
		list = append(list, "IP:"+ip.String())
	}
	return strings.Join(list, ", "), nil
}

func isNameRune(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("._:-", r)
}

// nameCheck is how openssl is told which name a certificate must carry.
type nameCheck struct{ Flag, Name string }

func nameChecks(names []string) []nameCheck {
	dns, ips := pki.SplitNames(names)
	var checks []nameCheck
	for _, name := range dns {
		checks = append(checks, nameCheck{"-verify_hostname", name})
	}
	for _, ip := range ips {
		checks = append(checks, nameCheck{"-verify_ip", ip.String()})
	}
	return checks
}
