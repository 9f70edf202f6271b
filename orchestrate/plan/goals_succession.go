package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Succession holds when an authority waits in the local folder to succeed the one that issues, and the folder's bundle has both.
type Succession struct{}

// Promoted holds when no authority waits any more: the one that did issues.
type Promoted struct{}

// Retired holds when the former authority is in no bundle of the local folder.
type Retired struct{}

// Forgotten holds when the former authority is gone.
type Forgotten struct{}

// TrustsFolder holds when the set in use on the host trusts the authorities of the local folder, and no others.
type TrustsFolder struct{ Server topology.ServerName }

// IssuedBy holds when the certificate in use on the host is issued by the authority.
type IssuedBy struct {
	Server    topology.ServerName
	Authority string // PEM
}

func (Succession) condition()   {}
func (Promoted) condition()     {}
func (Retired) condition()      {}
func (Forgotten) condition()    {}
func (TrustsFolder) condition() {}
func (IssuedBy) condition()     {}

// Look needs the local store alone, which every look brings.
func (Succession) Look() facts.Look { return facts.Look{} }

// Look needs the local store alone, which every look brings.
func (Promoted) Look() facts.Look { return facts.Look{} }

// Look needs the local store alone, which every look brings.
func (Retired) Look() facts.Look { return facts.Look{} }

// Look needs the local store alone, which every look brings.
func (Forgotten) Look() facts.Look { return facts.Look{} }

// Look needs the files on the host; the local store comes with every look.
func (g TrustsFolder) Look() facts.Look { return lookAt(g.Server, facts.PartFiles) }

// Look needs the files on the host.
func (g IssuedBy) Look() facts.Look { return lookAt(g.Server, facts.PartFiles) }

func (Succession) String() string {
	return "the local folder has an authority that is to succeed the one that issues, and its bundle has both"
}
func (Promoted) String() string  { return "the authority that was to succeed issues" }
func (Retired) String() string   { return "the former authority is in no bundle of the local folder" }
func (Forgotten) String() string { return "the former authority is gone, with its key" }
func (g TrustsFolder) String() string {
	return fmt.Sprintf("the set in use of %s trusts the authorities of the local folder, and no others", g.Server)
}

func (g IssuedBy) String() string {
	return fmt.Sprintf("the certificate of the set in use of %s is issued by %s", g.Server, subjectsIn(g.Authority))
}

// Holds judges the store.
func (Succession) Holds(f facts.Facts) Verdict {
	store, ok := f.Store.Get()
	switch {
	case !ok:
		return notSeen(f.Store, "the folder of certificates")
	case store.Next == "":
		return no("no authority waits to succeed the one that issues")
	case len(beyond(store.Next, store.CA.Or(""))) > 0:
		return no("the bundle of the local folder lacks the authority that is to succeed")
	}
	return yes()
}

// Holds judges the store.
func (Promoted) Holds(f facts.Facts) Verdict {
	store, ok := f.Store.Get()
	switch {
	case !ok:
		return notSeen(f.Store, "the folder of certificates")
	case store.Next != "":
		return no("the authority that is to succeed still waits")
	}
	return yes()
}

// Holds judges the store.
func (Retired) Holds(f facts.Facts) Verdict {
	store, ok := f.Store.Get()
	switch {
	case !ok:
		return notSeen(f.Store, "the folder of certificates")
	case store.Former != "" && len(beyond(store.Former, store.CA.Or(""))) == 0:
		return no("the bundle of the local folder still has the former authority")
	}
	return yes()
}

// Holds judges the store.
func (Forgotten) Holds(f facts.Facts) Verdict {
	store, ok := f.Store.Get()
	switch {
	case !ok:
		return notSeen(f.Store, "the folder of certificates")
	case store.Former != "":
		return no("the local folder still has the former authority")
	}
	return yes()
}

// Holds compares the bundles.
func (g TrustsFolder) Holds(f facts.Facts) Verdict {
	ca, ok := f.Store.Or(facts.Store{}).CA.Get()
	if !ok {
		return notSeen(f.Store.Or(facts.Store{}).CA, "the authority")
	}
	dir, ok := f.Server(g.Server).TLSDir.Get()
	if !ok {
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	}
	set, _ := dir.CurrentSet()
	if lacks := beyond(ca, set.CA); len(lacks) > 0 {
		return no("%s does not trust %s yet", g.Server, pki.SubjectOneLine(lacks[0]))
	}
	if more := beyond(set.CA, ca); len(more) > 0 {
		return no("%s still trusts %s", g.Server, pki.SubjectOneLine(more[0]))
	}
	return yes()
}

// Holds judges the certificate.
func (g IssuedBy) Holds(f facts.Facts) Verdict {
	dir, ok := f.Server(g.Server).TLSDir.Get()
	if !ok {
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	}
	set, _ := dir.CurrentSet()
	cert := leafIn(set.Cert)
	switch {
	case cert == nil:
		return no("%s uses no certificate set", g.Server)
	case !isIssuedBy(cert, g.Authority):
		return no("the certificate of %s is issued by %s", g.Server, pki.IssuerOneLine(cert))
	}
	return yes()
}
