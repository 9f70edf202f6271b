package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/seen"
)

// TestOptionFilesGiveWhatTheServersProgramMakesOfThem lets both read random trees of option files, and compares what each TLS variable has
// in the end.
func TestOptionFilesGiveWhatTheServersProgramMakesOfThem(t *testing.T) {
	program := serverProgram(t)
	d := mariadb(t)
	preset, err := explained(program, nil, "--no-defaults")
	if err != nil {
		t.Fatal(err)
	}
	compared, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		root := writeTree(r, t.TempDir())
		args := arguments{program, "--defaults-file=" + root}
		environment := map[string]string{}
		switch rapid.SampledFrom([]string{"", "", "argument", "MYSQL", "MARIADB", "both"}).Draw(r, "suffix") {
		case "argument":
			args = append(args, "--defaults-group-suffix=.x")
			environment["MYSQL_GROUP_SUFFIX"] = ".no"
		case "MYSQL":
			environment["MYSQL_GROUP_SUFFIX"] = ".x"
		case "MARIADB":
			environment["MARIADB_GROUP_SUFFIX"] = ".x"
		case "both":
			environment["MARIADB_GROUP_SUFFIX"], environment["MYSQL_GROUP_SUFFIX"] = ".x", ".no"
		}
		args = append(args, rapid.SampledFrom([][]string{nil, nil, nil, {"--skip-ssl"}, {"--ssl-key=/arg # 'x'"}, {"--ssl-ce", "/two"}, {"--tls=TLSv1.3"}}).Draw(r, "arguments")...)
		theirs, err := explained(program, environment, args[1:]...)
		if err != nil { // settings that it refuses are for its own check to tell
			refused++
			return
		}
		compared++
		for _, difference := range whatWeFind(r, d, args, environment).differences(d, theirs, preset) {
			r.Errorf("%+v\n%s", difference, tree(filepath.Dir(root)))
		}
	})
	if compared < refused {
		t.Errorf("%d trees were compared, and %d refused", compared, refused)
	}
	t.Logf("%d trees were compared, %d refused", compared, refused)
}

func serverProgram(t *testing.T) string {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		t.Fatalf("%v\nhint: these tests need a real MariaDB 10.11: apt-get install mariadb-server", err)
	}
	return program
}

// writeTree gives the first file of a tree of option files.
func writeTree(r *rapid.T, dir string) string {
	line := rapid.SampledFrom([]string{
		"[mysqld]", "[mysqld]", "[server]", "[MariaDB-10.11] # x", "[client]", "[mysqld.x]", "[mariadb.X]", "[mysqld.no]", "[mysqld-10.5]",
		"ssl", "skip-ssl", "disable_ssl", "loose-skip-ssl", "skip-loose-ssl", "enable-ssl", "ssl=0", "ssl = OFF", "ssl=1", "skip-ssl=0", "loose_ssl=false",
		"ssl-ca=/a", "ssl_ca = '/b #c' # d", "ssl-ce = /e", "ssl_cert=\"/f\\sg\"", "loose-ssl-key=/h\\\\i", "ssl_k=/j", "ssl_capath=/k", "ssl-crl=/l",
		"ssl_crlp=/m", "ssl-cipher=HIGH", "ssl_ca=", "  ssl-cert  =  /n  ", "tls_version=TLSv1.2", "tls=TLSv1.3,TLSv1.2", "loose-tls-version = TLSv1.3",
		"require_secure_transport", "require-secure-transport=ON", "skip-require-secure-transport", "req=0", "port=3307", "; x", "# x", "",
	})
	include := rapid.SampledFrom([]string{"", "", "!includedir " + dir + "/d", "!include " + dir + "/extra.cnf", "!includedir " + dir + "/none/"})
	for _, name := range []string{"my.cnf", "extra.cnf", "d/a.cnf", "d/b.cnf", "d/zz-replssl.cnf", "d/zzz.cnf", "d/not.txt"} {
		lines := append([]string{"[mysqld]"}, rapid.SliceOfN(line, 0, 7).Draw(r, name)...)
		if !strings.HasPrefix(name, "d/") {
			lines = append(lines, include.Draw(r, "include"))
			lines = append(lines, rapid.SliceOfN(line, 0, 3).Draw(r, "after")...)
		}
		text := strings.Join(lines, rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(r, "end")) + "\n"
		if rapid.IntRange(0, 20).Draw(r, "mark") == 0 {
			text = "\ufeff" + text
		}
		mode := rapid.SampledFrom([]os.FileMode{0o644, 0o644, 0o644, 0o644, 0o646}).Draw(r, "mode")
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "d"), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(text), mode),
			os.Chmod(filepath.Join(dir, name), mode)); err != nil {
			r.Fatal(err)
		}
	}
	return filepath.Join(dir, "my.cnf")
}

func tree(dir string) string {
	out, _ := exec.Command("sh", "-c", `cd "$1"; ls -l . d; head -c 2000 -v *.cnf d/*`, "sh", dir).CombinedOutput()
	return string(out)
}

// explained are the TLS variables as the program's help has them; an error where it refuses what it reads.
func explained(program string, environment map[string]string, args ...string) (map[string]string, error) {
	words := append(asEnvironment(environment), program)
	words = append(append(words, args...), noDataDir, "--help", "--verbose")
	out, err := exec.Command(words[0], words[1:]...).Output()
	if err != nil {
		return nil, err
	}
	_, table, _ := strings.Cut(string(out), "\nVariables (--variable-name=value)\n")
	values := map[string]string{}
	for line := range strings.Lines(table) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if name = strings.ReplaceAll(name, "-", "_"); dialect.IsTLS(name) {
			values[name] = strings.TrimSpace(strings.Replace(value, "(No default value)", "", 1))
		}
	}
	return values, nil
}

func asEnvironment(variables map[string]string) []string { return environment(variables).words() }

type readTree struct{ settings []facts.Setting }

// whatWeFind reads the files of this machine through the same commands as those of a host.
func whatWeFind(r *rapid.T, d dialect.Dialect, args arguments, variables map[string]string) readTree {
	g := &glance{dialect: d, args: args}
	g.found.Environment = seen.Known(variables)
	roots, err := g.rootFiles(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	options := newOptionFiles(d, g.suffix())
	err = options.load(context.Background(), roots, func(ctx context.Context, picks []file.Pick) ([]seen.Value[[]file.Found], error) {
		out, err := remotetest.RunLocal(ctx, remote.Command{Line: file.ReadMany(picks...)})
		if err != nil {
			return nil, err
		}
		return file.ParseReadMany(out.Stdout)
	})
	if err != nil {
		r.Fatalf("%v\n%s", err, tree(filepath.Dir(roots[0])))
	}
	return readTree{g.config(options, roots).Settings}
}

// differences are those of a server that runs with what the program read.
func (f readTree) differences(d dialect.Dialect, theirs, preset map[string]string) []dialect.Difference {
	running := map[string]facts.Variable{}
	for name, value := range theirs {
		if name != "ssl" {
			running[name] = facts.Variable{Value: value, Default: preset[name], Origin: facts.FromFile}
		}
	}
	if len(running) != 9 {
		panic(fmt.Sprint("the program explains other variables: ", theirs))
	}
	return d.Differences(running, theirs["ssl"] == "TRUE", f.settings)
}
