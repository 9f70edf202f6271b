package pki

import "net/netip"

// Reader is what a server can make of certificates and keys. The zero value is a current server, which reads everything that is judged
// good here.
type Reader struct {
	Who  string // the server and its version, for texts: "db2 (MySQL 5.6.24)"
	Host string // the name by which it connects to the certificate's owner; empty: any of the wanted names

	RSAOnly        bool // keys and signatures of elliptic curves are not read: its own and its peers'
	NoEd25519      bool // Ed25519 is not read, ECDSA is
	PKCS1Only      bool // its own key is read in PKCS#1 alone
	CommonNameOnly bool // as a receiver it compares the host with the common name, and looks at no alternative name
	NoAddresses    bool // as a receiver it looks for the address by which it calls its source in the common name alone
	NoCRL          bool // it reads no lists of revoked certificates
	WholeChainInCA bool // it takes its own certificate anew only where its authorities up to the root are all in the CA file
	FirstCertOnly  bool // of its own certificate file it reads the first certificate and sends no other
}

// Reads says that the server takes certificates with keys of this kind, its own and its peers', and their signatures.
func (r Reader) Reads(kind KeyKind) bool {
	switch kind {
	case RSA2048, RSA3072, RSA4096:
		return true
	case P256:
		return !r.RSAOnly
	case Ed25519:
		return !r.RSAOnly && !r.NoEd25519
	}
	return false
}

// ReadsForm says that the server can load a key of its own that is written in this form.
func (r Reader) ReadsForm(form KeyForm) bool { return !r.PKCS1Only || form == PKCS1 }

// Calling tells what it compares as a receiver that connects to its source by this host.
func (r Reader) Calling(host string) Reader {
	_, err := netip.ParseAddr(host)
	r.Host = host
	r.CommonNameOnly = r.CommonNameOnly || r.NoAddresses && err == nil
	return r
}

// On names the server whose version the reader tells so far.
func (r Reader) On(server string) Reader {
	r.Who = server + " (" + r.Who + ")"
	return r
}
