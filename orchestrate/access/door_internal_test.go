package access

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

func TestWhomThePasswordIsTold(t *testing.T) {
	end := func(address string, id int, name string) process.End {
		owner := process.User{ID: id, Name: seen.Unknown[string]("no name")}
		if name != "" {
			owner.Name = seen.Known(name)
		}
		return process.End{Address: netip.MustParseAddr(address), Listening: true, Owner: owner}
	}
	server := func(e process.End) process.End {
		e.Server = true
		return e
	}
	taken := end("127.0.0.1", 1001, "eve")
	taken.Listening = false
	for name, c := range map[string]struct {
		host     string
		ends     []process.End
		isServer bool
		why      string
	}{
		"the server":                    {"127.0.0.1", []process.End{server(end("127.0.0.1", 27, "mysql"))}, true, ""},
		"the server everywhere":         {"127.0.0.1", []process.End{server(end("::", 27, "mysql"))}, true, ""},
		"root, as a proxy":              {"127.0.0.1", []process.End{end("0.0.0.0", 0, "root")}, false, ""},
		"who asks":                      {"::1", []process.End{end("::1", 1000, "ops")}, false, ""},
		"another user":                  {"127.0.0.1", []process.End{end("127.0.0.1", 1001, "eve")}, false, "a program of the OS user eve has the port there"},
		"another user by a server":      {"127.0.0.1", []process.End{server(end("127.0.0.1", 1001, "eve"))}, false, "the OS user eve"},
		"a user without a name":         {"127.0.0.1", []process.End{end("127.0.0.1", 1001, "")}, false, "the OS user 1001"},
		"another user elsewhere":        {"10.0.0.5", []process.End{end("127.0.0.1", 1001, "eve"), server(end("10.0.0.5", 27, "mysql"))}, true, ""},
		"another user beside":           {"127.0.0.1", []process.End{server(end("127.0.0.1", 27, "mysql")), end("0.0.0.0", 1001, "eve")}, false, "the OS user eve"},
		"a name, which anybody may be":  {"db1", []process.End{end("127.0.0.1", 1001, "eve"), server(end("10.0.0.5", 27, "mysql"))}, false, "the OS user eve"},
		"who took it in before he left": {"127.0.0.1", []process.End{server(end("::", 27, "mysql")), taken}, false, "the OS user eve"},
		"nobody":                        {"127.0.0.1", []process.End{server(end("10.0.0.5", 27, "mysql"))}, false, "no program of this host listens there"},
	} {
		isServer, why := judgeEnds(process.Port{Asking: 1000, Ends: c.ends}, c.host)
		if !strings.Contains(why, c.why) || (why == "") != (c.why == "") || why == "" && isServer != c.isServer {
			t.Errorf("%s: got %v, %q", name, isServer, why)
		}
	}
}

// answering is a server that answers each login with the next of these.
type answering struct {
	driver.Connector
	answers []error
}

func (a *answering) Connect(context.Context) (driver.Conn, error) {
	if len(a.answers) == 0 {
		return nil, errors.New("one login too many")
	}
	next := a.answers[0]
	a.answers = a.answers[1:]
	return nil, next
}

func TestOnlyAFinalRefusalIsRemembered(t *testing.T) {
	for number, final := range map[uint16]bool{
		1045: true, 1698: true, 3118: true, 4151: true,
		1040: false, 1053: false, 1129: false, 1203: false, 1226: false,
	} {
		server := &answering{answers: []error{&mysql.MySQLError{Number: number}, nil}}
		connector := careful{Connector: server, once: newOnce()}
		_, _ = connector.Connect(t.Context())
		if _, err := connector.Connect(t.Context()); (err != nil) != final || final == (len(server.answers) == 0) {
			t.Errorf("after %d: %v, and %d answers are left", number, err, len(server.answers))
		}
		if hint := (&LoginError{Account: "dba", Number: int(number), Password: "password_file x"}).Hint(); hint == "" ||
			strings.Contains(hint, "does not try it again") != (number == 1045 || number == 1698) {
			t.Errorf("hint for %d: %q", number, hint)
		}
	}
}
