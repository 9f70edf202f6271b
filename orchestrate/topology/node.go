package topology

import "github.com/goccy/go-yaml/ast"

func isNull(node ast.Node) bool {
	if node == nil {
		return true
	}
	_, ok := node.(*ast.NullNode)
	return ok
}

func isScalar(node ast.Node) bool {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return true
	}
	return false
}

// tokenText is a scalar as it is written: a server may be called 010, and an account 1e3.
func tokenText(node ast.Node) string {
	switch scalar := node.(type) {
	case *ast.StringNode:
		return scalar.Value
	case *ast.LiteralNode:
		return scalar.Value.Value
	}
	if token := node.GetToken(); token != nil {
		return token.Value
	}
	return ""
}

// kindOf names a node's kind to a person.
func kindOf(node ast.Node) string {
	switch node.(type) {
	case ast.MapNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias, which an inventory does not have"
	case *ast.TagNode:
		return "a tag, which an inventory does not have"
	case *ast.MappingKeyNode:
		return "a key with a question mark"
	}
	return "a single value"
}

// under joins the path of a mapping and a key of it.
func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
