package lab

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// replicate creates the account, starts the receivers and lets some rows through.
func (l *Lab) replicate(ctx context.Context, o Options) error {
	err := l.each(func(s Server) error {
		if !l.hasAccount(s, o.Account) {
			return nil
		}
		return l.createAccount(ctx, s)
	})
	if err != nil {
		return err
	}
	err = l.each(func(s Server) error {
		if s.ReplicatesFrom == "" {
			return nil
		}
		return l.startReceiver(ctx, s)
	})
	if err != nil {
		return err
	}
	if err := l.createShop(ctx); err != nil || o.Futile {
		return err
	}
	return l.WaitCaughtUp(ctx)
}

func (l *Lab) hasAccount(s Server, mode AccountMode) bool {
	for _, other := range l.Servers {
		if other.ReplicatesFrom == s.Name {
			return true
		}
	}
	return s.ReplicatesFrom == "" || mode == AccountEverywhere || mode == AccountSome && s.Name == "replica1"
}

// createAccount keeps the account out of the binlog, as it is on servers whose replicas were filled from a dump of the data
// alone.
func (l *Lab) createAccount(ctx context.Context, s Server) error {
	a := l.Account
	err := l.Exec(ctx, s.Name, createAccount(s.Programs.Release, l.hasOldOnes()), a.User, a.Password, a.User)
	if err != nil || !s.Programs.Release.MySQL(9, 0, 0) || !l.hasOldOnes() {
		return err
	}
	return l.introduce(ctx, s)
}

// introduce logs the account in over TLS once: a receiver of MariaDB does not get in without, by caching_sha2_password, before somebody else did
// (tried on 9.7 and 11.8).
func (l *Lab) introduce(ctx context.Context, s Server) error {
	login := mysql.NewConfig()
	login.User, login.Passwd, login.Net, login.Addr = l.Account.User, l.Account.Password, "tcp", s.MySQLAddress()
	login.TLS = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // on this machine, to a server that has just been made
	connector, err := mysql.NewConnector(login)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	db := sql.OpenDB(connector)
	if err := errors.Join(db.PingContext(ctx), db.Close()); err != nil {
		return fmt.Errorf("%s: log the replication account in: %w", s.Name, err)
	}
	return nil
}

func (l *Lab) startReceiver(ctx context.Context, s Server) error {
	source, err := l.Server(s.ReplicatesFrom)
	if err != nil {
		return err
	}
	return l.Exec(ctx, s.Name, startReplica(s.Programs.Release, source.Programs.Release),
		source.Address, source.Port, l.Account.User, l.Account.Password)
}

func (l *Lab) createShop(ctx context.Context) error {
	return l.Exec(ctx, l.Primary().Name, "CREATE DATABASE shop; "+
		"CREATE TABLE shop.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(100) NOT NULL, "+
		"at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)); "+
		"INSERT INTO shop.orders (note) VALUES ('tea'), ('milk'), ('sugar'), ('cups'), ('spoons')")
}

// SlaveStatus is the row of SHOW SLAVE STATUS by column name, which are those of MariaDB on every server; it is empty on a server that does
// not replicate.
func (l *Lab) SlaveStatus(ctx context.Context, server string) (map[string]string, error) {
	s, err := l.Server(server)
	if err != nil {
		return nil, err
	}
	words := s.Programs.Release.words()
	table, err := l.Query(ctx, server, words.status)
	if err != nil || len(table.Rows) == 0 {
		return nil, err
	}
	status := map[string]string{}
	for name, value := range table.Maps()[0] {
		status[words.masterWord.Replace(name)] = value
	}
	return status, nil
}

// BinlogEnd is where a server's binary log ends: file and offset.
func (l *Lab) BinlogEnd(ctx context.Context, server string) (string, error) {
	s, err := l.Server(server)
	if err != nil {
		return "", err
	}
	table, err := l.Query(ctx, server, s.Programs.Release.words().position)
	if err != nil || len(table.Rows) == 0 {
		return "", err
	}
	row := table.Maps()[0]
	return row["File"] + " " + row["Position"], nil
}

// WaitCaughtUp waits until every replica has applied what the primary had written when it was called. It gives up early on
// a replica whose applier stopped with an error.
func (l *Lab) WaitCaughtUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return l.each(func(s Server) error { return l.catchUp(ctx, s) })
}

// catchUp waits for a replica hop by hop: a chained one is level with the primary once it is level with a source that is.
func (l *Lab) catchUp(ctx context.Context, s Server) error {
	if s.ReplicatesFrom == "" {
		return nil
	}
	source, err := l.Server(s.ReplicatesFrom)
	if err != nil {
		return err
	}
	if err := l.catchUp(ctx, source); err != nil {
		return err
	}
	w, position, err := l.wait(ctx, s, source)
	if err != nil {
		return err
	}
	var trouble error
	err = Until(ctx, fmt.Sprintf("%s: wait for %s's position %s", s.Name, source.Name, position), func() (ok bool, err error) {
		ok, trouble, err = l.reached(ctx, s.Name, w, position)
		return ok, err
	})
	if err != nil {
		return errors.Join(err, trouble)
	}
	return nil
}

// wait is the statement that waits at a replica for a source's position, and that position.
func (l *Lab) wait(ctx context.Context, replica, source Server) (statement string, position position, err error) {
	if replica.Programs.Release.MariaDB && source.Programs.Release.MariaDB {
		gtid, err := l.Value(ctx, source.Name, gtidPosition)
		return gtidWait, []any{gtid}, err
	}
	table, err := l.Query(ctx, source.Name, source.Programs.Release.words().position)
	if err != nil {
		return "", nil, err
	}
	if len(table.Rows) != 1 {
		return "", nil, fmt.Errorf("%s: it writes no binlog", source.Name)
	}
	row := table.Maps()[0]
	return replica.Programs.Release.words().wait, []any{row["File"], row["Position"]}, nil
}

// position is a list of GTIDs, or a file and an offset.
type position []any

func (p position) String() string { return strings.Trim(fmt.Sprint([]any(p)), "[]") }

// reached lets the server do the waiting, in slices between which its errors are looked at. A receiver in trouble may come out of it.
func (l *Lab) reached(ctx context.Context, server, wait string, at position) (ok bool, trouble, err error) {
	events, err := l.Value(ctx, server, wait, at...)
	if err != nil {
		return false, nil, err
	}
	if n, err := strconv.Atoi(events); err == nil && n >= 0 {
		return true, nil, nil
	}
	status, err := l.SlaveStatus(ctx, server)
	if err != nil {
		return false, nil, err
	}
	if why := status["Last_SQL_Error"]; why != "" {
		return false, nil, fmt.Errorf("the applier stopped: %s", why)
	}
	why := status["Last_IO_Error"]
	if why == "" {
		return false, nil, nil
	}
	if status["Slave_IO_Running"] == "No" {
		return false, nil, fmt.Errorf("the receiver stopped: %s", why)
	}
	return false, fmt.Errorf("%s: the receiver does not connect: %s", server, why), nil
}

// Checksum is the server's checksum of a table's rows.
func (l *Lab) Checksum(ctx context.Context, server, table string) (string, error) {
	result, err := l.Query(ctx, server, "CHECKSUM TABLE "+table)
	if err != nil {
		return "", err
	}
	if len(result.Rows) != 1 || !result.Rows[0][1].Valid {
		return "", fmt.Errorf("%s: %s has no checksum: it does not exist", server, table)
	}
	return result.Rows[0][1].String, nil
}
