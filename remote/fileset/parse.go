package fileset

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
)

// ParseLook reads what the line of [Look] printed. It fails when the answer is not there, not whole, or not to be understood.
func ParseLook(printed []byte) (State, error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return State{}, err
	}
	p := &parser{files: map[string]*File{}, standing: map[string]seen.Value[File]{}, reader: "nobody tried"}
	for _, line := range lines {
		if err := p.line(line); err != nil {
			return State{}, fmt.Errorf("the host's answer has the line %q: %w", shorten(line), err)
		}
	}
	return p.finish(), nil
}

func shorten(line string) string {
	const most = 80
	if len(line) > most {
		return line[:most] + "…"
	}
	return line
}

// parser collects the facts of the lines, which come in an order that the script decides.
type parser struct {
	state    State
	numbers  []int
	complete bool   // the list of versions has its end
	listWhy  string // why there is none
	reader   string // why nobody could try to read

	files    map[string]*File            // by VERSION/NAME
	standing map[string]seen.Value[File] // of those that are not there or could not be looked at
}

func (p *parser) line(line string) error {
	word, rest := frame.Word(line)
	switch word {
	case "dir":
		return p.folder(&p.state.Dir, rest)
	case "versions":
		return p.folder(&p.state.Root, rest)
	case "current":
		return p.current(rest)
	case "version":
		return p.version(rest)
	case "list":
		return p.list(rest)
	case "reader":
		return p.noReader(rest)
	case "file":
		return p.file(rest)
	default:
		return p.detail(word, rest)
	}
}

// absentOr reads the two answers that every look has in common; done is false for the others.
func absentOr[T any](to *seen.Value[T], text string) (done bool) {
	switch word, why := frame.Word(text); word {
	case "absent":
		*to = seen.Absent[T]()
	case "unknown":
		*to = seen.Unknown[T](why)
	default:
		return false
	}
	return true
}

func (p *parser) folder(to *seen.Value[Folder], text string) error {
	if absentOr(to, text) {
		return nil
	}
	word, rest := frame.Word(text)
	folder := Folder{Kind: Kind(word)}
	switch folder.Kind {
	case Directory:
		mode, owner := frame.Word(rest)
		var err error
		if folder.Mode, err = parseMode(mode); err != nil {
			return err
		}
		folder.Owner = owner
	case Regular, Symlink, Other:
	default:
		return errNonsense
	}
	*to = seen.Known(folder)
	return nil
}

func (p *parser) current(text string) error {
	if absentOr(&p.state.Current, text) {
		return nil
	}
	word, rest := frame.Word(text)
	switch word {
	case "other":
		p.state.Current = seen.Known(Link{Kind: Other})
	case "link":
		target, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return errNonsense
		}
		p.state.Current = seen.Known(Link{Kind: Symlink, Target: strings.TrimSuffix(string(target), "\n")})
	default:
		return errNonsense
	}
	return nil
}

func (p *parser) version(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > maxVersion || strconv.Itoa(number) != text || slices.Contains(p.numbers, number) {
		return errNonsense
	}
	p.numbers = append(p.numbers, number)
	return nil
}

func (p *parser) list(text string) error {
	word, why := frame.Word(text)
	switch word {
	case "complete":
		p.complete = true
	case "unknown":
		p.listWhy = why
	default:
		return errNonsense
	}
	return nil
}

func (p *parser) noReader(text string) error {
	word, why := frame.Word(text)
	if word != "unknown" {
		return errNonsense
	}
	p.reader = why
	return nil
}

func (p *parser) file(text string) error {
	at, rest := frame.Word(text)
	if !p.known(at) {
		return errNonsense
	}
	var none seen.Value[File]
	if absentOr(&none, rest) {
		p.standing[at] = none
		return nil
	}
	parts := strings.Fields(rest)
	if len(parts) != 3 {
		return errNonsense
	}
	mode, err := parseMode(parts[1])
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || size < 0 {
		return errNonsense
	}
	switch kind := Kind(parts[0]); kind {
	case Regular, Directory, Symlink, Other:
		p.files[at] = &File{Kind: kind, Mode: mode, Size: size}
		return nil
	default:
		return errNonsense
	}
}

// known tells that a file belongs to a version that was announced.
func (p *parser) known(at string) bool {
	number, name, _ := strings.Cut(at, "/")
	return slices.Contains(Names(), Name(name)) &&
		slices.ContainsFunc(p.numbers, func(n int) bool { return strconv.Itoa(n) == number })
}

// detail is a line about a file that was announced.
func (p *parser) detail(word, text string) error {
	at, rest := frame.Word(text)
	file := p.files[at]
	if file == nil {
		return errNonsense
	}
	isKey := strings.HasSuffix(at, string(Key))
	switch {
	case word == "owner":
		file.Owner = rest
		return nil
	case word == "sha256":
		return text64(&file.SHA256, rest, parseDigest)
	case word == "pem" && !isKey:
		return text64(&file.PEM, rest, parseBase64)
	case word == "public" && isKey:
		return text64(&file.PublicKey, rest, parsePublic)
	case word == "read":
		return readable(&file.Readable, rest)
	default:
		return errNonsense
	}
}

func text64(to *seen.Value[string], text string, parse func(string) (string, error)) error {
	if word, why := frame.Word(text); word == "unknown" {
		*to = seen.Unknown[string](why)
		return nil
	}
	value, err := parse(text)
	if err == nil {
		*to = seen.Known(value)
	}
	return err
}

func readable(to *seen.Value[bool], text string) error {
	switch word, why := frame.Word(text); word {
	case "yes":
		*to = seen.Known(true)
	case "no":
		*to = seen.Known(false)
	case "unknown":
		*to = seen.Unknown[bool](why)
	default:
		return errNonsense
	}
	return nil
}

func parseMode(text string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(text, 8, 12)
	if err != nil {
		return 0, errNonsense
	}
	return fs.FileMode(bits) & fs.ModePerm, nil
}

func parseDigest(text string) (string, error) {
	if sum, err := hex.DecodeString(text); err != nil || len(sum) != sha256.Size {
		return "", errNonsense
	}
	return strings.ToLower(text), nil
}

func parseBase64(text string) (string, error) {
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", errNonsense
	}
	return string(content), nil
}

// parsePublic makes the digest of a public key that is given as PEM.
func parsePublic(text string) (string, error) {
	content, err := parseBase64(text)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(content))
	if block == nil || block.Type != "PUBLIC KEY" {
		return "", errNonsense
	}
	return digest(string(block.Bytes)), nil
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}
