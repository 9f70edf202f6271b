package facts

// Kept are the TLS variables that a server persists by itself, beside its option files.
type Kept struct {
	Loaded bool              // the next start reads them, and they win over option files
	Values map[string]string // by name
}

// Paths are those of them that name TLS files; an empty one is not persisted.
func (k Kept) Paths() TLSSettings {
	return TLSPaths(func(name string) string { return k.Values[name] })
}
