package topology

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxInventory bounds an inventory in bytes; thousands of servers fit, and no nesting of that size can exhaust the stack.
const maxInventory = 1 << 20

// maxDepth bounds how deep an inventory may nest before it is given to the YAML parser, which recurses.
const maxDepth = 100

// Defaults is what an inventory takes from the person who runs the tool, for everything that it does not say itself.
type Defaults struct {
	User string // the operating system's user, for logins by SSH
	Home string // that user's home folder, for ~ and for known_hosts
	Dir  string // the folder of the inventory; relative paths in it start there

	// Hosts reads the file that "hosts" names. Nil: there is no such thing.
	Hosts func(file string) (Hosts, error)

	// SSHConfig reads the file that "ssh.config" names, or, of "", what ssh itself would read. What it gives tells the way to a host by
	// its alias. Nil: there is no such thing.
	SSHConfig func(file string) (func(alias string) (Route, error), error)
}

// Parse reads an inventory. The name is that of the file, for messages.
//
// The error holds every [*Fault] of the inventory at once, sorted by line, one line each; the cluster is then empty.
// Parse looks at nothing but its arguments: whether a named file exists is not its business, but for those that env reads.
func Parse(name string, data []byte, env Defaults) (Cluster, error) {
	text := newSource(name, data)
	inv := inventory{}
	if root, ok := parseYAML(text, data); ok {
		inv.read(&decoder{source: text}, root)
	}
	if text.damaged {
		return Cluster{}, text.err()
	}
	inv.fillDefaults(inv.router(text, env))
	inv.check(text, env)
	if err := text.err(); err != nil {
		return Cluster{}, err
	}
	return inv.cluster(env), nil
}

// router reads what else is known of the hosts.
func (inv *inventory) router(text *source, env Defaults) *router {
	told := map[string]bool{}
	r := &router{env: env, wide: inv.ssh, fault: func(err error) {
		if !told[err.Error()] {
			told[err.Error()] = true
			text.fault(0, "%s", err)
		}
	}}
	if inv.hosts.given() {
		hosts, err := env.hosts(localPath(inv.hosts.value, env))
		if err != nil {
			text.fault(inv.hosts.line, "hosts: %s", err)
		}
		r.hosts, r.list = hosts, inv.hosts.value
	}
	if env.SSHConfig != nil && inv.ssh.config.value != noConfig {
		config, err := env.SSHConfig(localPath(inv.ssh.config.value, env))
		if err != nil {
			text.fault(inv.ssh.config.line, "ssh.config: %s", err)
		}
		r.config = config
	}
	return r
}

func (env Defaults) hosts(file string) (Hosts, error) {
	if env.Hosts == nil {
		return nil, errors.New("lists of hosts are not read here")
	}
	return env.Hosts(file)
}

// noConfig as "ssh.config" leaves ssh_config aside.
const noConfig = "none"

// parseYAML gives the root of the only document. After a fault of the syntax there is nothing to look at, so it alone is told.
func parseYAML(text *source, data []byte) (root ast.Node, ok bool) {
	defer func() {
		// A file that a person writes must never end in a stack trace, and the parser is not ours.
		if cause := recover(); cause != nil {
			text.damage(0, "the file is not YAML that can be read")
		}
	}()
	if len(data) > maxInventory {
		text.damage(0, fmt.Sprintf("the file has %d bytes, more than the %d that an inventory may have", len(data), maxInventory))
		return nil, false
	}
	if line := tooDeep(data); line > 0 {
		text.damage(line, "the nesting is too deep")
		return nil, false
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		text.damage(syntaxFault(err))
		return nil, false
	}
	return onlyDocument(text, file)
}

// syntaxFault takes line and message out of a parser's error, without the excerpt that it draws: the line is shown our way.
func syntaxFault(err error) (line int, message string) {
	parsed, ok := err.(syntaxError)
	if !ok {
		return 0, "the file is not YAML: " + err.Error()
	}
	if at := parsed.GetToken(); at != nil && at.Position != nil {
		line = at.Position.Line
	}
	return line, "the file is not YAML: " + strings.ReplaceAll(parsed.GetMessage(), "'\t'", "tab")
}

func onlyDocument(text *source, file *ast.File) (ast.Node, bool) {
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return nil, false
	case 1:
		return bodies[0], true
	}
	text.damage(lineOf(bodies[1]), "a second document begins here: an inventory is one document")
	return nil, false
}

// tooDeep gives the line at which an inventory nests deeper than any inventory does, or 0. It counts roughly, by brackets and
// by indentation, which is enough to bound the recursion of the parser.
func tooDeep(data []byte) int {
	line, depth, dashes, indent := 1, 0, 0, true
	for _, char := range data {
		switch char {
		case '\n':
			line, dashes, indent = line+1, 0, true
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case ' ', '-', '?', ':', '&', '!', '\t':
			if indent {
				dashes++
			}
		default:
			indent = false
		}
		if depth > maxDepth || dashes > 4*maxDepth {
			return line
		}
	}
	return 0
}

// lineOf is the line of a node, or a line beyond all others where the parser knows none.
func lineOf(node ast.Node) int {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return math.MaxInt32
	}
	return node.GetToken().Position.Line
}
