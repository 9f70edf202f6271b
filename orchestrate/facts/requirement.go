package facts

import "strings"

// Requirement is what an account row demands of a login's transport. The zero value is not known; none is [RequireNone].
type Requirement struct {
	Kind RequirementKind

	// Of [RequireSpecified]: what is compared, as the server keeps it. Empty parts are not compared.
	Issuer  string `json:",omitempty"`
	Subject string `json:",omitempty"`
	Cipher  string `json:",omitempty"`

	Clause string `json:",omitempty"` // as SHOW CREATE USER prints it; empty for none, and where it was not read
}

// RequirementKind is the closed set of requirements.
type RequirementKind string

// The kinds.
const (
	RequireNone      RequirementKind = "none"
	RequireSSL       RequirementKind = "ssl"
	RequireX509      RequirementKind = "x509"
	RequireSpecified RequirementKind = "specified" // a cipher, issuer or subject
)

// TLS says that a plaintext login is refused by this requirement.
func (r Requirement) TLS() bool { return r.Kind != RequireNone && r.Kind != "" }

// Certificate says that a login without a certificate of an authority that the server trusts is refused. A cipher alone demands none (tried
// on MariaDB 10.11).
func (r Requirement) Certificate() bool {
	return r.Kind == RequireX509 || r.Kind == RequireSpecified && r.Issuer+r.Subject != ""
}

// Meets says that every login which this requirement lets in, the other one lets in too: it demands as much, or more.
func (r Requirement) Meets(other Requirement) bool {
	switch other.Kind {
	case RequireNone:
		return r.Kind != ""
	case RequireSSL:
		return r.TLS()
	case RequireX509:
		return r.Certificate()
	case RequireSpecified:
		return r.Kind == RequireSpecified && covers(r.Issuer, other.Issuer) && covers(r.Subject, other.Subject) && covers(r.Cipher, other.Cipher)
	}
	return false
}

func covers(part, other string) bool { return other == "" || part == other }

// Same says that both demand the same, however it was printed.
func (r Requirement) Same(other Requirement) bool {
	r.Clause, other.Clause = "", ""
	return r == other
}

// With is the requirement that demands what both do. A certificate of any authority cannot be demanded beside a cipher, an issuer or a
// subject: parts win over it, and ok is false where they do not imply it, or where the two name different parts.
func (r Requirement) With(other Requirement) (both Requirement, ok bool) {
	switch {
	case r.Meets(other):
		return r, true
	case other.Meets(r):
		return other, true
	case r.Kind != RequireSpecified && other.Kind != RequireSpecified:
		return Requirement{}, false
	}
	both = Requirement{
		Kind: RequireSpecified, Issuer: either(r.Issuer, other.Issuer), Subject: either(r.Subject, other.Subject), Cipher: either(r.Cipher, other.Cipher),
	}
	return both, both.Meets(r) && both.Meets(other)
}

func either(part, other string) string {
	if part != "" {
		return part
	}
	return other
}

// String is the requirement in the words of a REQUIRE clause, for people to read; it is no SQL.
func (r Requirement) String() string {
	switch r.Kind {
	case RequireNone:
		return "NONE"
	case RequireSSL:
		return "SSL"
	case RequireX509:
		return "X509"
	case RequireSpecified:
		var parts []string
		for _, part := range []struct{ word, value string }{{"ISSUER", r.Issuer}, {"SUBJECT", r.Subject}, {"CIPHER", r.Cipher}} {
			if part.value != "" {
				parts = append(parts, part.word+" "+part.value)
			}
		}
		return strings.Join(parts, " ")
	}
	return "unknown"
}

// RowChange is an account row whose requirement is to change.
type RowChange struct {
	Host   string
	Former Requirement
	Wanted Requirement
}

// Back is the change that takes this one back.
func (c RowChange) Back() RowChange {
	return RowChange{Host: c.Host, Former: c.Wanted, Wanted: c.Former}
}

// Raises says that the row lets in no login afterwards that it refused before.
func (c RowChange) Raises() bool { return c.Wanted.Meets(c.Former) }
