package lab

import (
	"context"
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

const systemTables = "mysql_system_tables.sql"

// makeTemplate fills one data folder, which every server gets a copy of. The server's own installer does the same with its help
// texts and views on top, which takes twice as long.
func (l *Lab) makeTemplate(ctx context.Context, dir, serverUser string) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	if err := giveTo(serverUser, dir); err != nil {
		return err
	}
	if l.Programs.Tree != "" {
		return l.initialize(ctx, dir, serverUser)
	}
	script, err := l.bootstrapSQL()
	if err != nil {
		return err
	}
	args := []string{
		"--no-defaults", "--bootstrap", "--datadir=" + dir, "--tmpdir=" + dir, "--log-warnings=0", "--enforce-storage-engine=",
		"--max-allowed-packet=8M", "--net-buffer-length=16K", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M",
		"--innodb-autoextend-increment=4", "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0",
	}
	if serverUser != "" {
		args = append(args, "--user="+serverUser)
	}
	cmd := exec.CommandContext(ctx, l.Programs.Server, args...)
	cmd.Stdin = script
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: fill a data folder: %w: %s", err, lastLines(string(said), 5))
	}
	return nil
}

func (l *Lab) bootstrapSQL() (io.Reader, error) {
	var sql strings.Builder
	fmt.Fprintf(&sql, "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket='%s';\n", l.Admin)
	for _, name := range []string{
		systemTables, "mysql_performance_tables.sql", "mysql_system_tables_data.sql", "maria_add_gis_sp_bootstrap.sql",
	} {
		text, err := os.ReadFile(filepath.Join(l.Programs.Share, name))
		if err != nil {
			return nil, fmt.Errorf("lab: %w", err)
		}
		sql.Write(text)
		sql.WriteString("\n")
	}
	return strings.NewReader(sql.String()), nil
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
