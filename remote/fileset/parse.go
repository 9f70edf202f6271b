package fileset

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/internal/warden"
	"github.com/replssl/replssl/remote/seen"
)

// ParseLook reads what the line of [Look] printed. It fails when the answer is not there, not whole, or not to be understood.
func ParseLook(printed []byte) (State, error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return State{}, err
	}
	p := &parser{found: map[string]found{}, files: map[string]*reading{}, reader: "nobody tried"}
	for _, line := range lines {
		if err := p.line(line); err != nil {
			return State{}, fmt.Errorf("the host's answer has the line %q: %w", shorten(line), err)
		}
	}
	return p.finish(), nil
}

var errNonsense = errors.New("which makes no sense")

func shorten(line string) string {
	const most = 80
	if len(line) > most {
		return line[:most] + "…"
	}
	return line
}

// parser collects the facts of the lines, which come in an order that the script decides. Names are those from within the folder.
type parser struct {
	found    map[string]found
	unseen   []string // what the program complained of that looks
	unsummed []string // and the one that makes digests
	ungotten []string // and the one that prints texts

	dir      seen.Value[Folder] // for a folder that is not there
	closed   string             // why nobody could enter it
	target   string             // of the link
	left     []string           // by commands that were killed
	numbers  []int
	complete bool   // the list of versions has its end
	listWhy  string // why there is none
	reader   string // why nobody could try to read
	context  string // of the key in use
	login    string
	guard    seen.Value[seen.Risk]
	within   seen.Value[seen.Risk]

	files map[string]*reading
}

// found is what stands under a name.
type found struct {
	kind  Kind
	mode  fs.FileMode
	size  int64
	owner string
}

// reading is what came of reading a file.
type reading struct {
	sum      seen.Value[string]
	lines    []string
	pem      string // why its text was not asked for
	public   seen.Value[string]
	readable seen.Value[bool]
}

func (p *parser) line(line string) error {
	if text, is := strings.CutPrefix(line, "versions/"); is {
		return p.text(text)
	}
	word, rest := frame.Word(line)
	switch word {
	case "dir":
		return p.noDir(rest)
	case "closed":
		p.closed = rest
	case "left":
		p.left = append(p.left, rest)
	case "version":
		return p.version(rest)
	case "list":
		return p.list(rest)
	case "link":
		p.target = rest
	case "link64":
		return p.link64(rest)
	case "context":
		p.context = rest
	case "login":
		p.login = rest
	case "guard":
		return risk(&p.guard, rest)
	case "within":
		return risk(&p.within, rest)
	case "reader":
		return p.noReader(rest)
	case "unseen":
		p.unseen = append(p.unseen, rest)
	case "unsummed":
		p.unsummed = append(p.unsummed, rest)
	case "grep:":
		p.ungotten = append(p.ungotten, line)
	case "file":
		return p.file(rest)
	default:
		return p.detail(word, rest)
	}
	return nil
}

func risk(to *seen.Value[seen.Risk], text string) (err error) {
	*to, err = warden.Parse(text)
	return err
}

func (p *parser) noDir(text string) error {
	switch word, why := frame.Word(text); word {
	case "absent":
		p.dir = seen.Absent[Folder]()
	case "unknown":
		p.dir = seen.Unknown[Folder](why)
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
	for _, name := range Names() {
		p.files[at(number, name)] = &reading{}
	}
	return nil
}

// at is where a file lies in the folder of a set.
func at(version int, name Name) string { return fmt.Sprintf("versions/%d/%s", version, name) }

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

func (p *parser) link64(text string) error {
	target, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errNonsense
	}
	p.target = strings.TrimSuffix(string(target), "\n")
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

// file is a line of NAME, type and mode in hex, size, user ID, and user.
func (p *parser) file(text string) error {
	parts := strings.SplitN(text, " ", 5)
	if len(parts) != 5 {
		return errNonsense
	}
	bits, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return errNonsense
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || size < 0 {
		return errNonsense
	}
	p.found[parts[0]] = found{kind: kind(bits), mode: fs.FileMode(bits) & fs.ModePerm, size: size, owner: parts[4]}
	return nil
}

// kind is what the type bits of a file say.
func kind(bits uint64) Kind {
	switch bits >> 12 {
	case 0x4:
		return Directory
	case 0x8:
		return Regular
	case 0xa:
		return Symlink
	default:
		return Other
	}
}

// detail is a line about a file of a version that was announced.
func (p *parser) detail(word, text string) error {
	name, rest := frame.Word(text)
	file := p.files[name]
	if file == nil {
		return errNonsense
	}
	isKey := strings.HasSuffix(name, string(Key))
	switch {
	case word == "sha256":
		return digestOr(&file.sum, rest, parseDigest)
	case word == "public" && isKey:
		if rest == "absent" {
			file.public = seen.Absent[string]()
			return nil
		}
		return digestOr(&file.public, rest, parsePublic)
	case word == "read":
		return readable(&file.readable, rest)
	case word == "pem" && !isKey:
		unknown, why := frame.Word(rest)
		file.pem = why
		return onlyIf(unknown == "unknown")
	}
	return errNonsense
}

func onlyIf(sense bool) error {
	if !sense {
		return errNonsense
	}
	return nil
}

// text is a line of a file's text, behind the name of the file.
func (p *parser) text(line string) error {
	name, text, _ := strings.Cut(line, ":")
	file := p.files["versions/"+name]
	if file == nil || strings.HasSuffix(name, string(Key)) {
		return errNonsense
	}
	file.lines = append(file.lines, text)
	return nil
}

func digestOr(to *seen.Value[string], text string, parse func(string) (string, error)) error {
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

func parseDigest(text string) (string, error) {
	if sum, err := hex.DecodeString(text); err != nil || len(sum) != digestSize {
		return "", errNonsense
	}
	return strings.ToLower(text), nil
}

// parsePublic makes the digest of a public key that is given as PEM, with blanks for its line breaks.
func parsePublic(text string) (string, error) {
	text, begun := strings.CutPrefix(text, "-----BEGIN PUBLIC KEY----- ")
	text, ended := strings.CutSuffix(text, " -----END PUBLIC KEY-----")
	der, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, " ", ""))
	if !begun || !ended || err != nil || len(der) == 0 {
		return "", errNonsense
	}
	return digest(string(der)), nil
}
