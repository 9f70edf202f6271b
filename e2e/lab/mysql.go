package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// initialize fills a data folder as MySQL does it. Its servers serve TLS from the start, by certificates that it makes.
func (l *Lab) initialize(ctx context.Context, dir, serverUser string) error {
	script := dir + ".sql"
	if err := writeFile(script, []byte(l.administrator()), 0o644); err != nil {
		return err
	}
	share := filepath.Join(l.Programs.Tree, "usr/share/mysql")
	args := []string{
		"--no-defaults", "--initialize-insecure", "--init-file=" + script, "--datadir=" + dir, "--basedir=" + filepath.Join(l.Programs.Tree, "usr"),
		"--lc-messages-dir=" + share, "--character-sets-dir=" + filepath.Join(share, "charsets"),
		"--plugin-dir=" + filepath.Join(l.Programs.Tree, "usr/lib/mysql/plugin"), "--secure-file-priv=",
		"--innodb-redo-log-capacity=8M", "--innodb-buffer-pool-size=16M", "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0",
	}
	if serverUser != "" {
		args = append(args, "--user="+serverUser)
	}
	if said, err := exec.CommandContext(ctx, l.Programs.Server, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("lab: fill a data folder: %w: %s", err, lastLines(string(said), 5))
	}
	for _, path := range []string{script, filepath.Join(dir, "auto.cnf")} { // the id of a server, which copies must not share
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("lab: %w", err)
		}
	}
	return nil
}

// administrator lets whoever starts the lab in through the socket, and nobody else. One statement a line, as an init file wants it.
func (l *Lab) administrator() string {
	return strings.NewReplacer("ADMIN", "'"+l.Admin+"'@'localhost'").Replace(
		"INSTALL PLUGIN auth_socket SONAME 'auth_socket.so';\n" +
			"CREATE USER IF NOT EXISTS ADMIN;\n" +
			"ALTER USER ADMIN IDENTIFIED WITH auth_socket;\n" +
			"ALTER USER 'root'@'localhost' IDENTIFIED WITH auth_socket;\n" +
			"GRANT ALL ON *.* TO ADMIN WITH GRANT OPTION;\n")
}

// startReplica takes over the GTIDs as they come, by file and position, and is in plaintext: so it needs the source's key for the password.
const startReplica = "CHANGE REPLICATION SOURCE TO SOURCE_HOST = ?, SOURCE_PORT = ?, SOURCE_USER = ?, SOURCE_PASSWORD = ?, " +
	"SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA"

// words are those in which the servers of a lab are asked.
type words struct {
	status   string
	older    *strings.Replacer // makes the columns of the status those of MariaDB
	position string            // asks for all that was written
	wait     string            // for that position, for half a second; 0 when it is reached
}

func (l *Lab) words() words {
	if l.Programs.Tree == "" {
		return words{"SHOW SLAVE STATUS", strings.NewReplacer(), "SELECT @@gtid_binlog_pos", "SELECT MASTER_GTID_WAIT(?, 0.5)"}
	}
	return words{
		"SHOW REPLICA STATUS", strings.NewReplacer("Source", "Master", "Replica", "Slave"), "SELECT @@global.gtid_executed",
		"SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 0.5)",
	}
}
