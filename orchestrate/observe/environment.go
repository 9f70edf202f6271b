package observe

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/shell"
)

// environment are the variables by which a server finds option files, as its process was started with them.
type environment map[string]string

func (g *glance) environment() (environment, error) {
	variables, ok := g.found.Environment.Get()
	if !ok {
		return nil, fmt.Errorf("%s: the environment of the server's process: %s", g.server.Name, g.found.Environment.Why())
	}
	for name, value := range variables {
		if strings.HasSuffix(name, "HOME") && strings.ContainsFunc(value, unicode.IsSpace) {
			return nil, fmt.Errorf("%s: the server was started with %s=%q, whose spaces hide where it looks for option files", g.server.Name, name, value)
		}
	}
	return variables, nil
}

// words begin a command that has this environment, and nothing of what the login's says of the same.
func (e environment) words() []string {
	words := []string{"env"}
	for _, name := range process.OptionFileVariables() {
		words = append(words, "-u", name)
	}
	for _, name := range process.OptionFileVariables() {
		if value, ok := e[name]; ok {
			words = append(words, name+"="+value)
		}
	}
	return words
}

func (e environment) call(program string, args ...string) shell.Line {
	words := append(e.words(), program)
	return shell.Words(words[0], append(words[1:], args...)...)
}

// suffix is that of the groups which the server reads besides the usual ones. Its command line outweighs its environment (tried on
// MariaDB 10.11).
func (g *glance) suffix() string {
	if suffix, ok := g.args.option(groupSuffix); ok {
		return suffix
	}
	variables, _ := g.found.Environment.Get()
	return cmp.Or(variables["MARIADB_GROUP_SUFFIX"], variables["MYSQL_GROUP_SUFFIX"])
}
