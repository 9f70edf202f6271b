package dialect_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

const optionSample = `# global
[client]
ssl_ca = /client.pem
!includedir /etc/mysql/conf.d/
[mysqld]   # the server
ssl-ca="/a #b/ca.pem" # why
loose_ssl_cert = '/x\'y'
	skip-ssl
ssl-ce=/abbreviated
max_connections=5
skip_slave_start
!include  /etc/mysql/more.cnf
[MariaDB-10.11]
disable-ssl=0
; comment
tls_version=TLSv1.2
[mysqld1]
ssl=OFF
[mariadb
ssl_key=/never
`

func TestOptions(t *testing.T) {
	d := mariadb1011(t)
	want := []dialect.Option{
		{Line: 4, Group: "client", Kind: dialect.OptionIncludeDir, Value: "/etc/mysql/conf.d/"},
		{Line: 6, Group: "mysqld", Kind: dialect.OptionSetting, Name: "ssl_ca", Value: "/a #b/ca.pem"},
		{Line: 7, Group: "mysqld", Kind: dialect.OptionSetting, Name: "ssl_cert", Value: "/x'y"},
		{Line: 8, Group: "mysqld", Kind: dialect.OptionSetting, Name: "ssl", Value: "0"},
		{Line: 9, Group: "mysqld", Kind: dialect.OptionSetting, Name: "ssl_ce", Value: "/abbreviated"},
		{Line: 11, Group: "mysqld", Kind: dialect.OptionSetting, Name: "skip_slave_start", Value: "1"},
		{Line: 12, Group: "mysqld", Kind: dialect.OptionInclude, Value: "/etc/mysql/more.cnf"},
		{Line: 14, Group: "MariaDB-10.11", Kind: dialect.OptionSetting, Name: "ssl", Value: "1"},
		{Line: 16, Group: "MariaDB-10.11", Kind: dialect.OptionSetting, Name: "tls_version", Value: "TLSv1.2"},
		{Line: 19, Group: "mysqld1", Kind: dialect.OptionFault, Value: "a group has no closing bracket"},
	}
	got := d.Options(optionSample, "")
	if got[1].Text != `ssl-ca="/a #b/ca.pem" # why` || got[3].On() || !got[7].On() {
		t.Errorf("%+v", got)
	}
	for i := range got {
		got[i].Text = ""
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if list := d.Options(optionSample, "1"); len(list) != len(got)+1 || list[9].Name != "ssl" || list[9].On() {
		t.Errorf("with the suffix 1: %+v", list)
	}
}

func TestOptionFaults(t *testing.T) {
	for text, want := range map[string]string{
		"ssl=1": "before the first group", "\ufeff[mysqld]": "before the first group", "[mysqld": "closing bracket",
		"[mysqld]\n!include \n": "no path", "[mysqld]\nx=" + strings.Repeat("a", 4100): "longer",
	} {
		list := mariadb1011(t).Options(text+"\n[mysqld]\nssl=1", "")
		if len(list) != 1 || list[0].Kind != dialect.OptionFault || !strings.Contains(list[0].Value, want) {
			t.Errorf("%q: %+v", text, list)
		}
	}
}

// Our own file reads back as it was meant.
func TestOptionFileReadsBack(t *testing.T) {
	d := mariadb1011(t)
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "/", " ", "#", ";", "=", "é", "à", "!", "[", "]", "%", "$"}), 0, 20)
		var paths [3]string
		for i := range paths {
			paths[i] = "/" + strings.Join(path.Draw(t, "path"), "")
		}
		suffix := rapid.SampledFrom([]string{"", ".x", "2", ".my-db"}).Draw(t, "suffix")
		text, err := d.OptionFile(suffix, facts.TLSSettings{CA: paths[0], Cert: paths[1], Key: paths[2]})
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"", ".y", "1"} {
			if seen := d.Options(text, other); suffix != "" && len(seen) > 0 {
				t.Fatalf("%s\nis read by a server of the suffix %q", text, other)
			}
		}
		seen := d.Options(text, suffix)
		if len(seen) != 3 {
			t.Fatalf("%s\nreads back as %+v", text, seen)
		}
		for i, o := range seen {
			if o.Group != "mysqld"+suffix || o.Name != []string{"ssl_ca", "ssl_cert", "ssl_key"}[i] || o.Value != paths[i] {
				t.Fatalf("%s\nreads back as %+v", text, o)
			}
		}
	})
}

// TestRealServerOptions compares the reader with the server's own, on files made of awkward pieces.
func TestRealServerOptions(t *testing.T) {
	needBinary(t, "my_print_defaults")
	d, file := mariadb1011(t), filepath.Join(t.TempDir(), "x.cnf")
	rapid.Check(t, func(r *rapid.T) {
		piece := rapid.SampledFrom([]string{
			"[mysqld]", "[client]", "[ server ]", "[Server]x", "[mariadb ]", "ssl_ca", "ssl-cert", "loose-ssl_key", "skip-ssl", "tls_version",
			"max_connections", "=", "=", " = ", "/a", "/b c", "#", ";", `"`, "'", `\`, `\s`, `\n`, " ", "\t", "\r", "à", "!", "!foo", "\n", "\n", "\n",
		})
		text := "[mysqld]\n" + strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(r, "text"), "") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			r.Fatal(err)
		}
		if got, want := ours(d.Options(text, "")), theirs(file); got != want {
			r.Fatalf("%s\nwe read\n%s\nthe server\n%s", text, got, want)
		}
	})
}

// ours words settings as the comparison does: names as they stand, with underscores.
func ours(list []dialect.Option) string {
	var b strings.Builder
	for _, o := range list {
		if o.Kind == dialect.OptionSetting {
			fmt.Fprintf(&b, "%s=%s\n", o.Name, o.Value)
		}
	}
	return b.String()
}

// theirs is what my_print_defaults gives, reduced to TLS settings in the same words.
func theirs(file string) string {
	out, _ := exec.Command("my_print_defaults", "--defaults-file="+file, "--mysqld").Output()
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n--") {
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "--"), "=")
		name = strings.TrimPrefix(strings.ReplaceAll(name, "-", "_"), "loose_")
		if name == "skip_ssl" {
			name, value, ok = "ssl", map[bool]string{true: "1", false: "0"}[value == "0"], true
		}
		if !ok {
			value = "1"
		}
		if strings.HasPrefix(name, "ssl") && name != "ssl=" && (name == "ssl" || name[3] == '_') || strings.HasPrefix(name, "tls_") {
			fmt.Fprintf(&b, "%s=%s\n", name, value)
		}
	}
	return b.String()
}

func FuzzOptions(f *testing.F) {
	f.Add(optionSample, "")
	f.Add("[mysqld]\r\nssl='\\", "1")
	f.Add("!includedir\t/x\n[\x00]\n=\xa0", "x")
	f.Fuzz(func(t *testing.T, text, suffix string) {
		last := 0
		for _, o := range mariadb1011(t).Options(text, suffix) {
			if o.Line < last || o.Line > strings.Count(text, "\n")+1 || o.Kind == "" || o.Kind == dialect.OptionSetting && o.Name == "" {
				t.Errorf("%q: %+v", text, o)
			}
			last = o.Line
		}
	})
}
