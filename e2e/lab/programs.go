package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const installHint = "hint: make setup, or: apt-get install --no-install-recommends mariadb-server-core mariadb-client-core openssh-server"

// Programs are the paths of what a server is made of.
type Programs struct {
	Server  string // mariadbd or mysqld
	Client  string // by which restart.sh asks whether the server answers; it may be of another family
	Share   string // folder of the SQL that fills a new data folder
	Tree    string // folder of the unpacked server; empty for the MariaDB of this machine
	Plugins string // folder of its plugins; empty where this machine has none
	Release Release

	SocketLogin bool // whether accounts of the operating system log in through the socket
}

// finder looks for the programs of each tree once.
type finder struct {
	found map[string]Programs
}

// programs are those of a tree, by its name or its folder, or those of this machine's MariaDB.
func (f finder) programs(ctx context.Context, tree string) (Programs, error) {
	if p, ok := f.found[tree]; ok {
		return p, nil
	}
	p, err := findPrograms(ctx, tree)
	f.found[tree] = p
	return p, err
}

// FindPrograms are those of a tree, by its name or its folder, or those of this machine's MariaDB where it is empty.
func FindPrograms(ctx context.Context, tree string) (Programs, error) { return findPrograms(ctx, tree) }

func findPrograms(ctx context.Context, tree string) (p Programs, err error) {
	if runtime.GOOS != "linux" {
		return p, fmt.Errorf("lab: it needs Linux, with a loopback address for each server, and this is %s", runtime.GOOS)
	}
	if tree == "" {
		p, err = ofThisMachine()
	} else {
		p, err = ofTree(tree)
	}
	if err != nil {
		return p, err
	}
	if p.Release, err = askRelease(ctx, p.Server); err != nil {
		return p, err
	}
	p.SocketLogin = p.Release.MariaDB || p.hasPlugin("auth_socket")
	return p, nil
}

func ofThisMachine() (Programs, error) {
	p := Programs{
		Server: findProgram("mariadbd"), Client: findProgram("mariadb"), Share: findShare(),
		Plugins: cmp.Or(in("/usr/lib", "mysql/plugin"), in("/usr/lib64", "mysql/plugin")),
	}
	var missing []string
	if p.Server == "" {
		missing = append(missing, "mariadbd")
	} else if p.Share == "" {
		missing = append(missing, "mysql_system_tables.sql")
	}
	if p.Client == "" {
		missing = append(missing, "mariadb")
	}
	if len(missing) > 0 {
		return p, fmt.Errorf("lab: not found on this machine: %s\n%s", strings.Join(missing, ", "), installHint)
	}
	return p, nil
}

func ofTree(name string) (Programs, error) {
	tree, err := FindTree(name)
	if err != nil {
		return Programs{}, err
	}
	p := Programs{Tree: tree, Share: filepath.Join(tree, "usr/share/mysql"), Plugins: filepath.Join(tree, "usr/lib/mysql/plugin")}
	p.Server = cmp.Or(in(tree, "usr/sbin/mariadbd"), in(tree, "usr/sbin/mysqld"))
	if p.Server == "" {
		return p, fmt.Errorf("lab: %s has no server\nhint: scripts/servers.sh makes such folders: usr/sbin/mysqld and so on", tree)
	}
	p.Client = cmp.Or(in(tree, "usr/bin/mariadb"), in(tree, "usr/bin/mysql"), findProgram("mariadb"), findProgram("mysql"))
	if p.Client == "" {
		return p, fmt.Errorf("lab: %s has no client, and neither has this machine\n%s", tree, installHint)
	}
	return p, nil
}

func (p Programs) hasPlugin(name string) bool {
	return p.Plugins != "" && in(p.Plugins, name+".so") != ""
}

// places are the arguments by which a server from a tree finds the rest of it.
func (p Programs) places() []string {
	if p.Tree == "" {
		return nil
	}
	return []string{
		"--basedir=" + filepath.Join(p.Tree, "usr"), "--lc-messages-dir=" + p.Share, "--character-sets-dir=" + filepath.Join(p.Share, "charsets"),
		"--plugin-dir=" + p.Plugins, "--secure-file-priv=",
	}
}

// ClientOptions are those that the client needs to log in through any server's socket.
func (p Programs) ClientOptions() string {
	if strings.HasPrefix(filepath.Base(p.Client), "mariadb") {
		return "--skip-ssl" // it would try TLS there as well, and today's does not come to terms with that of MySQL 5.6
	}
	return ""
}

// TreeFolders are where scripts/servers.sh puts servers for the whole machine, and for this user.
func TreeFolders() []string {
	folders := []string{"/var/cache/replssl/servers"}
	if own, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(own, "replssl", "servers"))
	}
	return folders
}

// Trees are the names of the servers that scripts/servers.sh has brought, oldest versions last.
func Trees() []string {
	var names []string
	for _, folder := range TreeFolders() {
		whole, _ := filepath.Glob(filepath.Join(folder, "*", "whole")) // the pattern is right
		for _, path := range whole {
			names = append(names, filepath.Base(filepath.Dir(path)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// FindTree is the folder of a server that scripts/servers.sh has brought, by its name; or the folder that is named itself.
func FindTree(name string) (string, error) {
	if strings.Contains(name, "/") {
		return filepath.Abs(name)
	}
	for _, folder := range TreeFolders() {
		if in(folder, name+"/whole") != "" {
			return filepath.Join(folder, name), nil
		}
	}
	return "", fmt.Errorf("lab: the server %q is in none of %s\nhint: scripts/servers.sh %s", name, strings.Join(TreeFolders(), ", "), name)
}

// in is the path of what is in a folder, or empty.
func in(folder, name string) string {
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return ""
	}
	return path
}

// findProgram looks where servers are installed as well, for a normal user's PATH does not name those folders.
func findProgram(name string) string {
	if path, err := exec.LookPath(name); err == nil && filepath.IsAbs(path) {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/libexec", "/usr/bin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return ""
}

func findShare() string {
	for _, dir := range []string{"/usr/share/mysql", "/usr/share/mariadb", "/usr/local/share/mysql"} {
		if systemTables(dir, "system_tables.sql") != "" {
			return dir
		}
	}
	return ""
}

// systemTables is one of the files that fill a data folder, which were named after MySQL once.
func systemTables(share, name string) string {
	return cmp.Or(in(share, "mariadb_"+name), in(share, "mysql_"+name))
}
