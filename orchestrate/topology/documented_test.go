package topology

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryKeyIsDocumented: the table in docs/inventory.md has each key that is read, and no other.
func TestEveryKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/inventory.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Every key\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var documented []string
	for line := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, key := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			documented = append(documented, key[1])
		}
	}
	slices.Sort(documented)
	known := knownKeys(t, "")
	if len(known) < 40 {
		t.Fatalf("only %d keys are known: %v", len(known), known)
	}
	for _, key := range known {
		if !slices.Contains(documented, key) {
			t.Errorf("%s stands in no row", key)
		}
	}
	for _, key := range documented {
		if !slices.Contains(known, key) {
			t.Errorf("%s is documented and not read", key)
		}
	}
	if again := slices.Compact(slices.Clone(documented)); len(again) < len(documented) {
		t.Errorf("a key stands there twice: %v", documented)
	}
}

// knownKeys are the keys that hold a value, below a path, sorted. A key whose mapping is read has keys of its own.
func knownKeys(t *testing.T, path string) []string {
	t.Helper()
	below := keysBelow(t, path)
	if path == "servers" {
		return knownKeys(t, "servers.NAME")
	}
	if below == nil {
		return []string{path}
	}
	var all []string
	for _, key := range below {
		all = append(all, knownKeys(t, under(path, key))...)
	}
	return all
}

// keysBelow reads an inventory that has an empty mapping at the path.
func keysBelow(t *testing.T, path string) []string {
	t.Helper()
	text := "{}"
	steps := strings.Split(path, ".")
	for _, step := range slices.Backward(steps) {
		if path != "" {
			text = "{" + step + ": " + text + "}"
		}
	}
	var found []string
	source := newSource("replssl.yaml", []byte(text))
	root, ok := parseYAML(source, []byte(text))
	if !ok {
		t.Fatal(source.err())
	}
	inv := inventory{}
	inv.read(&decoder{source: source, met: func(at string, known keys) {
		if at == path {
			found = slices.Sorted(maps.Keys(known))
		}
	}}, root)
	return found
}
