package host

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/e2e/lab"
)

// home is the clients' home in the keeper's mounts: that of root, since programs look it up by the user.
const home = "/root"

// Options describe a cluster; the zero value is a primary and a replica.
type Options struct {
	Replicas int      // how many; 0 means 1, a negative number none
	Extra    []string // names of further hosts, without a server

	// IPv6Only leaves out the IPv4 addresses of the hosts.
	IPv6Only bool

	// Prepare is a shell script that runs in the files of each host before it boots, and after it that of PrepareHost by the host's name.
	Prepare     string
	PrepareHost map[string]string

	// Unit, Socket and Port are those of the servers, where they are not mariadb.service, /run/mysqld/mysqld.sock and 3306; Prepare
	// makes them.
	Unit, Socket string
	Port         int

	// NoReplication leaves the servers alone.
	NoReplication bool
}

// Cluster is a primary, its replicas and the further hosts, on a network of their own with the clients' place.
type Cluster struct {
	Hosts   []*Host
	Account lab.Account // of the replicas

	keeper  *keeper
	options Options
}

// Host finds a host by name: db1 is the primary, db2 the first replica.
func (c *Cluster) Host(name string) *Host {
	for _, h := range c.Hosts {
		if h.Name == name {
			return h
		}
	}
	panic("host: the cluster has no host " + name)
}

// Primary is the server at the top.
func (c *Cluster) Primary() *Host { return c.Hosts[0] }

// Replicas are its replicas.
func (c *Cluster) Replicas() []*Host { return c.Hosts[1 : 1+c.options.Replicas] }

// Servers are the hosts with a server.
func (c *Cluster) Servers() []*Host { return c.Hosts[:1+c.options.Replicas] }

// Client is a command in the clients' place: on the hosts' network, with their names, and with Home as its home. It gets a clean
// environment.
func (c *Cluster) Client(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := c.keeper.command(ctx, "env", append([]string{
		"-i", "-C", home, "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + home, "LANG=C.UTF-8", program,
	}, args...)...)
	cmd.WaitDelay = time.Second
	return cmd
}

// SSH is OpenSSH's client in the clients' place.
func (c *Cluster) SSH(ctx context.Context, args ...string) *exec.Cmd {
	return c.Client(ctx, "ssh", append([]string{"-o", "BatchMode=yes"}, args...)...)
}

// Home is the clients' home as the suite sees it; the clients know it as /root.
func (c *Cluster) Home() string { return c.keeper.path(home) }

// Install copies a program into the clients' home and returns its path there.
func (c *Cluster) Install(ctx context.Context, program string) (string, error) {
	_, err := output(exec.CommandContext(ctx, "cp", program, c.Home()), "the clients' home")
	return filepath.Join(home, filepath.Base(program)), err
}

// Write writes a file below the clients' home.
func (c *Cluster) Write(path, content string) error {
	return writePrivate(filepath.Join(c.Home(), path), content)
}

// DB opens a handle of a server by its socket, as root; it needs no network and outlives restarts of the host. The caller closes it.
func (c *Cluster) DB(name string) (*sql.DB, error) {
	socket := c.options.Socket
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = "root", "unix", socket
	config.MultiStatements, config.InterpolateParams = true, true
	config.Timeout = 5 * time.Second
	config.Logger = &mysql.NopLogger{}
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		leader, err := c.Host(name).leader()
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, "unix", fmt.Sprintf("/proc/%d/root%s", leader, socket))
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return sql.OpenDB(connector), nil
}

// Query runs statements on a server, separated by semicolons, and returns the last result set; it is empty where there is none.
func (c *Cluster) Query(ctx context.Context, name, query string, args ...any) (table lab.Table, err error) {
	db, err := c.DB(name)
	if err != nil {
		return table, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := lab.Ask(ctx, db, query, args...)
	if err != nil {
		return table, fmt.Errorf("%s: %w", name, err)
	}
	if len(tables) == 0 {
		return table, nil
	}
	return tables[len(tables)-1], nil
}

// Value is the first column of the first row.
func (c *Cluster) Value(ctx context.Context, name, query string, args ...any) (string, error) {
	table, err := c.Query(ctx, name, query, args...)
	if err != nil {
		return "", err
	}
	if len(table.Rows) == 0 {
		return "", fmt.Errorf("%s: no row for %s", name, query)
	}
	return table.Rows[0][0].String, nil
}

// Writer starts a writer of rows to the primary, until it is stopped or the context ends.
func (c *Cluster) Writer(ctx context.Context) (*lab.Writer, error) {
	return lab.NewWriter(ctx, c.Primary().Name, c.DB)
}

// replicate sets replication up as people do: in plaintext, with an account on the primary that its binary log brings to the others.
func (c *Cluster) replicate(ctx context.Context) error {
	_, err := c.Query(ctx, c.Primary().Name, "CREATE USER ?@'%' IDENTIFIED BY ?; GRANT REPLICATION SLAVE ON *.* TO ?@'%'; CREATE DATABASE shop; "+
		"CREATE TABLE shop.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(100) NOT NULL)",
		c.Account.User, c.Account.Password, c.Account.User)
	for _, h := range c.Replicas() {
		_, failed := c.Query(ctx, h.Name, "CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?, "+
			"MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos; START SLAVE", c.Primary().Name, c.options.Port, c.Account.User, c.Account.Password)
		err = errors.Join(err, failed)
	}
	return errors.Join(err, c.WaitCaughtUp(ctx))
}

// WaitCaughtUp waits until every replica has applied what the primary had written when it was called.
func (c *Cluster) WaitCaughtUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	position, err := c.Value(ctx, c.Primary().Name, "SELECT @@gtid_binlog_pos")
	for _, h := range c.Replicas() {
		if err != nil {
			return err
		}
		err = lab.Until(ctx, h.Name+": wait for the primary's position "+position, func() (bool, error) {
			timedOut, err := c.Value(ctx, h.Name, "SELECT MASTER_GTID_WAIT(?, 0.5)", position)
			return timedOut == "0", err
		})
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, c.replication(ctx, h))
		}
	}
	return err
}

func (c *Cluster) replication(ctx context.Context, h *Host) string {
	table, err := c.Query(context.WithoutCancel(ctx), h.Name, "SHOW SLAVE STATUS")
	if err != nil || len(table.Rows) == 0 {
		return errorText(err)
	}
	row := table.Maps()[0]
	return strings.Join([]string{
		"receiver", row["Slave_IO_Running"], row["Last_IO_Error"], "applier", row["Slave_SQL_Running"], row["Last_SQL_Error"],
	}, " ")
}

func newPassword() string { return rand.Text()[:24] }
