package ansible

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// kind says what a value is, as far as that matters to whoever heeds it.
type kind int

const (
	text     kind = iota // a word, a number or a truth, as it would be printed
	null                 // set to nothing, which counts as not set
	composed             // a list or a mapping
	vaulted              // a secret that only Ansible can read
	unclear              // written so that Ansible makes something else of it
)

// value is one value of a variable.
type value struct {
	kind kind
	text string
	place
}

// variables are values by the names of their variables.
type variables map[string]value

const vaultHeader = "$ANSIBLE_VAULT"

var (
	pythonNumber = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]*(_[0-9]+)*)$`)
	oddNumber    = regexp.MustCompile(`^[+-]?(0[xXoObB][0-9a-fA-F_]+|0[0_]+|[0-9][0-9_]*\.[0-9_]*([eE][+-]?[0-9]+)?[jJ]?|\.[0-9]+([eE][+-]?[0-9]+)?[jJ]?|` +
		`[0-9]+[eE][+-]?[0-9]+[jJ]?|[0-9]+[jJ])$`)
	pythonQuoted = regexp.MustCompile(`^("([^"\\]*)"|'([^'\\]*)')$`)
	pythonString = regexp.MustCompile(`^[a-zA-Z]{0,2}["']`)
)

// iniValue is what Ansible makes of a value in an INI file: a literal of Python where it is one, else the text as it stands.
func iniValue(written string, at place) value {
	v := strings.TrimSpace(written)
	if literal, _, commented := strings.Cut(v, "#"); commented {
		// What follows a literal is a comment to Python; behind anything else it is part of the text.
		if short := pythonValue(strings.TrimSpace(literal), at); isLiteral(strings.TrimSpace(literal)) {
			return short
		}
	}
	return pythonValue(v, at)
}

func isLiteral(v string) bool {
	return pythonNumber.MatchString(v) || oddNumber.MatchString(v) || pythonString.MatchString(v) || isConstant(v)
}

func isConstant(v string) bool { return v == "True" || v == "False" || v == "None" }

func pythonValue(v string, at place) value {
	switch quoted := pythonQuoted.FindStringSubmatch(v); {
	case quoted != nil:
		return value{text: quoted[2] + quoted[3], place: at}
	case v == "None":
		return value{kind: null, place: at}
	case pythonNumber.MatchString(v):
		return value{text: plainNumber(v), place: at}
	case oddNumber.MatchString(v), pythonString.MatchString(v):
		return value{kind: unclear, text: v, place: at}
	case strings.HasPrefix(v, "{{"), strings.HasPrefix(v, "{%"):
		return value{text: v, place: at}
	case v != "" && strings.ContainsAny(v[:1], "[{("):
		return value{kind: composed, text: v, place: at}
	}
	return value{text: v, place: at}
}

func plainNumber(v string) string {
	v = strings.TrimPrefix(strings.ReplaceAll(v, "_", ""), "+")
	if v == "-0" {
		return "0"
	}
	return v
}

var (
	yamlNumber = regexp.MustCompile(`^[+-]?(0|[1-9][0-9_]*)$`)
	yamlOdd    = regexp.MustCompile(`^[+-]?(0[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+|[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|` +
		`\.[0-9][0-9_]*([eE][-+][0-9]+)?|\.(inf|Inf|INF|nan|NaN|NAN))$`)
	yamlDate = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}`)
	yamlTrue = regexp.MustCompile(`^(yes|Yes|YES|true|True|TRUE|on|On|ON)$`)
	yamlNot  = regexp.MustCompile(`^(no|No|NO|false|False|FALSE|off|Off|OFF)$`)
	yamlNull = regexp.MustCompile(`^(~|null|Null|NULL|)$`)
)

// yamlValue is what Ansible makes of a plain scalar: it reads YAML 1.1, where 010 is 8 and yes is a truth.
func yamlValue(v string, at place) value {
	switch {
	case yamlNull.MatchString(v):
		return value{kind: null, place: at}
	case yamlTrue.MatchString(v):
		return value{text: "True", place: at}
	case yamlNot.MatchString(v):
		return value{text: "False", place: at}
	case yamlNumber.MatchString(v):
		return value{text: plainNumber(v), place: at}
	case yamlOdd.MatchString(v), yamlDate.MatchString(v):
		return value{kind: unclear, text: v, place: at}
	}
	return value{text: v, place: at}
}

// plain is the value as a text, or why it has none.
func (v value) plain() (string, error) {
	switch {
	case v.kind == vaulted:
		return "", fmt.Errorf("is a secret of Ansible's vault, which replssl cannot read")
	case v.kind == composed:
		return "", fmt.Errorf("must be a single value")
	case v.kind == unclear:
		return "", fmt.Errorf("is %q, of which Ansible makes something else: write it as it is meant, in quotes if it is a text", oneLine(v.text))
	case strings.Contains(v.text, "{{") || strings.Contains(v.text, "{%"):
		return "", fmt.Errorf("is the template %q, which replssl does not fill in", oneLine(v.text))
	case strings.ContainsFunc(v.text, isControl):
		return "", fmt.Errorf("has a control character")
	}
	return v.text, nil
}

// truth reads the words that Ansible takes for yes and no.
func truth(word string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "y", "yes", "on", "1", "true", "t", "1.0":
		return true, nil
	case "n", "no", "off", "0", "false", "f", "0.0", "":
		return false, nil
	}
	return false, fmt.Errorf("is %q, which is neither yes nor no", oneLine(word))
}

func portNumber(word string) (int, error) {
	port, err := strconv.Atoi(word)
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("is %q; it must be from 1 to 65535", oneLine(word))
	}
	return port, nil
}

// isControl tells what must not reach a terminal: control characters, line separators and marks that turn the direction of the text.
func isControl(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
