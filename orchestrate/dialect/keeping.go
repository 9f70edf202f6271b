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
// persisted are so again, and the others no more. It needs SYSTEM_VARIABLES_ADMIN and, where one is persisted now and was not before,
// PERSIST_RO_VARIABLES_ADMIN (tried on 9.7).
func (Dialect) Forget(former, kept facts.TLSSettings) ([]Statement, error) {
	var list []Statement
	paths := kept.Paths()
	for _, path := range paths {
		if path.Value == "" {
			list = append(list, statement("RESET PERSIST IF EXISTS %s", path.Name))
		}
	}
	if len(list) < len(paths) {
		again, err := setPaths("PERSIST", kept)
		if err != nil {
			return nil, err
		}
		list = append(list, again)
	}
	back, err := setPaths("GLOBAL", former)
	return append(list, back), err
}

func setPaths(where string, s facts.TLSSettings) (Statement, error) {
	var list []string
	for _, path := range s.Paths() {
		if err := option(path.Value); err != nil {
			return Statement{}, fmt.Errorf("%s = %q: %w", path.Name, path.Value, err)
		}
		switch {
		case path.Value != "":
			list = append(list, where+" "+path.Name+" = '"+path.Value+"'")
		case where == "GLOBAL":
			list = append(list, where+" "+path.Name+" = DEFAULT")
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
