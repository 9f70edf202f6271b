// Package shell builds the command lines that run on hosts.
//
// A Line is a list of quoted words, and nothing else: no operator of any shell is outside of quotes. So it means the same to
// every login shell that an ops user may have (sh, bash, zsh, ksh, fish), and no data can become syntax.
package shell

import (
	"errors"
	"fmt"
	"strings"
)

// longest is what Linux takes as one argument of a program, less its end mark: the login shell gets the whole line as one.
const longest = 128*1024 - 1

// Line is one command line. Only this package makes one; a Line that could not be made carries the fault, and [Line.Err] tells
// it to whoever is about to run it. The zero Line is such a fault.
type Line struct {
	text  string
	body  string // the same for a POSIX shell that runs already, and ends with the line
	fault error
}

// Words is a command and its arguments, each quoted.
func Words(name string, args ...string) Line {
	if name == "" {
		return Refuse(errors.New("a command line without a command"))
	}
	words := make([]string, 0, 1+len(args))
	words = append(words, quoteName(name))
	for _, arg := range args {
		words = append(words, Quote(arg))
	}
	line := check(strings.Join(words, " "))
	if line.fault == nil && strings.Contains(name, "/") { // which no builtin has
		line.body = "exec " + line.text
	}
	return line
}

// Script is a program text for /bin/sh with its arguments. The text is a constant of the program; whatever is data comes as an
// argument and is reached as "$1", "$2", so that it is never read as shell.
func Script(text string, args ...string) Line {
	line := Words("/bin/sh", append([]string{"-c", text, "sh"}, args...)...)
	if line.fault == nil {
		line.body = scriptBody(text, args)
	}
	return line
}

// Raw is a command line that a person wrote, such as `restart:` in the inventory, for /bin/sh to read as it stands. It is the
// only way for a text to reach a shell unquoted: never build its text.
func Raw(text string) Line {
	if strings.TrimSpace(text) == "" {
		return Refuse(errors.New("an empty command line"))
	}
	return Words("/bin/sh", "-c", text)
}

// Refuse is a Line that cannot be run, for builders of lines whose arguments make no sense.
func Refuse(fault error) Line { return Line{fault: fault} }

// Err is why the line must not be run, or nil.
func (l Line) Err() error {
	if l.fault == nil && l.text == "" {
		return errors.New("an empty command line")
	}
	return l.fault
}

// String is the line as it goes over the wire; empty for a line that must not be run.
func (l Line) String() string { return l.text }

// AsUser runs the line as another OS user, which root may do. There is no password and no login shell in it.
func (l Line) AsUser(user string) Line {
	switch {
	case l.Err() != nil:
		return l
	case user == "" || strings.HasPrefix(user, "-"):
		return Refuse(fmt.Errorf("%q is not the name of an OS user", user))
	}
	return Words("runuser", "-u", user, "--", "/bin/sh", "-c", l.text)
}

// Behind runs the line in a /bin/sh that another command starts, such as sudo, which gets that shell as its last arguments. The text of first runs before
// it in that shell; as with [Script], it is a constant of the program.
func (l Line) Behind(first, name string, args ...string) Line {
	if l.Err() != nil {
		return l
	}
	return Words(name, append(args, "/bin/sh", "-c", first+"\n"+l.body)...)
}

func check(text string) Line {
	switch {
	case strings.ContainsRune(text, 0):
		return Refuse(errors.New("a command line cannot hold a NUL byte"))
	case len(text) > longest:
		return Refuse(fmt.Errorf("a command line of %d bytes is longer than the %d that a host takes", len(text), longest))
	}
	return Line{text: text, body: text}
}
