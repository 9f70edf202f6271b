package sshconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxDepth is how deep files may include each other.
const maxDepth = 16

// state says whether lines hold for the host.
type state struct {
	holds     bool
	undecided string // a condition that only ssh itself could decide; with holds false
}

func decided(holds bool) state { return state{holds: holds} }

// never says that nothing of what follows can hold.
func (s state) never() bool { return !s.holds && s.undecided == "" }

// reading goes through files line by line, for one host. The first value wins.
type reading struct {
	env    Env
	alias  string // as the person wrote it
	name   string // what Host holds its patterns against
	values *options
	final  bool // this is the second time
	again  bool // a second time is asked for
}

// place is a file that is being read.
type place struct {
	source
	outer state // of the line that includes it: without that nothing in it holds
	depth int
	line  int
}

func (p *place) fault(format string, args ...any) error {
	return &Error{File: p.path, Line: p.line, Err: fmt.Errorf(format, args...)}
}

func (r *reading) file(file source, outer state, depth int) error {
	text, err := readText(file.path)
	if err == nil && file.own {
		err = guard(file.path)
	}
	if err != nil {
		return &Error{File: file.path, Err: err}
	}
	at, now := &place{source: file, outer: outer, depth: depth}, outer
	for line := range strings.Lines(text) {
		at.line++
		key, rest := keyword(strings.TrimRight(line, "\n"))
		if key == "" || strings.HasPrefix(key, "#") {
			continue
		}
		if now, err = r.take(at, now, key, rest); err != nil {
			return err
		}
	}
	return nil
}

// take heeds one line, and gives the state of the next.
func (r *reading) take(at *place, now state, key, rest string) (state, error) {
	switch key {
	case "host":
		words, err := split(rest)
		if err != nil {
			return now, at.fault("%w", err)
		}
		return r.hostLine(at, words), nil
	case "match":
		return r.matchLine(at, rest)
	case "include":
		return now, r.include(at, now, rest)
	}
	if !isKeyword(key) && !matchesList(strings.ToLower(r.values.ignoreUnknown.text), key) {
		return now, at.fault("%s is no keyword of ssh_config (IgnoreUnknown %s before it lets it pass)", key, key)
	}
	if now.never() {
		return now, nil
	}
	set, err := r.values.setting(key, rest)
	switch {
	case err != nil:
		return now, at.fault("%s: %w", key, err)
	case set == nil:
	case now.undecided != "":
		return now, at.fault("%s stands under %q, which only ssh itself can decide", key, now.undecided)
	default:
		set()
	}
	return now, nil
}

// under is a state within what includes the file.
func (p *place) under(now state) state {
	switch {
	case p.outer.never() || now.never():
		return decided(false)
	case p.outer.undecided != "":
		return p.outer
	}
	return now
}

func (r *reading) hostLine(at *place, patterns []string) state {
	holds := false
	for _, pattern := range patterns {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matches(pattern, r.name) {
			continue
		}
		if negated {
			return decided(false)
		}
		holds = true
	}
	return at.under(decided(holds))
}

func (r *reading) include(at *place, now state, rest string) error {
	words, err := split(rest)
	if err != nil {
		return at.fault("%w", err)
	}
	if at.depth >= maxDepth {
		return at.fault("files include each other more than %d deep", maxDepth)
	}
	for _, word := range words {
		if unclear := strings.ContainsAny(word, "$%") || strings.HasPrefix(word, "~") && !strings.HasPrefix(word, "~/"); unclear && !now.never() {
			return at.fault("include %s: no variable, %% or ~ with a name is expanded here, write the whole path", word)
		}
		files, err := filepath.Glob(r.included(at, word))
		if err != nil {
			return at.fault("include %s: %w", word, err)
		}
		for _, file := range files {
			err := r.file(source{path: file, system: at.system, own: at.own}, now, at.depth+1)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// included is the path of an included file: one that is relative is of the folder that ssh keeps its files in.
func (r *reading) included(at *place, name string) string {
	switch {
	case strings.HasPrefix(name, "~/"):
		return filepath.Join(r.env.Home, name[2:])
	case filepath.IsAbs(name):
		return name
	case at.system:
		return filepath.Join(r.env.System, name)
	}
	return filepath.Join(r.env.Home, ".ssh", name)
}
