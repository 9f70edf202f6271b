package dialect

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// PersistedFile is the file of the data folder that holds what SET PERSIST wrote, which the server reads after everything else; empty for a
// server that persists nothing.
func (d Dialect) PersistedFile() string { return d.persistedFile }

// Persisted reads that file, and gives the settings of it that [Dialect.Options] would give of an option file, sorted by name.
//
// A variable stands at any depth, as an object with the texts Value and, since 8.0.14, Metadata.
func (d Dialect) Persisted(text string) ([]Option, error) {
	var all any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	values := map[string]string{}
	persistedValues(all, values)
	var list []Option
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if o, ok := recognise(name, values[name], true); ok {
			o.Text = fmt.Sprintf("%s=%q", name, values[name])
			list = append(list, o)
		}
	}
	return list, nil
}

func persistedValues(node any, values map[string]string) {
	object, ok := node.(map[string]any)
	if !ok {
		return
	}
	for name, child := range object {
		fields, ok := child.(map[string]any)
		if !ok {
			continue
		}
		if value, ok := fields["Value"].(string); ok {
			values[name] = value
			continue
		}
		persistedValues(child, values)
	}
}
