package file

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"path"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Certificate is what a file of certificates or of a key shows to the user who reads it. No private key leaves the host.
type Certificate struct {
	Certs  string             // PEM: the certificates in it; empty for none
	Lists  string             // PEM: the lists of revoked certificates in it; empty for none
	Public seen.Value[string] // SHA-256 of the DER SubjectPublicKeyInfo of the private key in it, hex; absent where it holds none
	Header string             // of the first private key, as it stands behind BEGIN: RSA PRIVATE KEY; empty where it holds none
	Sealed bool               // a private key in it has a passphrase
}

// LookAtCertificates reads files as the user that runs the command, for which it is to be made by [shell.Line.AsUser];
// [ParseCertificates] reads what it prints.
func LookAtCertificates(names ...string) shell.Line {
	for _, name := range names {
		if !path.IsAbs(name) {
			return shell.Refuse(fmt.Errorf("%q is not the absolute path of a file", name))
		}
	}
	return shell.Script(certificatesScript, names...)
}

// certificatesScript opens regular files alone: a pipe would block for ever.
const certificatesScript = frame.Shell + `
answer() {
	for file; do
		if [ -e "$file" ] && ! [ -f "$file" ]; then
			say "file unknown it is no regular file"
		elif why=$(head -c 1 -- "$file" 2>&1 >/dev/null); then
			say "file read $(part CERTIFICATE | encode)"
			say "lists $(part 'X509 CRL' | encode)"
			public
			say "header $(head -c 1048576 -- "$file" | sed -n 's/^-----BEGIN \(.*\)PRIVATE KEY-----.*/\1KEY/p' | head -n 1)"
			if head -c 1048576 -- "$file" | grep -q -e '^-----BEGIN ENCRYPTED ' -e '^Proc-Type: 4,ENCRYPTED'; then say "sealed yes"; else say "sealed no"; fi
		else
			case $why in
			*': No such file or directory') say "file absent" ;;
			*': Permission denied') say "file closed" ;;
			*) say "file unknown $(flat "$why")" ;;
			esac
		fi
	done
}
part() {
	head -c 1048576 -- "$file" | sed -n "/^-----BEGIN $1-----/,/^-----END $1-----/p"
}
public() {
	if ! head -c 1048576 -- "$file" | grep -q -e '^-----BEGIN .*PRIVATE KEY-----'; then
		say "key absent"
	elif ! command -v openssl >/dev/null 2>&1; then
		say "key unknown openssl is not installed"
	elif text=$(openssl pkey -in "$file" -passin pass: -pubout </dev/null 2>/dev/null); then
		say "key public $(say "$text" | encode)"
	else
		say "key unknown openssl cannot read it as a private key"
	fi
}
` + frame.Open + "answer \"$@\"\n" + frame.Close

// ErrClosed is why a file is unknown that the user may not read.
const ErrClosed = "Permission denied"

// ParseCertificates gives each file by its path: absent, or unknown with the reason, which is [ErrClosed] where it may not be read.
func ParseCertificates(printed []byte, names ...string) (map[string]seen.Value[Certificate], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return nil, err
	}
	found := map[string]seen.Value[Certificate]{}
	for _, name := range names {
		if len(lines) == 0 {
			return nil, errNonsense
		}
		if found[name], lines, err = parseCertificate(lines); err != nil {
			return nil, err
		}
	}
	if len(lines) > 0 {
		return nil, errNonsense
	}
	return found, nil
}

func parseCertificate(lines []string) (found seen.Value[Certificate], rest []string, err error) {
	word, text := frame.Word(lines[0])
	state, text := frame.Word(text)
	switch {
	case word != "file":
		return found, nil, errNonsense
	case state == "absent":
		return seen.Absent[Certificate](), lines[1:], nil
	case state == "closed":
		return seen.Unknown[Certificate](ErrClosed), lines[1:], nil
	case state == "unknown":
		return seen.Unknown[Certificate](text), lines[1:], nil
	case state != "read" || len(lines) < linesOfFile:
		return found, nil, errNonsense
	}
	certs, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return found, nil, errNonsense
	}
	lists, header, sealed := "", "", ""
	for i, line := range map[int]*string{1: &lists, 3: &header, 4: &sealed} {
		word, text := frame.Word(lines[i])
		if word != [...]string{1: "lists", 3: "header", 4: "sealed"}[i] {
			return found, nil, errNonsense
		}
		*line = text
	}
	crls, err := base64.StdEncoding.DecodeString(lists)
	if err != nil {
		return found, nil, errNonsense
	}
	if kind, ok := strings.CutSuffix(header, "KEY"); ok { // nothing that leaves a host looks like a key
		header = kind + "PRIVATE KEY"
	}
	public, err := parsePublic(lines[2])
	return seen.Known(Certificate{
		Certs: string(certs), Lists: string(crls), Public: public, Header: header, Sealed: sealed == "yes",
	}), lines[linesOfFile:], err
}

// linesOfFile is how many lines tell of a file that was read.
const linesOfFile = 5

func parsePublic(line string) (seen.Value[string], error) {
	word, text := frame.Word(line)
	state, text := frame.Word(text)
	switch {
	case word != "key":
	case state == "absent":
		return seen.Absent[string](), nil
	case state == "unknown":
		return seen.Unknown[string](text), nil
	case state == "public":
		decoded, err := base64.StdEncoding.DecodeString(text)
		block, _ := pem.Decode(decoded)
		if err != nil || block == nil {
			return seen.Value[string]{}, errNonsense
		}
		sum := sha256.Sum256(block.Bytes)
		return seen.Known(hex.EncodeToString(sum[:])), nil
	}
	return seen.Value[string]{}, errNonsense
}
