package access

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

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
		"db1: SELECT 1: invalid connection: the SSH connection was lost: closed": &namedError{
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
