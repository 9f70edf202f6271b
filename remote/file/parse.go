package file

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
)

// ParseReadMany gives for each pick the files it found, sorted by path. A pick with a star is absent when its folder is, and
// unknown when its folder could not be listed; a file that was picked by its name is always found, if only as absent.
func ParseReadMany(printed []byte) ([]seen.Value[[]Found], error) {
	body, err := frame.Body(printed)
	if err != nil {
		return nil, err
	}
	head, texts, found := strings.Cut(body, "\ntexts\n")
	if !found {
		return nil, errNonsense
	}
	var p parser
	for line := range strings.SplitSeq(head, "\n") {
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	if len(p.stats) != len(p.files) {
		return nil, errNonsense
	}
	if err := p.contents(texts); err != nil {
		return nil, err
	}
	return p.picks(), nil
}

// ErrChanged says that files came, went or were written while they were read; it is worth another look.
var ErrChanged = errors.New("the files changed while they were read")

// errNonsense quotes nothing of the answer, which may hold a secret.
var errNonsense = errors.New("the host's answer about the files makes no sense")

// parser collects what the host told, in its order.
type parser struct {
	heads    []seen.Value[[]Found] // of the picks: known ones get their files in the end
	files    []*listed
	telling  bool // all files were named; what stat says of them comes next
	stats    []string
	finished []seen.Value[Content]
}

// listed is a file that a pick found.
type listed struct {
	pick   int
	path   string
	state  string // there, dangling or none
	unread string // why it could not be read
}

func (p *parser) line(line string) error {
	if p.telling && len(p.stats) < len(p.files) {
		p.stats = append(p.stats, line)
		return nil
	}
	word, rest := frame.Word(line)
	switch {
	case word == "unread":
		return p.unread(rest)
	case p.telling:
		return errNonsense
	case word == "pick":
		return p.pick(rest)
	case word == "path":
		return p.path(rest, func(name string) (string, error) { return name, nil })
	case word == "path64":
		return p.path(rest, decode)
	case line == "facts":
		p.telling = true
		return nil
	}
	return errNonsense
}

func (p *parser) pick(text string) error {
	head := seen.Known([]Found{})
	switch word, why := frame.Word(text); word {
	case "absent":
		head = seen.Absent[[]Found]()
	case "unknown":
		head = seen.Unknown[[]Found](why)
	case "present":
	default:
		return errNonsense
	}
	p.heads = append(p.heads, head)
	return nil
}

func (p *parser) path(text string, read func(string) (string, error)) error {
	state, rest := frame.Word(text)
	path, err := read(rest)
	if err != nil || path == "" || len(p.heads) == 0 || !slices.Contains([]string{"there", "dangling", "none"}, state) {
		return errNonsense
	}
	p.files = append(p.files, &listed{pick: len(p.heads) - 1, path: path, state: state})
	return nil
}

// decode undoes the encoding of a path with a line break in it.
func decode(text string) (string, error) {
	path, err := base64.StdEncoding.DecodeString(text)
	return strings.TrimSuffix(string(path), "\n"), err
}

// unread is a line of the file's place, counted from the last one, and why it could not be read.
func (p *parser) unread(text string) error {
	place, why := frame.Word(text)
	left, err := strconv.Atoi(place)
	if err != nil || left < 1 || left > len(p.files) || why == "" {
		return errNonsense
	}
	p.files[len(p.files)-left].unread = why
	return nil
}

// contents reads the texts, which come one after the other, each behind a head with its path.
func (p *parser) contents(texts string) error {
	if texts != "" {
		texts = "\n" + texts // as before the later heads
	}
	for i, file := range p.files {
		content, rest, err := file.content(p.stats[i], texts)
		if err != nil {
			return err
		}
		p.finished, texts = append(p.finished, content), rest
	}
	if texts != "" {
		return ErrChanged
	}
	return nil
}

func (p *parser) picks() []seen.Value[[]Found] {
	for i, file := range p.files {
		all, _ := p.heads[file.pick].Get()
		p.heads[file.pick] = seen.Known(append(all, Found{Path: file.path, Content: p.finished[i]}))
	}
	for _, head := range p.heads {
		all, _ := head.Get()
		slices.SortFunc(all, func(a, b Found) int { return strings.Compare(a.Path, b.Path) })
	}
	return p.heads
}

// content is what there is to say of a file, by the line that stat printed, and the texts without its own. Only a complaint that there is
// no such file is absence.
func (f *listed) content(stat, texts string) (content seen.Value[Content], rest string, err error) {
	facts, found := strings.CutPrefix(stat, "file ")
	switch {
	case found != (f.state == "there"):
		return content, "", ErrChanged
	case f.state == "dangling":
		return seen.Unknown[Content]("its link cannot be followed: " + stat), texts, nil
	case strings.HasSuffix(stat, ": No such file or directory"):
		return seen.Absent[Content](), texts, nil
	case !found:
		return seen.Unknown[Content](stat), texts, nil
	}
	about, err := parseAttributes(facts)
	if err != nil {
		return content, "", err
	}
	text, rest, err := f.text(about.size, texts)
	return f.judge(about, text), rest, err
}

// attributes are what stat tells of a file.
type attributes struct {
	regular bool
	size    int64
	content Content // without its text
}

// parseAttributes reads type and mode in hex, the size, and user:group.
func parseAttributes(text string) (attributes, error) {
	parts := strings.SplitN(text, " ", 3)
	if len(parts) != 3 {
		return attributes{}, errNonsense
	}
	bits, bitsErr := strconv.ParseUint(parts[0], 16, 32)
	size, sizeErr := strconv.ParseInt(parts[1], 10, 64)
	owner, group, found := strings.Cut(parts[2], ":")
	if errors.Join(bitsErr, sizeErr) != nil || !found || size < 0 {
		return attributes{}, errNonsense
	}
	const kind, regular = 12, 8
	return attributes{
		regular: bits>>kind == regular, size: size,
		content: Content{Mode: fs.FileMode(bits) & fs.ModePerm, Owner: owner, Group: group},
	}, nil
}

// text takes the file's own text off the others; nil when it was not printed.
func (f *listed) text(size int64, texts string) (text *string, rest string, err error) {
	rest, found := strings.CutPrefix(texts, "\n==> "+f.path+" <==\n")
	if !found {
		return nil, texts, nil
	}
	size = min(size, MaxSize+1)
	if int64(len(rest)) < size {
		return nil, "", ErrChanged
	}
	own := rest[:size]
	return &own, rest[size:], nil
}

func (f *listed) judge(about attributes, text *string) seen.Value[Content] {
	switch {
	case !about.regular:
		return seen.Unknown[Content]("it is not a regular file")
	case about.size > MaxSize:
		return seen.Unknown[Content](fmt.Sprintf("it is too large: %d bytes", about.size))
	case f.unread != "":
		return seen.Unknown[Content](f.unread)
	case text == nil:
		return seen.Unknown[Content]("the host did not print it")
	}
	content := about.content
	content.Text = secret.New(*text)
	return seen.Known(content)
}
