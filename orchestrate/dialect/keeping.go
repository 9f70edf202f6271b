package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Persist sets the paths of the TLS files for the running server, of which its next reload makes use, and for its next start. An empty CRL
// is left as it is: as an empty text the server would take it for the name of a file, and refuse the reload (tried on MySQL 9.7). One
// statement sets all or, where it fails, none. It is not written to the binary log, and needs SYSTEM_VARIABLES_ADMIN.
func (Dialect) Persist(s facts.TLSSettings) (Statement, error) { return setPaths("PERSIST", s) }

// Forget gives the running server the former paths of the TLS files, of which an empty one is as if it had never been set. Those that were
// persisted are so again, and the others no more. It needs SYSTEM_VARIABLES_ADMIN.
func (Dialect) Forget(former, kept facts.TLSSettings) ([]Statement, error) {
	var list []Statement
	values := pathValues(kept)
	for _, name := range persistable() {
		if values[name] == "" {
			list = append(list, statement("RESET PERSIST IF EXISTS %s", name))
		}
	}
	if len(list) < len(persistable()) {
		again, err := setPaths("PERSIST", kept)
		if err != nil {
			return nil, err
		}
		list = append(list, again)
	}
	back, err := setPaths("GLOBAL", former)
	return append(list, back), err
}

func persistable() []string { return []string{"ssl_ca", "ssl_cert", "ssl_key", "ssl_crl"} }

func pathValues(s facts.TLSSettings) map[string]string {
	return map[string]string{"ssl_ca": s.CA, "ssl_cert": s.Cert, "ssl_key": s.Key, "ssl_crl": s.CRL}
}

func setPaths(where string, s facts.TLSSettings) (Statement, error) {
	values := pathValues(s)
	var list []string
	for _, name := range persistable() {
		value := values[name]
		if err := option(value); err != nil {
			return Statement{}, fmt.Errorf("%s = %q: %w", name, value, err)
		}
		switch {
		case value != "":
			list = append(list, where+" "+name+" = '"+value+"'")
		case where == "GLOBAL":
			list = append(list, where+" "+name+" = DEFAULT")
		}
	}
	return statement("SET %s", strings.Join(list, ", ")), nil
}

// persistedLoad says whether the server reads at its start what it persisted.
const persistedLoad = "persisted_globals_load"

// Kept asks for the TLS variables that the server persists (tried on MySQL 9.7).
func (Dialect) Kept() Query[facts.Kept] {
	all := each(func(s *scan) namedVariable {
		return namedVariable{strings.ToLower(s.text("name")), facts.Variable{Value: s.text("value")}}
	})
	return Query[facts.Kept]{
		ask: statement("SELECT VARIABLE_NAME AS name, VARIABLE_VALUE AS value FROM performance_schema.persisted_variables"+
			" WHERE VARIABLE_NAME IN (%s) UNION ALL SELECT '%s', @@%[2]s", quotedNames(tlsVariables()), persistedLoad),
		read: func(rows []Row) facts.Value[facts.Kept] { return readKept(byName(all(rows))) },
	}
}

func readKept(found facts.Value[map[string]facts.Variable]) facts.Value[facts.Kept] {
	all, ok := found.Get()
	if !ok {
		return facts.As[facts.Kept](found)
	}
	kept := facts.Kept{Loaded: on(all[persistedLoad].Value), Values: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != persistedLoad {
			kept.Values[name] = all[name].Value
		}
	}
	return facts.Known(kept)
}
