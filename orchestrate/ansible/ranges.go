package ansible

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	inBrackets = regexp.MustCompile(`^\[(.+)\]:([0-9]+)$`)
	withPort   = regexp.MustCompile(`^((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)$`)
	label      = regexp.MustCompile(`^(?:[\p{L}\p{N}_]|` + span + `)(?:[\p{L}\p{N}_-]|` + span + `)*$`)
)

// span is a range within a name.
const span = `\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`

// pattern is what stands for hosts in an inventory: a name, perhaps with ranges, and perhaps a port behind it.
func pattern(written string) (names []string, port string, err error) {
	name := written
	for _, form := range []*regexp.Regexp{inBrackets, withPort} {
		if parts := form.FindStringSubmatch(name); parts != nil && isName(parts[1]) {
			name, port = parts[1], parts[2]
			break
		}
	}
	if names, err = expand(name, nil); err == nil && port == "" && strings.HasSuffix(written, ":") {
		err = errors.New("a host ends in a colon: a port is missing")
	}
	return names, port, err
}

// isName says that something can be a host's name or address, ranges included. Where it is none, a number behind it is no port.
func isName(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	for _, part := range strings.Split(name, ".") {
		if !label.MatchString(part) || strings.HasSuffix(part, "_") || strings.HasSuffix(part, "-") {
			return false
		}
	}
	return true
}

// expand writes the ranges of a name out, the first one slowest.
func expand(name string, names []string) ([]string, error) {
	head, rest, ranged := strings.Cut(name, "[")
	if !ranged {
		return append(names, name), nil
	}
	inner, tail, closed := strings.Cut(rest, "]")
	if !closed || strings.ContainsAny(inner, "[|") {
		return nil, fmt.Errorf("%q has a bracket that is not closed", oneLine(name))
	}
	members, err := series(strings.Split(inner, ":"))
	if err != nil {
		return nil, fmt.Errorf("the range [%s]: %w", oneLine(inner), err)
	}
	for _, member := range members {
		if names, err = expand(head+member+tail, names); err != nil {
			return nil, err
		}
		if len(names) > maxHosts {
			return nil, fmt.Errorf("%q makes more than %d hosts", oneLine(name), maxHosts)
		}
	}
	return names, nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// series is begin:end or begin:end:step, of numbers or of letters, both ends included. A begin with leading zeros keeps the width.
func series(bounds []string) ([]string, error) {
	if len(bounds) != 2 && len(bounds) != 3 {
		return nil, errors.New("it must be begin:end or begin:end:step")
	}
	begin, end, step := bounds[0], bounds[1], 1
	if begin == "" {
		begin = "0"
	}
	if end == "" {
		return nil, errors.New("it has no end")
	}
	if len(bounds) == 3 {
		var err error
		if step, err = strconv.Atoi(bounds[2]); err != nil || step < 1 {
			return nil, errors.New("its step must be a number from 1")
		}
	}
	if from, to := strings.Index(letters, begin), strings.Index(letters, end); len(begin) == 1 && len(end) == 1 && from >= 0 && to >= 0 {
		return ofLetters(from, to, step)
	}
	return ofNumbers(begin, end, step)
}

var errBackwards = errors.New("it must not run backwards")

func ofLetters(from, to, step int) ([]string, error) {
	if from > to {
		return nil, errBackwards
	}
	var list []string
	for i := from; i <= to; i += step {
		list = append(list, letters[i:i+1])
	}
	return list, nil
}

func ofNumbers(begin, end string, step int) ([]string, error) {
	from, err := strconv.ParseUint(begin, 10, 32)
	if err != nil {
		return nil, errors.New("its ends must be two numbers or two letters")
	}
	to, err := strconv.ParseUint(end, 10, 32)
	if err != nil {
		return nil, errors.New("its ends must be two numbers or two letters")
	}
	width := 0
	if len(begin) > 1 && begin[0] == '0' {
		if width = len(begin); len(end) != width {
			return nil, errors.New("both ends must have as many digits")
		}
	}
	switch {
	case from > to:
		return nil, errBackwards
	case (to-from)/uint64(step) >= maxHosts:
		return nil, fmt.Errorf("it makes more than %d hosts", maxHosts)
	}
	var list []string
	for i := from; i <= to; i += uint64(step) {
		list = append(list, fmt.Sprintf("%0*d", width, i))
	}
	return list, nil
}
