package dialect

import (
	"slices"
	"strings"
)

// OptionKind is what a line of an option file is.
type OptionKind string

// The kinds.
const (
	OptionSetting    OptionKind = "setting"
	OptionInclude    OptionKind = "include"    // Value is a file, read at this place
	OptionIncludeDir OptionKind = "includedir" // Value is a folder, whose *.cnf files are read at this place, sorted by name
	OptionFault      OptionKind = "fault"      // Value says why the server would not read on from here
)

// Option is one line of an option file that bears on TLS, on the start of replication, or on where more options are.
type Option struct {
	Line  int // from 1
	Group string
	Kind  OptionKind
	Name  string // of a setting: long name with underscores, without prefixes such as loose- and skip-: ssl_ca
	Value string // of a switch with skip- or disable-: "0"; of one without a value: "1"
	Text  string // the line as it stands, without space around it
}

// On says that a switch is set; a value that the server does not know is off, as the server takes it.
func (o Option) On() bool { return on(o.Value) }

// Options reads the text of one option file as the server does (mysys/my_default.c; compared with my_print_defaults of MariaDB
// 10.11), and lists, in order, every TLS setting and skip-slave-start in the groups that the server reads, and every directive
// in whatever group, since the server follows them all. The group suffix is that of --defaults-group-suffix, empty for none.
//
// Of several settings the last wins, across all files in the order in which they are read; every ssl_* path also turns TLS on,
// until a later skip-ssl or ssl=0 (tried on MariaDB 10.11). An included file begins without a group.
func (d Dialect) Options(text, groupSuffix string) []Option {
	r := optionReader{groups: d.groups(), suffix: groupSuffix}
	for i, line := range strings.Split(text, "\n") {
		r.line = i + 1
		if !r.read(line) {
			break
		}
	}
	return r.list
}

// Argument reads an option of a command line, without its dashes; false where it is none that [Dialect.Options] would list. Nothing in it is
// quoted, escaped, or a comment.
func (Dialect) Argument(text string) (Option, bool) {
	name, value, hasValue := strings.Cut(text, "=")
	option, ok := recognise(name, value, hasValue)
	option.Text = text
	return option, ok
}

// WantsValue says of an option of a command line that it stands there without its value, and is no switch.
func (d Dialect) WantsValue(o Option) bool {
	name := d.FullName(o.Name)
	return !strings.Contains(o.Text, "=") && name != transport && name != sslSwitch && IsTLS(name)
}

// IsTLS is false for a setting, by its full name, that bears on something else.
func IsTLS(name string) bool { return name == sslSwitch || slices.Contains(tlsVariables(), name) }

type optionReader struct {
	groups  []string
	suffix  string
	line    int
	group   string
	inGroup bool // any group, read or not
	list    []Option
}

// maxOptionLine is how much of a line the server reads; it takes the rest for a line of its own.
const maxOptionLine = 4094

// read takes one line; it is false where the server would not read on.
func (r *optionReader) read(line string) bool {
	raw := line
	if i := strings.IndexByte(line, 0); i >= 0 {
		line = line[:i]
	}
	line = trimLeft(line)
	switch {
	case len(raw) > maxOptionLine:
		return r.stop("the line is longer than the server reads")
	case line == "", line[0] == '#', line[0] == ';':
	case line[0] == '!':
		return r.directive(trimRight(line))
	case line[0] == '[':
		return r.header(line)
	case !r.inGroup:
		return r.stop("an option stands before the first group")
	default:
		r.setting(line)
	}
	return true
}

func (r *optionReader) stop(why string) bool {
	r.add(Option{Kind: OptionFault, Value: why})
	return false
}

func (r *optionReader) add(o Option) {
	o.Line, o.Group = r.line, r.group
	r.list = append(r.list, o)
}

// header takes [group]; what stands behind it is ignored.
func (r *optionReader) header(line string) bool {
	name, _, ok := strings.Cut(line[1:], "]")
	if !ok {
		return r.stop("a group has no closing bracket")
	}
	r.group, r.inGroup = trimRight(name), true
	return true
}

// directive takes !include FILE and !includedir DIR; other words are ignored, as the server does.
func (r *optionReader) directive(line string) bool {
	rest := trimLeft(line[1:])
	for _, kind := range []OptionKind{OptionIncludeDir, OptionInclude} {
		value, ok := strings.CutPrefix(rest, string(kind))
		switch {
		case !ok, value != "" && !isOptionSpace(value[0]):
			continue
		case value == "":
			return r.stop("a directive has no path")
		}
		r.add(Option{Kind: kind, Value: trim(value), Text: line})
	}
	return true
}

// setting takes a line of a group that the server reads.
func (r *optionReader) setting(line string) {
	if !r.reads(r.group) {
		return
	}
	name, value, hasValue := splitOption(line)
	if o, ok := recognise(name, value, hasValue); ok {
		o.Text = trimRight(line)
		r.add(o)
	}
}

// reads says that the server reads the group; upper and lower case are the same to it.
func (r *optionReader) reads(group string) bool {
	return slices.ContainsFunc(r.groups, func(g string) bool {
		return strings.EqualFold(g, group) || r.suffix != "" && strings.EqualFold(g+r.suffix, group)
	})
}
