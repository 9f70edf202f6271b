package process

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
)

// parts are the texts of an answer by their names, and why others are missing.
type parts struct {
	head  string // what the line "process" said
	texts map[string]string
	whys  map[string]string
	users map[int]string
}

func (p *parts) add(line string) error {
	name, rest := frame.Word(line)
	switch name {
	case "process":
		p.head = rest
		return nil
	case "user":
		return p.addUser(rest)
	}
	word, value := frame.Word(rest)
	switch word {
	case "text":
		text, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return fmt.Errorf("the host's %s cannot be decoded: %w", name, err)
		}
		p.texts[name] = string(text)
	case "unknown":
		p.whys[name] = value
	default:
		return fmt.Errorf("the host's answer has the line %.80q, which makes no sense", line)
	}
	return nil
}

func (p *parts) addUser(text string) error {
	number, rest := frame.Word(text)
	id, err := strconv.Atoi(number)
	word, name := frame.Word(rest)
	if err != nil || word != "known" || name == "" {
		return errors.New("the host's answer about a user makes no sense")
	}
	if p.users == nil {
		p.users = map[int]string{}
	}
	p.users[id] = name
	return nil
}

// get gives a text, or why there is none.
func (p *parts) get(name string) (text, why string) {
	if text, found := p.texts[name]; found {
		return text, ""
	}
	if why := p.whys[name]; why != "" {
		return "", why
	}
	return "", "the host did not tell " + name
}

func (p *parts) process() (seen.Value[Process], error) {
	word, why := frame.Word(p.head)
	switch word {
	case "absent":
		return seen.Absent[Process](), nil
	case "unknown":
		return seen.Unknown[Process](why), nil
	}
	pid, err := strconv.Atoi(word)
	if err != nil || pid < 1 {
		return seen.Value[Process]{}, fmt.Errorf("the host's answer names the process %.80q", p.head)
	}
	process, err := p.describe(pid)
	if err != nil { // a process that ends while it is looked at is no fault
		return seen.Unknown[Process](err.Error()), nil
	}
	return seen.Known(process), nil
}

func (p *parts) describe(pid int) (Process, error) {
	before, beforeErr := p.start("stat")
	after, afterErr := p.start("stat-after")
	realID, effectiveID, userErr := p.userIDs()
	if err := errors.Join(beforeErr, afterErr, userErr); err != nil {
		return Process{}, err
	}
	if before != after {
		return Process{}, fmt.Errorf("process %d ended while it was looked at", pid)
	}
	return Process{
		PID: pid, Real: p.user(realID), Effective: p.user(effectiveID), Start: before,
		Args: p.args(), Connections: p.connections(),
	}, nil
}

// start is the 22nd field of /proc/PID/stat. The second is the process's name in parentheses, which may hold anything, so the
// fields are counted from its end.
func (p *parts) start(name string) (uint64, error) {
	text, why := p.get(name)
	if why != "" {
		return 0, errors.New(why)
	}
	rest, _ := afterLast(text, ")")
	fields := strings.Fields(rest)
	const at = 22 - 3
	if len(fields) <= at {
		return 0, errors.New("the state of the process cannot be understood")
	}
	ticks, err := strconv.ParseUint(fields[at], 10, 64)
	if err != nil {
		return 0, errors.New("the start of the process cannot be understood")
	}
	return ticks, nil
}

func afterLast(text, separator string) (after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return "", false
	}
	return text[at+len(separator):], true
}

func (p *parts) userIDs() (realID, effectiveID int, err error) {
	text, why := p.get("status")
	if why != "" {
		return 0, 0, errors.New(why)
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && fields[0] == "Uid:" {
			realID, realErr := strconv.Atoi(fields[1])
			effectiveID, effectiveErr := strconv.Atoi(fields[2])
			return realID, effectiveID, errors.Join(realErr, effectiveErr)
		}
	}
	return 0, 0, errors.New("the user of the process cannot be understood")
}

func (p *parts) user(id int) User {
	if name := p.users[id]; name != "" {
		return User{ID: id, Name: seen.Known(name)}
	}
	return User{ID: id, Name: seen.Unknown[string]("the host tells no name for it")}
}

func (p *parts) args() seen.Value[[]string] {
	text, why := p.get("cmdline")
	switch {
	case why != "":
		return seen.Unknown[[]string](why)
	case text == "":
		return seen.Unknown[[]string]("the process has ended, or has no arguments to show")
	}
	return seen.Known(strings.Split(strings.TrimSuffix(text, "\x00"), "\x00"))
}

func (p *parts) connections() seen.Value[[]Connection] {
	inodes, err := p.socketInodes()
	if err != nil {
		return seen.Unknown[[]Connection](err.Error())
	}
	var all []Connection
	for _, name := range []string{"tcp", "tcp6"} {
		text, why := p.get(name)
		if why != "" {
			return seen.Unknown[[]Connection](why)
		}
		found, err := established(text, inodes)
		if err != nil {
			return seen.Unknown[[]Connection]("the table " + name + " cannot be understood: " + err.Error())
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Connection) int {
		if order := a.Local.Compare(b.Local); order != 0 {
			return order
		}
		return a.Remote.Compare(b.Remote)
	})
	return seen.Known(all)
}
