package ansible

import (
	"bytes"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxDepth = 100     // how deep a file may nest before it is given to a parser that recurses
	maxNodes = 500_000 // how many nodes are looked at, which aliases can repeat without end
)

// parse gives the root of a file of one YAML document; nil for an empty one.
func parse(at place, data []byte) (root ast.Node, fault *Fault) {
	defer func() {
		if cause := recover(); cause != nil { // the parser is not ours, and a file must never end in a stack trace
			root, fault = nil, at.fault("the file is not YAML that can be read")
		}
	}()
	if line := tooDeep(data); line > 0 {
		return nil, place{at.file, line}.fault("the nesting is too deep")
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxFault(at, err)
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			return nil, lineOf(at, doc.Body).fault("a second document begins here: an inventory is one document")
		default:
			root = doc.Body
		}
	}
	return root, nil
}

func syntaxFault(at place, err error) *Fault {
	parsed, ok := err.(interface {
		GetMessage() string
		GetToken() *token.Token
	})
	if !ok {
		return at.fault("the file is not YAML: %v", err)
	}
	if t := parsed.GetToken(); t != nil && t.Position != nil {
		at.line = t.Position.Line
	}
	return at.fault("the file is not YAML: %s", parsed.GetMessage())
}

// tooDeep gives the line at which a file nests too deep, or 0. It counts brackets and indentation.
func tooDeep(data []byte) int {
	depth, line := 0, 0
	for text := range bytes.Lines(data) {
		line++
		indent := len(text) - len(bytes.TrimLeft(text, " -?:&!\t"))
		for _, char := range text {
			switch char {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			if depth > maxDepth {
				return line
			}
		}
		if indent > 4*maxDepth {
			return line
		}
	}
	return 0
}

func lineOf(at place, node ast.Node) place {
	if node != nil && node.GetToken() != nil && node.GetToken().Position != nil {
		at.line = node.GetToken().Position.Line
	}
	return at
}

// tree reads nodes with what their aliases stand for.
type tree struct {
	at      place // the file
	anchors map[string]ast.Node
	nodes   int
	deep    int
}

func newTree(at place, root ast.Node) *tree {
	t := &tree{at: at, anchors: map[string]ast.Node{}}
	if root != nil {
		ast.Walk(t, root)
	}
	return t
}

// Visit collects the anchors.
func (t *tree) Visit(node ast.Node) ast.Visitor {
	if anchor, ok := node.(*ast.AnchorNode); ok && anchor.Name != nil {
		t.anchors[anchor.Name.GetToken().Value] = anchor.Value
	}
	return t
}

// meant is the node that an anchor or an alias stands for.
func (t *tree) meant(node ast.Node) (ast.Node, *Fault) {
	for range maxDepth {
		if t.nodes++; t.nodes > maxNodes {
			return nil, t.at.fault("the file repeats itself by aliases without end")
		}
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.AliasNode:
			name := n.Value.GetToken().Value
			target, ok := t.anchors[name]
			if !ok {
				return nil, lineOf(t.at, node).fault("the alias *%s has no anchor", name)
			}
			node = target
		default:
			return node, nil
		}
	}
	return nil, lineOf(t.at, node).fault("the alias leads back to itself")
}

// entry is a key with its value.
type entry struct {
	key    string
	quoted bool
	node   ast.Node
	at     place
}

// entries are those of a mapping in the order of the file. A key that comes twice counts where it stands last, and what is merged in by <<
// counts less than what stands there.
func (t *tree) entries(node ast.Node) (list []entry, ok bool, fault *Fault) {
	if t.deep++; t.deep > maxDepth {
		return nil, false, lineOf(t.at, node).fault("the nesting is too deep, or goes round in a circle")
	}
	defer func() { t.deep-- }()
	if node, fault = t.meant(node); fault != nil {
		return nil, false, fault
	}
	if isNull(node) {
		return nil, true, nil
	}
	fields, ok := node.(ast.MapNode)
	if !ok {
		return nil, false, nil
	}
	var own, merged []entry
	for field := fields.MapRange(); field.Next(); {
		if _, merges := field.Key().(*ast.MergeKeyNode); merges {
			more, fault := t.merged(field.Value())
			if fault != nil {
				return nil, false, fault
			}
			merged = append(merged, more...)
			continue
		}
		key, fault := t.key(field.Key())
		if fault != nil {
			return nil, false, fault
		}
		key.node = field.Value()
		own = append(own, key)
	}
	return unite(merged, own), true, nil
}

func (t *tree) key(node ast.MapKeyNode) (entry, *Fault) {
	inner, fault := t.meant(node)
	if fault != nil {
		return entry{}, fault
	}
	if !isScalar(inner) {
		return entry{}, lineOf(t.at, node).fault("a key must be a single word")
	}
	_, quoted := inner.(*ast.StringNode)
	return entry{key: scalarText(inner), quoted: quoted, at: lineOf(t.at, node)}, nil
}

// merged is what << brings in: a mapping, or a list of them, of which the first wins.
func (t *tree) merged(node ast.Node) ([]entry, *Fault) {
	inner, fault := t.meant(node)
	if fault != nil {
		return nil, fault
	}
	sources := []ast.Node{inner}
	if list, ok := inner.(*ast.SequenceNode); ok {
		sources = list.Values
	}
	var all []entry
	for i := len(sources) - 1; i >= 0; i-- {
		list, ok, fault := t.entries(sources[i])
		switch {
		case fault != nil:
			return nil, fault
		case !ok:
			return nil, lineOf(t.at, node).fault("<< must bring in keys and values")
		}
		all = append(all, list...)
	}
	return all, nil
}

// unite lets the later of two entries with the same key count, at the place of the first.
func unite(lists ...[]entry) []entry {
	index := map[string]int{}
	var all []entry
	for _, list := range lists {
		for _, e := range list {
			if i, again := index[e.key]; again {
				all[i] = e
				continue
			}
			index[e.key] = len(all)
			all = append(all, e)
		}
	}
	return all
}

// value reads what a variable is set to.
func (t *tree) value(node ast.Node, at place) (value, *Fault) {
	if tag, ok := node.(*ast.TagNode); ok {
		switch tag.Start.Value {
		case "!vault", "!vault-encrypted":
			return value{kind: vaulted, place: at}, nil
		case "!unsafe", "!!str":
			inner, fault := t.value(tag.Value, at)
			if inner.kind != composed && tag.Value != nil && isScalar(tag.Value) {
				inner.kind, inner.text = text, scalarText(tag.Value)
			}
			return inner, fault
		}
		return value{kind: unclear, text: tag.Start.Value, place: at}, nil
	}
	inner, fault := t.meant(node)
	if fault != nil {
		return value{}, fault
	}
	switch n := inner.(type) {
	case *ast.TagNode:
		return t.value(n, at)
	case *ast.StringNode:
		if kind := n.GetToken().Type; kind == token.SingleQuoteType || kind == token.DoubleQuoteType {
			return value{text: n.Value, place: at}, nil
		}
		return yamlValue(n.Value, at), nil
	case *ast.LiteralNode:
		return value{text: n.Value.Value, place: at}, nil
	}
	switch {
	case isNull(inner):
		return value{kind: null, place: at}, nil
	case isScalar(inner):
		return yamlValue(scalarText(inner), at), nil
	}
	return t.composite(inner, at)
}

// composite is a list or a mapping, of which one form is a secret as ansible-inventory prints it.
func (t *tree) composite(node ast.Node, at place) (value, *Fault) {
	list, _, fault := t.entries(node)
	if fault == nil && len(list) == 1 && list[0].key == "__ansible_vault" {
		return value{kind: vaulted, place: at}, nil
	}
	return value{kind: composed, place: at}, fault
}

func isNull(node ast.Node) bool {
	if node == nil {
		return true
	}
	_, ok := node.(*ast.NullNode)
	return ok
}

func isMapping(node ast.Node) bool {
	_, ok := node.(ast.MapNode)
	return ok
}

func isScalar(node ast.Node) bool {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		return true
	}
	return false
}

// scalarText is a scalar as it is written.
func scalarText(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	if t := node.GetToken(); t != nil {
		return strings.TrimSpace(t.Value)
	}
	return ""
}
