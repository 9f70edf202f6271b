package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/replssl/replssl/orchestrate/topology"
)

// ServedTLS is what a server showed in a TLS handshake.
type ServedTLS struct {
	Chain   string // PEM, leaf first
	Version string
	Cipher  string
}

// TLSSettings are the TLS variables of a running server.
type TLSSettings struct {
	Enabled       bool
	CA, Cert, Key string
	CRL           string
}

// Path is one of [TLSSettings.Paths].
type Path struct{ Name, Value string }

// Paths are those of the settings with the names of their variables, in an order that is always the same. An empty one is not set.
func (s TLSSettings) Paths() []Path {
	return []Path{{"ssl_ca", s.CA}, {"ssl_cert", s.Cert}, {"ssl_key", s.Key}, {"ssl_crl", s.CRL}}
}

// TLSPaths are settings with the paths that a variable of each name has.
func TLSPaths(of func(name string) string) TLSSettings {
	return TLSSettings{CA: of("ssl_ca"), Cert: of("ssl_cert"), Key: of("ssl_key"), CRL: of("ssl_crl")}
}

// IsTLSPath says that [TLSSettings.Paths] has one of that name.
func IsTLSPath(name string) bool {
	return slices.ContainsFunc(TLSSettings{}.Paths(), func(p Path) bool { return p.Name == name })
}

// Config is what the server's configuration files say about TLS.
type Config struct {
	DefaultsFile string
	IncludeDir   string        // the include folder that is read last; empty for none
	OwnPath      string        // where our file belongs; empty without an include folder
	Own          Value[string] // the text of our file
	Later        []Setting     // TLS settings read after our file, which win over what it says of the same
	Suffix       string        // of --defaults-group-suffix: the group [mysqldSUFFIX] is read by servers that were started with it alone

	// Settings are all TLS settings that the next start would read, in the order in which it would; of several the last wins.
	Settings []Setting

	// Open are option files that the server passes over, since anybody may write to them.
	Open []string

	Risk Value[Risk] // of the include folder; absent: nobody else could put a file there

	// Others are the running servers of the host, other than this one, that read our file and the group in it too; empty for none.
	Others Value[[]string]
}

// Check is the outcome of a server's own configuration check.
type Check struct {
	OK   bool
	Text string // what the server said when it refused
}

// DirKind is what stands at the path of a TLS dir.
type DirKind string

// The kinds.
const (
	DirAbsent DirKind = "absent"
	DirReal   DirKind = "directory"
	DirOther  DirKind = "other" // a file, a link, or a folder that others may write to
)

// TLSDir is the folder of the certificate sets on a host.
type TLSDir struct {
	Kind    DirKind
	Fault   string // for DirOther: what is wrong with it
	Open    string // what others may write to, though a set is in use and the folder's owner is right: that can be put right in place
	Current int    // the version in use, 0 for none
	Sets    map[int]FileSet
	Risk    Value[Risk] // of the folder, the one of the sets and those that lead there; absent: nobody else could change them
	Left    []string    // what runs that died have left on the host: parts of sets, with their keys perhaps
}

// Risk is that others than root and the user who works on a host could change a folder, or put another in its place: nothing is written there.
// What [TLSDir.Open] tells is none.
type Risk struct {
	Why  string // each folder, and by whom
	Cure string // the commands that mend it
}

// CurrentSet is the set in use.
func (d TLSDir) CurrentSet() (FileSet, bool) {
	set, ok := d.Sets[d.Current]
	return set, ok && d.Current != 0
}

// FileSet is one version of ca.pem, cert.pem and key.pem on a host, and of crl.pem where there is one.
type FileSet struct {
	CA, Cert  string        // PEM
	CRL       string        // PEM; empty: the set has none
	KeyDigest string        // SHA-256 of the file key.pem, hex
	KeyPublic Value[string] // SHA-256 of the key's DER SubjectPublicKeyInfo, hex; absent: the file holds no key that could be read
	Readable  Value[bool]   // by the OS user of the server, tried by reading
	Faults    []string      // missing files, and what is no file
	Loose     []string      // modes and owners that are not as they should be, which can be put right in place
	Owner     string        // of its folder, where that is neither root nor the user who works on the host: it is loose then; else empty
	Exposed   bool          // others than the owner and the group of key.pem could read it
}

// Digest tells one content of a set from another.
func (s FileSet) Digest() string { return setDigest(s.CA, s.Cert, s.KeyDigest, s.CRL) }

func setDigest(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		one := sha256.Sum256([]byte(part))
		sum.Write(one[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Confined is what an AppArmor profile that is enforced on the server lets it read; or that SELinux is, with a policy that has no rule for
// the type of the key in use.
type Confined struct {
	KeyType string // of SELinux; empty where AppArmor is meant

	Profile string
	File    string      // that has the profile; empty where it was not found
	Place   string      // the file where a rule of one's own belongs
	Reads   Value[bool] // sets in the TLS dir, by the texts of the profile
	Usual   bool        // whether it would read them in /etc/mysql/ssl
}

// Source is where a password can be had.
type Source string

// Attempt is the outcome of a login.
type Attempt struct {
	OK    bool
	Errno int    // 0 when the server gave none
	Text  string // of the refusal
}

// Trial is the outcome of a login over TLS with given files.
type Trial struct {
	Attempt
	Serial string // of the certificate that the server showed

	// Issuer and Subject are those of the certificate that the server asked for and got, in the one-line form of REQUIRE; empty: it got none.
	Issuer, Subject string

	Presented string // its serial number, in hexadecimal
}

// Store is the local folder of certificates.
type Store struct {
	CA     Value[string] // PEM; absent when there is no authority yet
	Leaves map[topology.ServerName]map[int]Leaf

	// Issuer is the authority that issues, Next the one that is to succeed it, and Former the one that it has succeeded, each as PEM; empty where there is
	// none, or where which one issues is not known. All that count are in CA.
	Issuer, Next, Former string

	// Given are the servers' own files on this machine, where the inventory names some. CA and Cert are as they go to the host.
	Given map[topology.ServerName]Value[Leaf]

	Refused map[topology.ServerName]RefusedFile // of those that are not known, the file that is why
}

// RefusedFile is a file on this machine that cannot be used as it is.
type RefusedFile struct {
	Path string
	Code string // of package pki, or of lint; empty where there is none for it
	Why  string
}

// Leaf is one issued set in the local folder, or a set of given files.
type Leaf struct {
	CA, Cert  string // PEM
	CRL       string // PEM; empty: the set has none
	KeyDigest string // SHA-256 of the file key.pem, hex
	KeyPublic string // SHA-256 of the key's DER SubjectPublicKeyInfo, hex
	KeyForm   string // how key.pem is written: PKCS#1, PKCS#8, SEC 1; empty where nobody needs to know it
}

// Digest tells one content of a set from another: it is that of the [FileSet] which the leaf becomes on a host.
func (l Leaf) Digest() string { return setDigest(l.CA, l.Cert, l.KeyDigest, l.CRL) }
