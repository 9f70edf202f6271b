// Package fileset lays down a set of PEM files on a host as a versioned folder, switches between versions in one rename, and
// tells what is there.
//
// A server opens the files of a set one after the other, so files that are replaced one by one can be read mixed. Here they
// are DIR/versions/N/{ca,cert,key}.pem, and crl.pem where there is one, complete before they have that name and with a content that
// never changes after, and DIR/current is a link to one of the versions. The package does no IO: it makes command lines, and parses what they print.
package fileset

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/shell"
)

// Name is the name of a file in a set.
type Name string

// The files of a set.
const (
	CA   Name = "ca.pem"
	Cert Name = "cert.pem"
	Key  Name = "key.pem"
	CRL  Name = "crl.pem"
)

// Names are the files of a set, in the order in which they are packed.
func Names() []Name { return []Name{CA, Cert, Key, CRL} }

// Optional says that a set is complete without this file.
func (n Name) Optional() bool { return n == CRL }

// Files is the content of a set.
type Files struct {
	CA   []byte
	Cert []byte
	Key  secret.Text
	CRL  []byte // empty: the set has none
}

// members are the files that there are, in their order.
func (f Files) members() []member {
	all := []member{{CA, publicMode, string(f.CA)}, {Cert, publicMode, string(f.Cert)}, {Key, keyMode, f.Key.Reveal()}}
	if len(f.CRL) > 0 {
		all = append(all, member{CRL, publicMode, string(f.CRL)})
	}
	return all
}

type member struct {
	name Name
	mode int64
	text string
}

// Pack makes the archive that [Install] reads, behind a line of the files' digests: a part of it is never taken for the whole. It
// holds the private key: it goes to the command's input and nowhere else.
func Pack(files Files) ([]byte, error) {
	if len(files.CA) == 0 || len(files.Cert) == 0 || files.Key.IsZero() {
		return nil, errors.New("a set of files needs a CA, a certificate and a key")
	}
	return pack(files.members())
}

// PackCA makes the archive that [Derive] reads.
func PackCA(authorities []byte) ([]byte, error) {
	if len(authorities) == 0 {
		return nil, errors.New("a set of files needs a CA")
	}
	return pack([]member{{CA, publicMode, string(authorities)}})
}

func pack(members []member) ([]byte, error) {
	digests := make([]string, len(members))
	for i, member := range members {
		digests[i] = digest(member.text)
	}
	var archive bytes.Buffer
	_, _ = fmt.Fprintln(&archive, strings.Join(digests, " "))
	writer := tar.NewWriter(&archive)
	for _, member := range members {
		header := &tar.Header{Name: string(member.name), Mode: member.mode, Size: int64(len(member.text)), Format: tar.FormatUSTAR}
		if err := writer.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("packing %s: %w", member.name, err)
		}
		if _, err := io.WriteString(writer, member.text); err != nil {
			return nil, fmt.Errorf("packing %s: %w", member.name, err)
		}
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return archive.Bytes(), nil
}

const (
	publicMode = 0o644
	keyMode    = 0o600
)

// Install unpacks an archive of [Pack], which is the command's input, as a version of the set. Missing folders are made. The
// key is readable by its owner only; as root the files are given to owner, unless that is empty.
//
// A version that is there already is left alone: with the same bytes that is success, with other bytes a failure.
func Install(dir string, version int, owner string) shell.Line {
	return owned(installScript, dir, version, owner)
}

// InstallAndSwitch does the work of [Install] and then that of [Switch] in one command. In between it lets owner, unless that is empty,
// read the files where they lie: nothing points at files that the server could not read.
func InstallAndSwitch(dir string, version int, owner string) shell.Line {
	return owned(installAndSwitchScript, dir, version, owner)
}

// Derive lays down a version that has the files of another, but for the authorities, which are an archive of [PackCA], the command's input, and lets
// owner read it, unless that is empty. No private key leaves the host. [ExitUnreadable] says that owner could not.
func Derive(dir string, version, from int, owner string) shell.Line {
	if from < 1 || from > maxVersion || from == version {
		return shell.Refuse(fmt.Errorf("%d is not the number of another version", from))
	}
	return owned(deriveScript, dir, version, owner, strconv.Itoa(from))
}

// Exit statuses of [InstallAndSwitch] by which the version is there, complete, and current still points where it did. With any other but 0 it
// is not known that the version is there.
const (
	ExitUnreadable  = 3 // owner was seen not to be able to read the files
	ExitNotSwitched = 4
)

// Switch makes current point to a complete version, in one rename. When it does already, nothing changes.
func Switch(dir string, version int) shell.Line { return versioned(switchScript, dir, version) }

// Unswitch removes the link current: it takes the first switch back.
func Unswitch(dir string) shell.Line { return inFolder(unswitchScript, dir) }

// Look tells all about a set in one command; [ParseLook] reads what it prints. It changes nothing. The reader is the OS user
// who will have to read the files, by really trying; empty for nobody.
//
// Known are SHA-256 digests of key files, in hex, whose public half the caller has already. It is unknown for such a key, since
// telling it is the dearest part of a look.
func Look(dir, reader string, known ...string) shell.Line {
	if strings.HasPrefix(reader, "-") {
		return shell.Refuse(fmt.Errorf("%q is not the name of an OS user", reader))
	}
	return inFolder(lookScript, dir, append([]string{reader}, known...)...)
}

func owned(script, dir string, version int, owner string, more ...string) shell.Line {
	if owner != strings.TrimSpace(owner) || strings.HasPrefix(owner, "-") {
		return shell.Refuse(fmt.Errorf("%q is not the name of an OS user", owner))
	}
	return versioned(script, dir, version, append([]string{owner}, more...)...)
}

func versioned(script, dir string, version int, args ...string) shell.Line {
	if version < 1 || version > maxVersion {
		return shell.Refuse(fmt.Errorf("%d is not the number of a version", version))
	}
	return inFolder(script, dir, append([]string{strconv.Itoa(version)}, args...)...)
}

// maxVersion keeps version numbers within nine digits, so that no shell's arithmetic is in doubt.
const maxVersion = 999_999_999

// maxPath is what servers keep of the path of a TLS file.
const maxPath = 511

// inFolder refuses a folder whose name is relative, or not in its plain form: "x/" names what the link x points to, and a test
// for the link would miss it.
func inFolder(script, dir string, args ...string) shell.Line {
	if longest := path.Join(dir, "versions", strconv.Itoa(maxVersion), string(Cert)); len(longest) > maxPath {
		return shell.Refuse(fmt.Errorf("%.40s… is too long a path: servers cut the names of files to %d bytes, silently", dir, maxPath))
	}
	if !path.IsAbs(dir) || path.Clean(dir) != dir || dir == "/" {
		return shell.Refuse(fmt.Errorf("%q is not the absolute path of a folder in its plain form", dir))
	}
	return shell.Script(script, append([]string{dir}, args...)...)
}
