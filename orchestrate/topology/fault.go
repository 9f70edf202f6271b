package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
	"github.com/hashicorp/go-multierror"
)

// maxShown is how much of a line a fault shows, in runes.
const maxShown = 120

// Fault is one thing that is wrong with an inventory.
type Fault struct {
	File string
	Line int    // 1 for the first; 0 where the fault is of the file as a whole
	Text string // what is wrong, and what would be right
	Show string // the line itself; empty where there is none, or where showing it might show a password
}

// Error is one line: where, what, and the line itself.
func (f *Fault) Error() string {
	text := f.File
	if f.Line > 0 {
		text += fmt.Sprintf(":%d", f.Line)
	}
	text += ": " + f.Text
	if f.Show != "" {
		text += ": " + f.Show
	}
	return text
}

// syntaxError is what the YAML parser says about a file that is not YAML.
type syntaxError interface {
	GetMessage() string
	GetToken() *token.Token
}

// source is an inventory's text with the faults that were found in it.
type source struct {
	name    string
	lines   []string
	faults  []*Fault
	damaged bool // nothing beyond the faults is known of the inventory

	// misspelt are the keys that an unknown key was most likely meant to be: that they are missing needs no second fault.
	misspelt map[string]bool
}

func newSource(name string, data []byte) *source {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	return &source{name: name, lines: strings.Split(text, "\n"), misspelt: map[string]bool{}}
}

// fault notes a fault; line 0 is the file as a whole.
func (s *source) fault(line int, format string, args ...any) {
	if line < 0 || line > len(s.lines) {
		line = 0
	}
	s.faults = append(s.faults, &Fault{File: s.name, Line: line, Text: fmt.Sprintf(format, args...), Show: s.show(line)})
}

func (s *source) damage(line int, message string) {
	s.damaged = true
	s.fault(line, "%s", oneLine(message))
}

// show gives a line for a message. A line that may hold a password, which no key of an inventory asks for, is not shown:
// people try it, and messages end up in tickets.
func (s *source) show(line int) string {
	if line < 1 {
		return ""
	}
	text := oneLine(s.lines[line-1])
	if looksSecret(strings.ReplaceAll(text, "password_file", "")) {
		return ""
	}
	if shown := []rune(text); len(shown) > maxShown {
		return string(shown[:maxShown]) + "..."
	}
	return text
}

// looksSecret tells whether a key, or a line, may go with a password.
func looksSecret(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"pass", "pwd", "secret", "token", "identified"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// oneLine makes a text safe to print on one line of a terminal.
func oneLine(text string) string {
	printable := strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(printable), " ")
}

// err gives all faults as one error, nil for none.
func (s *source) err() error {
	slices.SortStableFunc(s.faults, func(a, b *Fault) int { return cmp.Compare(a.Line, b.Line) })
	all := &multierror.Error{ErrorFormat: linewise}
	for _, fault := range s.faults {
		all.Errors = append(all.Errors, fault)
	}
	return all.ErrorOrNil()
}

func linewise(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}
