package fileset

import (
	"io/fs"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/seen"
)

// Kind is what stands under a name.
type Kind string

// The kinds.
const (
	Directory Kind = "directory"
	Regular   Kind = "regular"
	Symlink   Kind = "symlink"
	Other     Kind = "other"
)

// State is what [Look] found. What it does not mention is unknown.
type State struct {
	Dir      seen.Value[Folder] // the folder of the set
	Root     seen.Value[Folder] // DIR/versions
	Current  seen.Value[Link]
	Versions seen.Value[[]Version] // in the order of their numbers
	Left     []string              // names of what commands that were killed left behind, keys perhaps: [Prune] removes it

	// Guard is who else than root and the user who looked could plant something in the folder, or put another in its place: absent for nobody.
	// The commands that change the set refuse where it is not absent; Within has the folder of the versions too, and [Repair] alone does not
	// mind what else that tells.
	Guard  seen.Value[seen.Risk]
	Within seen.Value[seen.Risk]

	// Login is the user who looked; empty where the host did not tell.
	Login string

	// Context is that of current/key.pem, as SELinux has it: empty where SELinux enforces nothing, or where the host did not tell.
	Context string
}

// Folder is what stands where a folder should be; for any kind but Directory nobody looked further.
type Folder struct {
	Kind  Kind
	Mode  fs.FileMode // permission bits
	Owner string
}

// Link is what stands under DIR/current.
type Link struct {
	Kind   Kind   // Symlink, or Other for what cannot be switched
	Target string // of a symlink
}

// Version is the version that the link points to, and false when it points elsewhere.
func (l Link) Version() (int, bool) {
	text, found := strings.CutPrefix(l.Target, "versions/")
	number, err := strconv.Atoi(text)
	if !found || err != nil || number < 1 || strconv.Itoa(number) != text {
		return 0, false
	}
	return number, true
}

// Version is one version of the set.
type Version struct {
	Number int
	Folder seen.Value[Folder] // of its files
	CA     seen.Value[File]
	Cert   seen.Value[File]
	Key    seen.Value[File]
	CRL    seen.Value[File] // absent where the set has none
}

// File gives one of the files by its name; unknown for another name.
func (v Version) File(name Name) seen.Value[File] {
	if file := v.file(name); file != nil {
		return *file
	}
	return seen.Unknown[File]("there is no such file in a set")
}

func (v *Version) file(name Name) *seen.Value[File] {
	switch name {
	case CA:
		return &v.CA
	case Cert:
		return &v.Cert
	case Key:
		return &v.Key
	case CRL:
		return &v.CRL
	default:
		return nil
	}
}

// File is what was seen of one file. Of a key no byte is here, only digests.
type File struct {
	Kind  Kind
	Mode  fs.FileMode // permission bits
	Owner string
	Size  int64

	SHA256    seen.Value[string] // of the file, in hex
	PEM       seen.Value[string] // the content, of all files but key.pem
	PublicKey seen.Value[string] // SHA-256 of the key's DER SubjectPublicKeyInfo, in hex; of key.pem only. Absent: openssl reads no private key in it
	Readable  seen.Value[bool]   // by the reader whom Look was given, tried on this path
}
