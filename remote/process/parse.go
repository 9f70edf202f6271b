package process

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
)

// answer is what the host said of a process.
type answer struct {
	head    string   // what the line "process" said
	before  []string // the lines of /proc/PID/stat, read before everything else
	after   []string // and after it
	ids     string   // the real and the effective user
	users   map[int]string
	cmdline string
	environ string
	label   string
	known   bool // arguments and users are those that the caller knows
	sockets sockets
}

func readAnswer(lines []string) (*answer, error) {
	a := &answer{users: map[int]string{}}
	for _, line := range lines {
		if err := a.add(line); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *answer) add(line string) error {
	if a.sockets.within {
		a.sockets.add(line)
		return nil
	}
	word, rest := frame.Word(line)
	switch word {
	case "process":
		a.head = rest
	case "stat":
		a.before = append(a.before, rest)
	case "stat-after":
		a.after = append(a.after, rest)
	case "users":
		a.ids = rest
	case "cmdline":
		a.cmdline = rest
	case "environ":
		a.environ = rest
	case "label":
		a.label = rest
	case "tcp6":
		a.sockets.noTCP6 = true
	case "known":
		a.known = true
	case "sockets":
		a.sockets.within = true
	case "user":
		return a.addUser(rest)
	default:
		return fmt.Errorf("the host's answer has the line %.80q, which makes no sense", line)
	}
	return nil
}

func (a *answer) addUser(text string) error {
	number, name := frame.Word(text)
	id, err := strconv.Atoi(number)
	if err != nil || name == "" {
		return errors.New("the host's answer about a user makes no sense")
	}
	a.users[id] = name
	return nil
}

func (a *answer) process(known Process) (seen.Value[Process], error) {
	word, why := frame.Word(a.head)
	switch word {
	case "absent":
		return seen.Absent[Process](), nil
	case "unknown":
		return seen.Unknown[Process](why), nil
	}
	pid, err := strconv.Atoi(word)
	if err != nil || pid < 1 {
		return seen.Value[Process]{}, fmt.Errorf("the host's answer names the process %.80q", a.head)
	}
	process, err := a.describe(pid, known)
	if err != nil { // a process that ends while it is looked at is no fault
		return seen.Unknown[Process](err.Error()), nil
	}
	return seen.Known(process), nil
}

func (a *answer) describe(pid int, known Process) (Process, error) {
	if len(a.before) > 0 && len(a.after) == 0 {
		return Process{}, fmt.Errorf("process %d ended while it was looked at", pid)
	}
	before, beforeErr := start(a.before)
	after, afterErr := start(a.after)
	if err := errors.Join(beforeErr, afterErr); err != nil {
		return Process{}, err
	}
	if before != after {
		return Process{}, fmt.Errorf("process %d ended while it was looked at", pid)
	}
	p, err := a.lasting(pid, before, known)
	p.Connections = a.sockets.connections()
	p.Label = a.enforced()
	return p, err
}

// lasting is what does not change while the process lives.
func (a *answer) lasting(pid int, start uint64, known Process) (Process, error) {
	if a.known {
		if known.PID != pid || known.Start != start {
			return Process{}, errors.New("the host takes the process for another one")
		}
		return known, nil
	}
	realID, effectiveID, err := a.userIDs()
	if err != nil {
		return Process{}, err
	}
	return Process{PID: pid, Real: a.user(realID), Effective: a.user(effectiveID), Start: start, Args: a.args(), Environment: a.environment()}, nil
}

// start is the 22nd field of /proc/PID/stat. The second is the process's name in parentheses, which may hold anything, so the
// fields are counted from its end.
func start(lines []string) (uint64, error) {
	if len(lines) == 0 {
		return 0, errors.New("the host did not tell the state of the process")
	}
	rest, _ := afterLast(strings.Join(lines, "\n"), ")")
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

func (a *answer) userIDs() (realID, effectiveID int, err error) {
	first, second := frame.Word(a.ids)
	realID, realErr := strconv.Atoi(first)
	effectiveID, effectiveErr := strconv.Atoi(second)
	if errors.Join(realErr, effectiveErr) != nil {
		return 0, 0, errors.New("the user of the process cannot be understood")
	}
	return realID, effectiveID, nil
}

func (a *answer) user(id int) User {
	if name := a.users[id]; name != "" {
		return User{ID: id, Name: seen.Known(name)}
	}
	return User{ID: id, Name: seen.Unknown[string]("the host tells no name for it")}
}

func (a *answer) args() seen.Value[[]string] {
	word, rest := frame.Word(a.cmdline)
	switch {
	case word == "unknown":
		return seen.Unknown[[]string](rest)
	case word != "text":
		return seen.Unknown[[]string]("the host did not tell them")
	case rest == "":
		return seen.Unknown[[]string]("the process has ended, or has no arguments to show")
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(rest, " ", ""))
	if err != nil {
		return seen.Unknown[[]string]("they cannot be decoded: " + err.Error())
	}
	return seen.Known(strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00"))
}

// enforced is the label of a security module that enforces something; SELinux tells whether it does beside its contexts.
func (a *answer) enforced() seen.Value[confine.Label] {
	enforce, text := frame.Word(a.label)
	if why, unknown := strings.CutPrefix(text, "unknown "); unknown {
		return seen.Unknown[confine.Label](why)
	}
	label := confine.ReadLabel(text)
	if label.Type != "" && enforce != "1" {
		return seen.Known(confine.Label{})
	}
	return seen.Known(label)
}

// environment reads entries that end with a NUL byte, and behind them what grep ended with: 0 where it found some, 1 where there are none.
func (a *answer) environment() seen.Value[map[string]string] {
	text, err := base64.StdEncoding.DecodeString(a.environ)
	entries, code, found := string(text), "", false
	if at := strings.LastIndexByte(entries, 0); at >= 0 {
		entries, code, found = entries[:at], entries[at+1:], true
	}
	switch {
	case err != nil:
		return seen.Unknown[map[string]string]("it cannot be decoded: " + err.Error())
	case !found && entries == "1":
		return seen.Known(map[string]string{})
	case !found:
		return seen.Unknown[map[string]string](orElse(strings.TrimSpace(strings.TrimSuffix(entries, "2")), "the host did not tell it"))
	case code != "0":
		return seen.Unknown[map[string]string]("the host did not tell it")
	}
	variables := map[string]string{}
	for _, entry := range strings.Split(entries, "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		if _, twice := variables[name]; !twice && slices.Contains(OptionFileVariables(), name) { // the first counts, as for getenv
			variables[name] = value
		}
	}
	return seen.Known(variables)
}
