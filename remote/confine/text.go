package confine

import (
	"path"
	"slices"
	"strings"
)

// node is one statement of a profile's text.
type node struct {
	kind     nodeKind
	words    []string // as they are written, without the quotes of a whole word
	path     string   // of an include
	ifExists bool     // an include that may be missing
	nodes    []node   // of a block
}

type nodeKind int

const (
	ruleNode nodeKind = iota
	includeNode
	variableNode // NAME, = or +=, values
	profileNode  // or another block
	oddNode      // what is not understood
)

// name is that of a profile: the word behind "profile", or where there is none the program that it is attached to.
func (n node) name() string {
	if len(n.words) > 1 && n.words[0] == "profile" {
		return n.words[1]
	}
	if len(n.words) > 0 {
		return n.words[0]
	}
	return ""
}

// reader goes through a text.
type reader struct {
	text string
	at   int
}

// maxDepth bounds how deep blocks and includes stand in each other.
const maxDepth = 20

func parse(text string) []node {
	r := &reader{text: text}
	var all []node
	for r.at < len(r.text) { // a brace too many ends a block that nobody began
		all = append(all, r.block(0)...)
	}
	return all
}

// block reads statements to the brace that ends them, or to the end of the text.
func (r *reader) block(depth int) []node {
	var nodes []node
	for {
		r.skip()
		if r.at >= len(r.text) {
			return nodes
		}
		if line, is := r.include(); is {
			nodes = append(nodes, line)
			continue
		}
		if line, is := r.variable(); is {
			nodes = append(nodes, line)
			continue
		}
		words, end := r.statement()
		switch {
		case end == '{' && (depth >= maxDepth || len(words) == 0):
			nodes = append(nodes, node{kind: oddNode, words: words})
		case end == '{':
			nodes = append(nodes, node{kind: profileNode, words: words, nodes: r.block(depth + 1)})
		case len(words) > 0:
			nodes = append(nodes, node{kind: ruleNode, words: words})
		}
		if end == '}' {
			return nodes
		}
	}
}

// skip passes over blanks and comments.
func (r *reader) skip() {
	for r.at < len(r.text) {
		switch {
		case isBlank(r.text[r.at]):
			r.at++
		case r.text[r.at] == '#' && !isInclude(r.text[r.at+1:]):
			r.line()
		default:
			return
		}
	}
}

func isBlank(c byte) bool { return strings.IndexByte(" \t\r\n\f\v", c) >= 0 }

func isInclude(text string) bool {
	rest, found := strings.CutPrefix(text, "include")
	return found && rest != "" && strings.IndexByte(" \t<\"", rest[0]) >= 0
}

// line is the rest of the line.
func (r *reader) line() string {
	rest := r.text[r.at:]
	end := strings.IndexByte(rest, '\n')
	if end < 0 {
		end = len(rest)
	}
	r.at += end
	return rest[:end]
}

func (r *reader) include() (node, bool) {
	rest := strings.TrimPrefix(r.text[r.at:], "#")
	if !isInclude(rest) {
		return node{}, false
	}
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(r.line(), "#"), "include"))
	after, ifExists := strings.CutPrefix(text, "if exists")
	name := strings.TrimSpace(after)
	if end := strings.IndexAny(name, ">#"); end >= 0 {
		name = name[:end]
	}
	name = strings.Trim(strings.TrimSpace(name), `<">, `)
	if !path.IsAbs(name) {
		name = Folder + "/" + name
	}
	return node{kind: includeNode, path: path.Clean(name), ifExists: ifExists}, true
}

func (r *reader) variable() (node, bool) {
	name, rest, found := strings.Cut(r.text[r.at:], "}")
	if !found || !strings.HasPrefix(name, "@{") || strings.ContainsAny(name, " \n/") {
		return node{}, false
	}
	rest = strings.TrimLeft(rest, " \t")
	sign := "="
	if strings.HasPrefix(rest, "+=") {
		sign = "+="
	} else if !strings.HasPrefix(rest, "=") {
		return node{}, false
	}
	_, values, _ := strings.Cut(r.line(), sign)
	list := strings.Fields(values)
	if comment := slices.IndexFunc(list, func(v string) bool { return v[0] == '#' }); comment >= 0 {
		list = list[:comment]
	}
	return node{kind: variableNode, words: append([]string{strings.TrimPrefix(name, "@{"), sign}, list...)}, true
}

// statement reads words to the comma that ends a rule, or to a brace.
func (r *reader) statement() (words []string, end byte) {
	for {
		r.skip()
		if r.at >= len(r.text) {
			return words, 0
		}
		switch c := r.text[r.at]; {
		case c == ',', c == '}', r.opens():
			r.at++
			return words, c
		case c == '"':
			words = append(words, r.quoted())
		default:
			words = append(words, r.word())
		}
	}
}

// opens says that a block begins here: other braces hold alternatives.
func (r *reader) opens() bool {
	return r.text[r.at] == '{' && (r.at+1 == len(r.text) || isBlank(r.text[r.at+1]))
}

func (r *reader) quoted() string {
	rest := r.text[r.at+1:]
	end := strings.IndexAny(rest, "\"\n")
	if end < 0 {
		end = len(rest)
		r.at += 1 + end
		return rest
	}
	r.at += end + 2
	return rest[:end]
}

// word ends at a blank, or at a comma outside of braces.
func (r *reader) word() string {
	begin, depth := r.at, 0
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case isBlank(c), depth <= 0 && (c == ',' || r.opens()):
			return r.text[begin:r.at]
		case c == '\\' && r.at+1 < len(r.text):
			r.at++
		case c == '{':
			depth++
		case c == '}':
			depth--
		}
	}
	return r.text[begin:]
}
