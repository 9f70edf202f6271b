package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/ssh"
)

func TestTheServerIsNamedOnce(t *testing.T) {
	lost := &ssh.LostError{Host: "db1", Err: errors.New("closed")}
	dial := &remote.DialError{Host: "db1", Address: "/run/db1: x.sock", Err: errors.New("refused")}
	for want, err := range map[string]error{
		"db1: SQL login as root through /s: connecting from there to /run/db1: x.sock: refused": &UnreachableError{
			Server: "db1", Account: "root", Socket: "/s", Err: dial,
		},
		"db1: SELECT 1: the connection to the server broke: the SSH connection was lost: closed": &namedError{
			server: "db1", doing: "SELECT 1", err: fmt.Errorf("%w: %w", mysql.ErrInvalidConn, lost),
		},
		"db1: SELECT 1: adb1: db2: no": &namedError{server: "db1", doing: "SELECT 1", err: errors.New("adb1: db2: no")},
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
	named := &namedError{server: "db1", doing: "SELECT 1", err: lost}
	if !IsLost(named) {
		t.Error("the reason is hidden")
	}
}

func TestCausesAreSaidPlainly(t *testing.T) {
	closed := &net.OpError{Op: "read", Net: "unix", Err: io.EOF}
	for want, err := range map[string]error{
		"db1: SELECT 1: the connection to the server broke": &namedError{server: "db1", doing: "SELECT 1", err: mysql.ErrInvalidConn},
		"db1: SELECT 1: the connection to the server broke: the other end closed the connection": &namedError{
			server: "db1", doing: "SELECT 1", err: fmt.Errorf("%w: %w", mysql.ErrInvalidConn, closed),
		},
		"db1: SELECT 1: no answer in time": &namedError{server: "db1", doing: "SELECT 1", err: context.DeadlineExceeded},
		"db1: SELECT 1: interrupted":       &namedError{server: "db1", doing: "SELECT 1", err: context.Canceled},
		"db1: SQL login as root through /s: what answers there does not speak the protocol of MySQL": &UnreachableError{
			Server: "db1", Account: "root", Socket: "/s", Err: mysql.ErrMalformPkt,
		},
		"db1: SQL login as root through /s: the host could not open it": &UnreachableError{ // the socket is told once
			Server: "db1", Account: "root", Socket: "/s", Err: &remote.DialError{Host: "db1", Address: "/s", Err: errors.New("the host could not open it")},
		},
		"db1: looking for the socket of the server with port 3306: tried /1: no; /2: no; /3: no; /4: no; and 2 more": &SocketError{
			Server: "db1", Port: 3306, Tried: []string{"/1: no", "/2: no", "/3: no", "/4: no", "/5: no", "/6: no"},
		},
		"db1: looking for the socket of the server with port 3306: 2 servers have it: /1, /3": &SocketError{
			Server: "db1", Port: 3306, Tried: []string{"/2: no"}, Several: []string{"/1", "/3"},
		},
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}

func TestALongStatementIsCut(t *testing.T) {
	long := "SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, CONNECTION_ID() AS self FROM information_schema.PROCESSLIST AS p"
	err := &RefusedError{Server: "db1", Statement: long, Number: 1, Text: "no"}
	want := "db1: SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command ...: the server refused (1): no"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if got := short("STOP SLAVE"); got != "STOP SLAVE" {
		t.Error(got)
	}
}

// TestAnswersOfAPacket: each statement gets one answer, whatever the connection did when.
func TestAnswersOfAPacket(t *testing.T) {
	s := &Session{server: "db1", heard: &heard{}}
	sent := []dialect.Statement{dialect.Mark(), dialect.Mark(), dialect.Mark()}
	rows := []dialect.Row{}
	refused := &mysql.MySQLError{Number: 1381, Message: "no binary log"}
	for name, c := range map[string]struct {
		sets [][]dialect.Row
		err  error
		want string
	}{
		"all":                       {[][]dialect.Row{rows, rows, rows}, nil, "ok ok ok"},
		"all, and then the context": {[][]dialect.Row{rows, rows, rows}, context.Canceled, "ok ok ok"},
		"more than were asked for":  {[][]dialect.Row{rows, rows, rows, rows}, nil, "ok ok ok"},
		"a refusal":                 {[][]dialect.Row{rows}, refused, "ok refused"},
		"a refusal at once":         {nil, refused, "refused"},
		"a broken connection":       {[][]dialect.Row{rows}, mysql.ErrInvalidConn, "ok failed failed"},
		"an end without a reason":   {[][]dialect.Row{rows}, nil, "ok"},
		"nothing":                   {nil, nil, "failed failed failed"},
	} {
		var got []string
		for _, answer := range s.answers(t.Context(), sent, c.sets, c.err) {
			var refusal *RefusedError
			switch {
			case answer.Err == nil:
				got = append(got, "ok")
			case errors.As(answer.Err, &refusal):
				got = append(got, "refused")
			default:
				got = append(got, "failed")
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}
