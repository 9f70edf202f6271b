package facts

import "cmp"

// Setting is a TLS setting that a server reads when it starts.
type Setting struct {
	Name  string // in full, with underscores: ssl_ca
	Value string // of a switch: 1 or 0
	Place string // FILE:LINE, [CommandLine], or the file of what the server persists
	Text  string // as it stands there
}

// CommandLine is the place of a setting that was given to the running process as an argument.
const CommandLine = "command line"

// String leaves the value as it was written.
func (s Setting) String() string { return s.Place + ": " + s.Text }

// Variable is a TLS variable of a running server.
type Variable struct {
	Value   string
	Default string // what it would be without any setting
	Origin  Origin
	File    string // that the value was read from; empty where the server names none
}

// Origin says where a running server has the value of a variable from.
type Origin string

// The origins.
const (
	FromNothing   Origin = "default"
	FromFile      Origin = "option file"
	FromArguments Origin = CommandLine
	FromRunTime   Origin = "run time" // SET GLOBAL, which a restart forgets
	FromPersisted Origin = "persisted"
	FromSomewhere Origin = "not told by this version" // it was set, in a file or by an argument
)

// From words where the value comes from, as precisely as the server tells.
func (v Variable) From() string { return cmp.Or(v.File, string(v.Origin)) }

// Named is a certificate file that a server is told to read: when it starts, one that stands outside of its TLS dir; or for a channel.
type Named struct {
	Readable Value[bool]   // by the OS user of the server, tried by reading; absent: there is no such file
	Certs    string        // PEM: the certificates in the file; empty for none
	CRLs     string        // PEM: the lists of revoked certificates in it; empty for none
	Public   Value[string] // SHA-256 of the DER SubjectPublicKeyInfo of the private key in it, hex; absent where it holds none
	KeyForm  string        // how that key is written, as of package pki; empty where it is not known
	Sealed   bool          // that key has a passphrase
}
