package dialect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// The names of TLS variables that more than one place here knows.
const (
	sslSwitch = "ssl"
	transport = "require_secure_transport"
	version   = "tls_version"
)

// tlsPaths are the variables that name files and folders; each of them, and ssl_cipher, turns TLS on where that takes a setting.
func tlsPaths() []string {
	return []string{"ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_crl", "ssl_crlpath"}
}

func tlsVariables() []string { return append(tlsPaths(), "ssl_cipher", version, transport) }

// Variables asks for all TLS variables of the running server, and where it has each value from, by name (tried on MariaDB 10.11). A value
// that a file gave has its path; of one that was set with SET GLOBAL the server has forgotten what the files said.
func (d Dialect) Variables() Query[map[string]facts.Variable] {
	all := each(readVariable)
	return Query[map[string]facts.Variable]{
		ask:  d.variables(),
		read: func(rows []Row) facts.Value[map[string]facts.Variable] { return byName(all(rows)) },
	}
}

func (d Dialect) variables() Statement {
	if d.words.variables != "" {
		return statement("%s IN (%s)", d.words.variables, quotedNames(tlsVariables()))
	}
	var each []string
	for _, name := range tlsVariables() {
		if !slices.Contains(d.words.missing, name) {
			each = append(each, fmt.Sprintf("SELECT '%s' AS name, @@GLOBAL.%[1]s AS value, '' AS preset, '%s' AS origin, '' AS path", name, untold))
		}
	}
	return Statement{strings.Join(each, " UNION ALL ")}
}

// untold stands for an origin where the server tells of none.
const untold = "UNTOLD"

func quotedNames(names []string) string {
	return "'" + strings.ToUpper(strings.Join(names, "', '")) + "'"
}

type namedVariable struct {
	name string
	facts.Variable
}

func readVariable(s *scan) namedVariable {
	v := namedVariable{strings.ToLower(s.text("name")), facts.Variable{
		Value: s.text("value"), Default: s.text("preset"), Origin: originOf(s, s.text("origin")), File: s.text("path"),
	}}
	if s.text("origin") == untold && !setBySomebody(v.name, v.Value) {
		v.Origin, v.Default = facts.FromNothing, v.Value
	}
	return v
}

// setBySomebody is what a value tells of a variable whose origin the server does not tell. MySQL 5.7 gives the paths itself to files of these
// names that it finds in its data folder.
func setBySomebody(name, value string) bool {
	switch name {
	case version:
		return false
	case transport:
		return on(value)
	}
	return !slices.Contains([]string{"", "ca.pem", "server-cert.pem", "server-key.pem"}, value)
}

// originOf knows the words of MariaDB's information_schema, and of MySQL's performance_schema.variables_info.
func originOf(s *scan, word string) facts.Origin {
	switch word {
	case "COMPILE-TIME", "AUTO", "COMPILED":
		return facts.FromNothing
	case "CONFIG", "GLOBAL", "SERVER", "EXPLICIT", "EXTRA", "USER", "LOGIN":
		return facts.FromFile
	case "COMMAND-LINE", "ENVIRONMENT", "COMMAND_LINE":
		return facts.FromArguments
	case "PERSISTED":
		return facts.FromPersisted
	case "SQL", "DYNAMIC":
		return facts.FromRunTime
	case untold:
		return facts.FromSomewhere
	}
	s.fail("the origin of the variable %s is %q, which is not known", s.text("name"), word)
	return ""
}

func byName(list facts.Value[[]namedVariable]) facts.Value[map[string]facts.Variable] {
	all, ok := list.Get()
	if !ok {
		return facts.As[map[string]facts.Variable](list)
	}
	variables := map[string]facts.Variable{}
	for _, v := range all {
		variables[v.name] = v.Variable
	}
	return facts.Known(variables)
}

// FullName is the name of the TLS setting that the server takes a name for, which may be an abbreviation of it; as it stands where it is
// none of ours, or fits several, which the server refuses.
func (Dialect) FullName(name string) string {
	var fits []string
	for _, full := range append(tlsVariables(), sslSwitch) {
		switch {
		case full == name:
			return name
		case strings.HasPrefix(full, name):
			fits = append(fits, full)
		}
	}
	if len(fits) == 1 {
		return fits[0]
	}
	return name
}

// Winners are, of settings in the order in which they are read, those that count: the last of each name, by name. That of ssl is what
// turned TLS on or off last, which a path does too (tried on MariaDB 10.11).
func (d Dialect) Winners(settings []facts.Setting) map[string]facts.Setting {
	winners := map[string]facts.Setting{}
	for _, s := range settings {
		winners[s.Name] = s
		if d.tlsByPath && (slices.Contains(tlsPaths(), s.Name) || s.Name == "ssl_cipher") {
			s.Value = "1"
			winners[sslSwitch] = s
		}
	}
	return winners
}

// Overriding are, of the settings that are read after the text of our option file, those that win over it: the last word about something that
// the text sets, where it is another word. TLS counts as set, whichever way the server is told of it.
func (d Dialect) Overriding(text, suffix string, later []facts.Setting) []facts.Setting {
	ours := []facts.Setting{{Name: sslSwitch, Value: "1"}}
	for _, o := range d.Options(text, suffix) {
		if o.Kind == OptionSetting {
			ours = append(ours, facts.Setting{Name: d.FullName(o.Name), Value: o.Value})
		}
	}
	meant, winners := d.Winners(ours), d.Winners(append(slices.Clone(ours), later...))
	var list []facts.Setting
	for _, s := range later {
		if own, set := meant[s.Name]; set && winners[s.Name] == s && !alike(s.Name, own.Value, s.Value) {
			list = append(list, s)
		}
	}
	return list
}

// Difference is a TLS variable that the next start of a server would set otherwise than it is now.
type Difference struct {
	Name         string
	Runs, Starts string        // the values
	By           facts.Setting // that would win; without a place where nothing would set the variable
}

// Differences compares what runs with what the next start would read, sorted by name. Whether TLS is on at all is the difference of ssl.
func (d Dialect) Differences(running map[string]facts.Variable, enabled bool, settings []facts.Setting) []Difference {
	winners := d.Winners(settings)
	var list []Difference
	for name, now := range running {
		by, set := winners[name]
		starts := by.Value
		if !set {
			starts = atRest(now)
		}
		if alike(name, now.Value, starts) {
			continue
		}
		list = append(list, Difference{Name: name, Runs: now.Value, Starts: starts, By: by})
	}
	if by := winners[sslSwitch]; d.tlsByPath && on(by.Value) != enabled {
		list = append(list, Difference{Name: sslSwitch, Runs: onOff(enabled), Starts: onOff(on(by.Value)), By: by})
	}
	slices.SortFunc(list, func(a, b Difference) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// atRest is the value of a variable that no setting names any more. One that had its value from nothing keeps it.
func atRest(now facts.Variable) string {
	if now.Origin == facts.FromNothing {
		return now.Value
	}
	return now.Default
}

// alike says that two values of a variable are the same to the server.
func alike(name, a, b string) bool {
	switch name {
	case transport, sslSwitch:
		return on(a) == on(b)
	case version:
		return slices.Equal(versions(a), versions(b))
	}
	return a == b
}

func on(value string) bool {
	return slices.Contains([]string{"1", "on", "true"}, strings.ToLower(value))
}

func onOff(is bool) string {
	if is {
		return "ON"
	}
	return "OFF"
}

// versions are the parts of a list whose order does not matter.
func versions(value string) []string {
	list := strings.Split(strings.ToLower(value), ",")
	slices.Sort(list)
	return slices.Compact(list)
}

// RefusesBadFiles says that a server does not start at all with a certificate or key that it cannot use. Others start without TLS.
func (d Dialect) RefusesBadFiles() bool { return d.refusesBadFiles }
