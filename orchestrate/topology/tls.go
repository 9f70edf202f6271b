package topology

// TLS is what the channels must demand of their source, and where the certificates come from.
type TLS struct {
	Verify    Verify
	Source    Source
	Algorithm Algorithm // of the keys that are made; empty: the best that every server reads
	Servers   Coverage

	// Passphrase is where the passphrase of the authority's key is, where that is sealed; the zero value: a person is asked.
	Passphrase PasswordSource
}

// Verify says how much of the source's certificate a receiver checks.
type Verify string

// The levels of checking, strongest first.
const (
	VerifyIdentity Verify = "identity" // chain and host name
	VerifyChain    Verify = "chain"    // chain only
)

// Source says who makes the certificates.
type Source string

// The makers of certificates.
const (
	SourceBuiltin Source = "builtin" // this tool, into a local folder
	SourceFiles   Source = "files"   // somebody else: they are files on this machine
)

// Coverage says which servers serve TLS.
type Coverage string

// The choices.
const (
	ServersSources Coverage = "sources" // those that others replicate from
	ServersAll     Coverage = "all"     // also those that may become a source by a failover
)

// Algorithm is the kind of a key.
type Algorithm string

// The kinds of keys that can be made.
const (
	AlgorithmRSA2048 Algorithm = "rsa-2048"
	AlgorithmRSA3072 Algorithm = "rsa-3072"
	AlgorithmRSA4096 Algorithm = "rsa-4096"
	AlgorithmP256    Algorithm = "ecdsa-p256"
	AlgorithmEd25519 Algorithm = "ed25519"
)

// Algorithms are all kinds of keys that can be made.
func Algorithms() []Algorithm {
	return []Algorithm{AlgorithmRSA2048, AlgorithmRSA3072, AlgorithmRSA4096, AlgorithmP256, AlgorithmEd25519}
}

// Given are a server's own files, on the machine that runs the tool, as absolute paths: where TLS.Source is [SourceFiles].
type Given struct {
	CA    string // the bundle of authorities that the server and its receiver trust
	Cert  string // the certificate; what follows it in the file are intermediate authorities
	Key   string
	Chain string // intermediate authorities, where they are not behind the certificate; empty for none
	CRL   string // revoked certificates; empty for none
}

// TLSServers are the servers that are to serve TLS: those that others replicate from, the primary first, then the rest where the policy
// wants all.
func (c Cluster) TLSServers() []Server {
	found := c.Sources()
	if c.TLS.Servers != ServersAll {
		return found
	}
	for _, s := range c.Servers {
		if !c.IsSource(s.Name) {
			found = append(found, s)
		}
	}
	return found
}
