package topology

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// setting is one value of an inventory and the line that gives it; line 0 is a default, or nothing at all.
type setting[T any] struct {
	value T
	line  int
}

func (s setting[T]) given() bool { return s.line > 0 }

// fill sets what the inventory leaves open.
func (s *setting[T]) fill(value T) {
	if !s.given() {
		s.value = value
	}
}

// read takes one value out of the inventory; path names it in messages, as in "policy.canary".
type read func(path string, node ast.Node)

// keys are the keys that a mapping may have.
type keys map[string]read

// decoder turns nodes into settings. It goes on after a fault, so that all of them are told at once.
type decoder struct {
	*source
	met func(path string, known keys) // is told of each mapping before it is read; nil: nobody is
}

// mapping reads a mapping strictly: each key at most once, and none that is not known.
func (d *decoder) mapping(path string, node ast.Node, known keys) {
	if d.met != nil {
		d.met(path, known)
	}
	seen := map[string]bool{}
	d.entries(path, node, func(key string, line int, value ast.Node) {
		take, ok := known[key]
		switch {
		case !ok:
			d.unknownKey(path, key, line, slices.Sorted(maps.Keys(known)))
		case seen[key]:
			d.fault(line, "%s is given twice", under(path, key))
		default:
			seen[key] = true
			take(under(path, key), value)
		}
	})
}

// entries walks the entries of a mapping in the order of the file; nothing after the colon is an empty mapping.
func (d *decoder) entries(path string, node ast.Node, visit func(key string, line int, value ast.Node)) {
	if isNull(node) {
		return
	}
	fields, ok := node.(ast.MapNode)
	if !ok {
		d.mismatch(path, node, "keys and values")
		return
	}
	for field := fields.MapRange(); field.Next(); {
		key := field.Key()
		switch key.(type) {
		case *ast.MergeKeyNode, *ast.MappingKeyNode, *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
			d.mismatch(path, key, "plain keys")
		default:
			visit(tokenText(key), lineOf(key), field.Value())
		}
	}
}

func (d *decoder) unknownKey(path, key string, line int, known []string) {
	where := ""
	if path != "" {
		where = " in " + path
	}
	advice := ""
	if near, ok := closest(key, known); ok {
		advice = fmt.Sprintf(" (did you mean %q?)", near)
		d.misspelt[under(path, near)] = true
	}
	if looksSecret(key) && key != "password_file" {
		advice += "; a password does not belong into an inventory, a file that holds it may be named by account.password_file"
	}
	d.fault(line, "unknown key %q%s%s", oneLine(key), where, advice)
}

// section reads a mapping within a mapping.
func (d *decoder) section(known keys) read {
	return func(path string, node ast.Node) { d.mapping(path, node, known) }
}

// text reads a word, a number or a quoted string, each as it is written.
func (d *decoder) text(into *setting[string]) read {
	return func(path string, node ast.Node) {
		text, _ := d.scalar(path, node) // a value that was refused stays empty, and given: nothing else is said of it
		*into = setting[string]{text, lineOf(node)}
	}
}

// texts reads a list of words. The list's own line is kept beside them.
func (d *decoder) texts(into *setting[[]setting[string]]) read {
	return func(path string, node ast.Node) {
		into.line = lineOf(node)
		list, ok := node.(*ast.SequenceNode)
		switch {
		case isNull(node), ok && len(list.Values) == 0:
			d.fault(lineOf(node), "%s is empty: name at least one", path)
		case isScalar(node):
			d.fault(lineOf(node), "%s must be a list, as in %s: [%s]", path, path, oneLine(tokenText(node)))
		case !ok:
			d.mismatch(path, node, "a list of names")
		default:
			into.value = d.items(path, list)
		}
	}
}

func (d *decoder) items(path string, list *ast.SequenceNode) []setting[string] {
	var items []setting[string]
	for i, node := range list.Values {
		if text, ok := d.scalar(fmt.Sprintf("%s[%d]", path, i+1), node); ok {
			items = append(items, setting[string]{text, lineOf(node)})
		}
	}
	return items
}

func (d *decoder) number(into *setting[int]) read {
	return func(path string, node ast.Node) {
		text, ok := d.scalar(path, node)
		if !ok {
			return
		}
		number, err := strconv.Atoi(text)
		if err != nil {
			d.fault(lineOf(node), "%s must be a whole number", path)
			return
		}
		*into = setting[int]{number, lineOf(node)}
	}
}

func (d *decoder) flag(into *setting[bool]) read {
	return func(path string, node ast.Node) {
		text, ok := d.scalar(path, node)
		if !ok {
			return
		}
		if text != "true" && text != "false" {
			d.fault(lineOf(node), "%s must be true or false", path)
			return
		}
		*into = setting[bool]{text == "true", lineOf(node)}
	}
}

func (d *decoder) duration(into *setting[time.Duration]) read {
	return func(path string, node ast.Node) {
		text, ok := d.scalar(path, node)
		if !ok {
			return
		}
		length, err := time.ParseDuration(text)
		if err != nil || length < 0 {
			d.fault(lineOf(node), "%s must be a length of time with its unit, as in 30s or 5m", path)
			return
		}
		*into = setting[time.Duration]{length, lineOf(node)}
	}
}

// share is a part of the replicas: a number of them, or one of a hundred.
type share struct {
	number  int
	percent bool
}

// of gives how many of so many replicas that is: at least one.
func (s share) of(replicas int) int {
	if !s.percent {
		return s.number
	}
	return max(1, replicas*s.number/100)
}

func (d *decoder) share(into *setting[share]) read {
	return func(path string, node ast.Node) {
		text, ok := d.scalar(path, node)
		if !ok {
			return
		}
		digits, percent := strings.CutSuffix(text, "%")
		number, err := strconv.Atoi(digits)
		if err != nil || number < 1 || percent && number > 100 {
			d.fault(lineOf(node), "%s must be a whole number from 1 on, or a percentage, as in 2 or 25%%", path)
			return
		}
		*into = setting[share]{share{number, percent}, lineOf(node)}
	}
}

func (d *decoder) scalar(path string, node ast.Node) (string, bool) {
	switch {
	case isNull(node) || isScalar(node) && tokenText(node) == "":
		d.fault(lineOf(node), "%s is empty", path)
	case !isScalar(node):
		d.mismatch(path, node, "a single value")
	default:
		return tokenText(node), true
	}
	return "", false
}

func (d *decoder) mismatch(path string, node ast.Node, want string) {
	if path == "" {
		d.damage(lineOf(node), "an inventory is keys and values, as in primary: db1, not "+kindOf(node))
		return
	}
	d.fault(lineOf(node), "%s must be %s, not %s", path, want, kindOf(node))
}
