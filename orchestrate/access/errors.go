package access

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/ssh"
)

// RefusedError says that the server refused a statement.
type RefusedError struct {
	Server    topology.ServerName
	Statement string
	Number    int
	Text      string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: %s: the server refused (%d): %s", e.Server, short(e.Statement), e.Number, e.Text)
}

// short is the beginning of a statement, as much as it takes to know it.
func short(statement string) string {
	const most, mark = 80, " ..."
	if len(statement) <= most {
		return statement
	}
	cut := strings.LastIndex(statement[:most], " ")
	if cut < 0 {
		return statement
	}
	return strings.TrimRight(statement[:cut], ",") + mark
}

// Hint is what the refusal means, where that is known.
func (e *RefusedError) Hint() string {
	if e.Number == accessDenied {
		return "" // what is known of it is about receivers
	}
	return dialect.Explain(e.Number, e.Text)
}

// LoginError says that the server does not let the tool in.
type LoginError struct {
	Server  topology.ServerName
	Account string
	OSUser  string // who holds the connection to the socket on the host
	Socket  string // or host:port
	Number  int
	Text    string

	Password string // where the password is from; empty for a login without

	OverTLS bool // so it was refused; without a password it was tried without TLS before
	NoTLS   bool // the server offers none
}

func (e *LoginError) Error() string {
	return fmt.Sprintf("%s: SQL login as %s through %s%s: the server refused (%d): %s", e.Server, e.Account, e.Socket, e.manner(), e.Number, e.Text)
}

func (e *LoginError) manner() string {
	if e.OverTLS {
		return " over TLS"
	}
	return ""
}

// The errors by which a server turns an account away: wrong password or no such account, and a socket login as another OS user.
const (
	accessDenied           = 1045
	accessDeniedNoPassword = 1698
)

// secureTransport is the error of a login over TCP without TLS where require_secure_transport is on.
const secureTransport = 3159

func isDenied(number int) bool { return number == accessDenied || number == accessDeniedNoPassword }

// The errors by which a server says that the account is locked.
const (
	lockedByMariaDB = 4151
	lockedByMySQL   = 3118
)

// isFinal says that an account is turned away as long as nobody changes it. All else passes: a server that is full, that ends, or that has a
// limit for the hour.
func isFinal(number int) bool {
	switch number {
	case accessDenied, accessDeniedNoPassword, lockedByMariaDB, lockedByMySQL:
		return true
	}
	return false
}

// Errors of a login that pass: a full server, one that ends, a host with too many logins broken off, a full account, and one at its limit.
const (
	tooManyConnections = 1040
	endsNow            = 1053
	hostBlocked        = 1129
	tooManyOfUser      = 1203
	limitOfUser        = 1226
)

// Hint is what a person can do.
func (e *LoginError) Hint() string {
	switch e.Number {
	case lockedByMariaDB, lockedByMySQL:
		return fmt.Sprintf("let an account log in that is not locked, or unlock this one: ALTER USER '%s'@... ACCOUNT UNLOCK", e.Account)
	case tooManyConnections:
		return "run it again when the server has room (SHOW PROCESSLIST; max_connections); an account with CONNECTION ADMIN or SUPER may use the one that it keeps back"
	case endsNow:
		return "run it again when the server has started again"
	case hostBlocked:
		return "too many logins from there were broken off: FLUSH HOSTS on the server, and see who does that"
	case tooManyOfUser, limitOfUser:
		return fmt.Sprintf("run it again when fewer connections of %s are open, or raise the limit (SHOW CREATE USER; max_user_connections)", e.Account)
	case secureTransport:
		return fmt.Sprintf("require_secure_transport is on, and the server offers no TLS, so that TCP is closed to all: let the account log in through "+
			"the socket, servers: {%s: {mysql: {socket: /PATH}}}, or SET GLOBAL require_secure_transport=OFF until it serves TLS", e.Server)
	}
	if !isDenied(e.Number) {
		return ""
	}
	return e.identityHint() + e.requirementHint()
}

// requirementHint: a server does not tell whether it turned away who asks or how.
func (e *LoginError) requirementHint() string {
	const look = "; it may be the account's REQUIRE, too, which the server does not tell (SHOW CREATE USER of the row that matches, as another administrator): "
	switch {
	case e.OverTLS:
		return look + "SSL is met, and for X509, ISSUER or SUBJECT replssl has no certificate of the administrator: ALTER USER ... REQUIRE SSL, or name another " +
			"account by mysql.admin.user"
	case e.NoTLS:
		return look + "this server offers no TLS (SHOW VARIABLES LIKE 'ssl_cert'), so that an account that requires it cannot log in at all, nor any over TCP where " +
			"require_secure_transport is on: ALTER USER ... REQUIRE NONE until it does, or name another account by mysql.admin.user"
	}
	return ""
}

func (e *LoginError) identityHint() string {
	if e.Password != "" {
		return fmt.Sprintf("see whether that is the password of %s (%s); replssl does not try it again in this run, since servers lock accounts; "+
			"the account must be one of the host that the server tells, as 'USER'@'127.0.0.1' or 'USER'@'localhost', with the privileges that the README lists",
			e.Account, e.Password)
	}
	sudo := ""
	if e.OSUser != "root" {
		sudo = "let root do it: ssh.sudo: true; or "
	}
	return fmt.Sprintf("%sset mysql.admin.user in the inventory to an account that the socket lets in without a password, which bears the name of the "+
		"OS user %s; to make one: CREATE USER '%s'@localhost IDENTIFIED VIA unix_socket, with the privileges that the README lists; or give the "+
		"password of the account by mysql.admin.password_file", sudo, e.OSUser, e.OSUser)
}

// SocketError says that no server was found on the host, or more than one.
type SocketError struct {
	Server  topology.ServerName
	Port    int
	Tried   []string // each socket with what was found there
	Several []string // sockets of servers that all have the port

	refused *LoginError // the first that turned the account away
}

func (e *SocketError) note(refused *LoginError) {
	if e.refused == nil {
		e.refused = refused
	}
}

func (e *SocketError) Error() string {
	if len(e.Several) > 0 {
		return fmt.Sprintf("%s: looking for the socket of the server with port %d: %d servers have it: %s",
			e.Server, e.Port, len(e.Several), strings.Join(e.Several, ", "))
	}
	tried := "the host has no socket with mysql or maria in its path"
	if shown := min(len(e.Tried), mostTried); shown > 0 {
		tried = "tried " + strings.Join(e.Tried[:shown], "; ")
		if more := len(e.Tried) - shown; more > 0 {
			tried += fmt.Sprintf("; and %d more", more)
		}
	}
	return fmt.Sprintf("%s: looking for the socket of the server with port %d: %s", e.Server, e.Port, tried)
}

// mostTried is how many sockets a message lists.
const mostTried = 4

// Hint is what a person can do.
func (e *SocketError) Hint() string {
	return fmt.Sprintf("see whether the server runs, and give its port and socket as SELECT @@port, @@socket tells them: "+
		"servers: {%s: {mysql: {port: PORT, socket: /PATH}}}%s", e.Server, e.afterRefusal())
}

func (e *SocketError) afterRefusal() string {
	if e.refused == nil || len(e.Several) > 0 {
		return ""
	}
	return "; if it is the one that refused the login: " + e.refused.Hint()
}

// UnreachableError says that nobody answers at the server's socket.
type UnreachableError struct {
	Server  topology.ServerName
	Account string
	OSUser  string
	Socket  string
	Err     error
}

func (e *UnreachableError) Error() string {
	why := withoutName(e.Server, e.Err)
	var failed *remote.DialError
	if errors.As(e.Err, &failed) && failed.Address == e.Socket {
		why = plain.Cause(failed.Err) // the socket is told already
	}
	return fmt.Sprintf("%s: SQL login as %s through %s: %s", e.Server, e.Account, e.Socket, why)
}

// Unwrap is the reason.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint is what a person can do: it names all that may be wrong, since an SSH server says the same of all of it.
func (e *UnreachableError) Hint() string {
	var failed *remote.DialError
	if deeper := Hint(e.Err); deeper != "" || !errors.As(e.Err, &failed) {
		return deeper
	}
	return fmt.Sprintf("see whether the server runs, whether %s is its socket (servers.%s.mysql.socket) and the OS user %s may open it, and whether "+
		"sshd_config of the host has AllowStreamLocalForwarding yes", e.Socket, e.Server, e.OSUser)
}

// Hint is what a person can do about an error of this package; it may be empty.
func Hint(err error) string {
	if hint := outermost(err); hint != "" {
		return hint
	}
	if errors.Is(err, mysql.ErrUnknownPlugin) {
		return "of the plugins of MariaDB and MySQL replssl can log in by mysql_native_password, caching_sha2_password, sha256_password and ed25519; PARSEC it has not"
	}
	var failed *remote.DialError
	if errors.As(err, &failed) && failed.Forbidden {
		return "sshd_config of the host must have AllowTcpForwarding yes"
	}
	return ""
}

// outermost is the first hint that an error of the tree has.
func outermost(err error) string {
	if hinted, ok := err.(interface{ Hint() string }); ok && hinted.Hint() != "" {
		return hinted.Hint()
	}
	switch wrapped := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		return outermost(wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			if hint := outermost(inner); hint != "" {
				return hint
			}
		}
	}
	return ""
}

// namedError is an error of a server, told with its name once: errors of its host begin with that name too.
type namedError struct {
	server topology.ServerName
	doing  string
	err    error
}

func (e *namedError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.server, e.doing, withoutName(e.server, e.err))
}

func (e *namedError) Unwrap() error { return e.err }

// withoutName is an error's text without the name of the server, which the caller puts in front.
func withoutName(server topology.ServerName, err error) string {
	const between = ": "
	text := strings.ReplaceAll(between+cause(err), between+string(server)+between, between)
	return strings.TrimPrefix(text, between)
}

// cause is what went wrong, without the words of the driver.
func cause(err error) string {
	text := plain.Cause(err)
	for _, said := range []struct {
		err   error
		plain string
	}{
		{mysql.ErrInvalidConn, "the connection to the server broke"},
		{driver.ErrBadConn, "the connection to the server broke"},
		{mysql.ErrMalformPkt, "what answers there does not speak the protocol of MySQL"},
		{mysql.ErrPktSync, "what answers there does not speak the protocol of MySQL"},
		{mysql.ErrPktSyncMul, "what answers there does not speak the protocol of MySQL"},
		{mysql.ErrUnknownPlugin, "the account uses an authentication plugin that replssl does not know"},
		{mysql.ErrOldProtocol, "the server is too old for replssl"},
	} {
		if errors.Is(err, said.err) {
			text = strings.Replace(text, said.err.Error(), said.plain, 1)
		}
	}
	return text
}

// refusal is the server's own word, if that is what the error is.
func refusal(err error) (*mysql.MySQLError, bool) {
	var refused *mysql.MySQLError
	ok := errors.As(err, &refused)
	return refused, ok
}

// isBroken says that the connection to the server is of no use any more, as after a restart of the server.
func isBroken(err error) bool {
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || IsLost(err)
}

// IsLost says that the connection to the host has ended under the call, so that another call would connect anew.
func IsLost(err error) bool {
	var lost *ssh.LostError
	return errors.As(err, &lost)
}

// gaveUp is the error of a wait that the context ended.
func (l *line) gaveUp(ctx context.Context, doing string) error {
	return &namedError{server: l.server.Name, doing: doing, err: context.Cause(ctx)}
}
