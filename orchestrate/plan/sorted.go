package plan

import (
	"cmp"
	"slices"
)

// sortedKeys gives a map an order, so that no output depends on that of the map.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
