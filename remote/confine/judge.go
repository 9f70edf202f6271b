package confine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/replssl/replssl/remote/seen"
)

// evaluation gathers the rules of a profile about reading.
type evaluation struct {
	included  Included
	variables map[string][]string
	rules     []rule
	unclear   []string // why the rules may not be all
	missing   []string // includes that have not been read
	includes  int      // so far
}

// rule is one that lets a process read files, or forbids it.
type rule struct {
	deny    bool
	path    *regexp.Regexp // nil: it could not be understood
	written string
	why     string
}

// maxIncludes bounds what includes of includes grow to.
const maxIncludes = 200

func newEvaluation(included Included) *evaluation {
	return &evaluation{included: included, variables: map[string][]string{}}
}

func (e *evaluation) take(p Profile) {
	var before []node
	for _, n := range p.nodes {
		if n.kind != profileNode {
			before = append(before, n)
		}
	}
	e.takeAll(before, 0)
	e.takeAll(p.block.nodes, 0)
}

func (e *evaluation) takeAll(nodes []node, depth int) {
	for _, n := range nodes {
		switch n.kind {
		case includeNode:
			e.include(n, depth)
		case variableNode:
			e.assign(n.words)
		case ruleNode:
			e.add(n.words)
		case oddNode:
			e.unclear = append(e.unclear, "it has blocks that are not understood")
		case profileNode: // of a program that the server starts, or a condition
			if len(n.words) > 0 && (n.words[0] == "if" || n.words[0] == "else") {
				e.unclear = append(e.unclear, "it has conditions")
			}
		}
	}
}

func (e *evaluation) include(n node, depth int) {
	if e.includes++; depth >= maxDepth || e.includes > maxIncludes {
		e.unclear = append(e.unclear, "its includes have no end")
		return
	}
	value, read := e.included[n.path]
	texts, ok := value.Get()
	switch {
	case !read:
		e.missing = append(e.missing, n.path)
		e.unclear = append(e.unclear, n.path+" was not read")
	case value.IsAbsent() && n.ifExists:
	case value.IsAbsent():
		e.unclear = append(e.unclear, n.path+", which it includes, is not there")
	case !ok:
		e.unclear = append(e.unclear, n.path+": "+value.Why())
	}
	for _, text := range texts {
		e.takeAll(parse(text), depth+1)
	}
}

func (e *evaluation) assign(words []string) {
	name, sign, values := words[0], words[1], words[2:]
	if sign == "+=" {
		values = slices.Concat(e.variables[name], values)
	}
	if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, `"`) }) { // which may have blanks
		delete(e.variables, name)
		return
	}
	e.variables[name] = values
}

// add takes a rule if it is one about reading files.
func (e *evaluation) add(words []string) {
	text := strings.Join(words, " ")
	if words[0] == "alias" {
		e.unclear = append(e.unclear, "it has the rule "+text)
		return
	}
	r, words := rule{written: text}, slices.Clone(words)
	file := false
	for len(words) > 0 && isQualifier(words[0]) {
		r.deny = r.deny || words[0] == "deny"
		file = file || words[0] == "file"
		if strings.HasPrefix(words[0], "priority=") || words[0] == "other" {
			r.why = "the word " + words[0] + " is not understood"
		}
		words = words[1:]
	}
	if at := slices.Index(words, "->"); at >= 0 {
		words = words[:at]
	}
	switch {
	case file && len(words) == 0, len(words) == 1 && words[0] == "all":
		words = []string{"/**", "r"}
	case len(words) == 2 && isModes(words[0]) && isPath(words[1]):
		words[0], words[1] = words[1], words[0]
	case len(words) == 0 || !file && !isPath(words[0]):
		return // about something else
	}
	if len(words) != 2 || !isModes(words[1]) {
		r.why = "it is not understood"
	} else if !strings.Contains(words[1], "r") {
		return
	}
	e.addPath(r, words[0])
}

func (e *evaluation) addPath(r rule, pattern string) {
	if r.why == "" {
		r.path, r.why = e.compile(pattern)
	}
	e.rules = append(e.rules, r)
}

func isQualifier(word string) bool {
	return slices.Contains([]string{"audit", "quiet", "allow", "deny", "owner", "other", "file"}, word) || strings.HasPrefix(word, "priority=")
}

func isPath(word string) bool {
	return strings.HasPrefix(word, "/") || strings.HasPrefix(word, "@{") || strings.HasPrefix(word, "{")
}

// isModes: the letters that say what may be done with a file.
func isModes(word string) bool { return word != "" && strings.Trim(word, "rwalkmixpcuPCU") == "" }

// mayRead: what is forbidden stays so, whatever else is allowed.
func (e *evaluation) mayRead(path string) seen.Value[bool] {
	var allowed bool
	unclear := slices.Clone(e.unclear)
	doubt := ""
	for _, r := range e.rules {
		switch {
		case r.path == nil && r.deny:
			doubt = r.String()
		case r.path == nil:
			unclear = append(unclear, r.String())
		case !r.path.MatchString(path):
		case r.deny:
			return seen.Known(false)
		default:
			allowed = true
		}
	}
	switch {
	case doubt != "":
		return seen.Unknown[bool](doubt)
	case allowed && len(e.unclear) == 0:
		return seen.Known(true)
	case allowed: // something that was not read could forbid it
		return seen.Unknown[bool](e.unclear[0])
	case len(unclear) > 0:
		return seen.Unknown[bool](unclear[0])
	}
	return seen.Known(false)
}

func (r rule) String() string { return fmt.Sprintf("its rule %q: %s", r.written, r.why) }
