package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// makeTemplate fills one data folder, which every server of the same programs gets a copy of.
func (l *Lab) makeTemplate(ctx context.Context, p Programs, dir, serverUser string) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	if err := giveTo(serverUser, dir); err != nil {
		return err
	}
	args := append([]string{"--no-defaults", "--datadir=" + dir, "--tmpdir=" + dir}, p.places()...)
	if serverUser != "" {
		args = append(args, "--user="+serverUser)
	}
	args = append(args, "--innodb-buffer-pool-size=16M", "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0")
	var err error
	if p.Release.MySQL(5, 7, 0) {
		err = l.initialize(ctx, p, args, serverUser, dir+".sql")
	} else {
		err = l.bootstrap(ctx, p, args)
	}
	if err != nil {
		return err
	}
	// The id of a server, which copies must not share.
	if err := os.Remove(filepath.Join(dir, "auto.cnf")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lab: %w", err)
	}
	return nil
}

// initialize lets a server fill its data folder by itself. Where it knows OpenSSL it makes certificates there, and serves TLS by them.
func (l *Lab) initialize(ctx context.Context, p Programs, args []string, serverUser, script string) error {
	if err := writeFile(script, []byte(l.administrator(p)), 0o600); err != nil {
		return err
	}
	if err := giveTo(serverUser, script); err != nil {
		return err
	}
	args = append(args, "--initialize-insecure", "--init-file="+script)
	if p.Release.MySQL(8, 0, 30) {
		args = append(args, "--innodb-redo-log-capacity=8M")
	} else {
		args = append(args, "--innodb-log-file-size=8M")
	}
	if err := fill(exec.CommandContext(ctx, p.Server, args...)); err != nil {
		return err
	}
	return os.Remove(script)
}

// bootstrap reads the statements that fill a data folder. The server's own installer does the same with its help texts and views on top,
// which takes twice as long.
func (l *Lab) bootstrap(ctx context.Context, p Programs, args []string) error {
	script, err := l.bootstrapSQL(p)
	if err != nil {
		return err
	}
	args = append(args, "--bootstrap", "--innodb-log-file-size=8M", "--innodb-autoextend-increment=4", "--max-allowed-packet=8M", "--net-buffer-length=16K")
	if p.Release.MariaDB {
		args = append(args, "--log-warnings=0", "--enforce-storage-engine=")
	}
	cmd := exec.CommandContext(ctx, p.Server, args...)
	cmd.Stdin = script
	return fill(cmd)
}

func fill(cmd *exec.Cmd) error {
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: fill a data folder: %w: %s", err, lastLines(string(said), 5))
	}
	return nil
}

func (l *Lab) bootstrapSQL(p Programs) (io.Reader, error) {
	names := []string{"system_tables.sql", "performance_tables.sql", "system_tables_data.sql"}
	if !p.Release.MariaDB {
		names = []string{"system_tables.sql", "system_tables_data.sql"}
	}
	var sql strings.Builder
	fmt.Fprintf(&sql, "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket='%s';\n", l.Admin)
	for _, name := range names {
		text, err := os.ReadFile(systemTables(p.Share, name))
		if err != nil {
			return nil, fmt.Errorf("lab: %s of %s: %w", name, p.Share, err)
		}
		sql.Write(text)
		sql.WriteString("\n")
	}
	if p.Release.MariaDB {
		text, err := os.ReadFile(filepath.Join(p.Share, "maria_add_gis_sp_bootstrap.sql"))
		if err != nil {
			return nil, fmt.Errorf("lab: %w", err)
		}
		sql.Write(text)
	} else {
		sql.WriteString(l.onlyAdministrator())
	}
	return strings.NewReader(sql.String()), nil
}

// administrator lets whoever starts the lab in, and nobody else: through the socket, or by a password where the server cannot do that. One
// statement a line, as an init file wants it.
func (l *Lab) administrator(p Programs) string {
	plugin, how := "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so';\n", "WITH auth_socket"
	if !p.SocketLogin {
		plugin, how = "", "BY '"+l.AdminPassword+"'"
	}
	return strings.NewReplacer("ADMIN", "'"+l.Admin+"'@'localhost'", "HOW", how).Replace(
		plugin + "CREATE USER IF NOT EXISTS ADMIN;\n" +
			"ALTER USER ADMIN IDENTIFIED HOW;\n" +
			"ALTER USER 'root'@'localhost' IDENTIFIED HOW;\n" +
			"GRANT ALL ON *.* TO ADMIN WITH GRANT OPTION;\n")
}

// onlyAdministrator is the same for MySQL 5.6, which knows no statements about accounts while it fills its tables.
func (l *Lab) onlyAdministrator() string {
	return "DELETE FROM user WHERE User <> 'root' OR Host <> 'localhost';\n" +
		"UPDATE user SET User = '" + l.Admin + "', Password = PASSWORD('" + l.AdminPassword + "');\n" +
		"DELETE FROM db;\n"
}

func copyTemplate(template, dataDir, serverUser string) error {
	if err := os.CopyFS(dataDir, os.DirFS(template)); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	if err := os.Chmod(dataDir, 0o700); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return giveTo(serverUser, dataDir)
}

// giveTo makes an OS user the owner of a folder and all in it; an empty name leaves it to who made it.
func giveTo(name, dir string) error {
	if name == "" {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid) //nolint:gosec // nobody else writes to a folder that is being made
	})
}
