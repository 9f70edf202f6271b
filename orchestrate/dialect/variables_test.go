package dialect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func TestFullName(t *testing.T) {
	for name, want := range map[string]string{
		"ssl": "ssl", "ssl_ca": "ssl_ca", "ssl_cap": "ssl_capath", "ssl_ce": "ssl_cert", "ssl_c": "ssl_c", "ssl_k": "ssl_key", "ssl_crl": "ssl_crl",
		"ssl_crlp": "ssl_crlpath", "tls": "tls_version", "req": "require_secure_transport", "ssl_other": "ssl_other", "tls_other": "tls_other",
	} {
		if got := mariadb1011(t).FullName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestWhatTheNextStartWouldChange(t *testing.T) {
	d := mariadb1011(t)
	running := map[string]facts.Variable{
		"ssl_ca": {Value: "/ca", Origin: facts.FromFile}, "ssl_cert": {Value: "/cert", Origin: facts.FromFile}, "ssl_key": {Origin: facts.FromNothing},
		"tls_version":              {Value: "TLSv1.2,TLSv1.3", Default: "TLSv1.2,TLSv1.3", Origin: facts.FromNothing},
		"require_secure_transport": {Value: "ON", Default: "OFF", Origin: facts.FromRunTime},
	}
	alike := []string{"ssl_ca=/ca", "ssl_cert=/cert", "require_secure_transport=1"}
	for name, c := range map[string]struct {
		settings []string
		want     string
	}{
		"alike":                 {alike, ""},
		"another at the end":    {append(slices.Clone(alike), "ssl_cert=/new"), "ssl_cert: /cert, then /new by 4"},
		"overridden at the end": {append([]string{"ssl_cert=/old"}, alike...), ""},
		"the order of versions": {append(slices.Clone(alike), "tls_version=tlsv1.3,TLSV1.2"), ""},
		"a version less":        {append(slices.Clone(alike), "tls_version=TLSv1.3"), "tls_version: TLSv1.2,TLSv1.3, then TLSv1.3 by 4"},
		"set at run time":       {alike[:2], "require_secure_transport: ON, then OFF by "},
		"switched off later":    {append(slices.Clone(alike), "ssl=0"), "ssl: ON, then OFF by 4"},
		"and on by a path":      {append(slices.Clone(alike), "ssl=0", "ssl_ca=/ca"), ""},
		"and on by a cipher":    {append([]string{"ssl=off"}, append(slices.Clone(alike), "ssl=OFF", "ssl_cipher=A")...), ""},
		"nothing is set any more": {
			nil, "require_secure_transport: ON, then OFF by ; ssl: ON, then OFF by ; ssl_ca: /ca, then  by ; ssl_cert: /cert, then  by ",
		},
	} {
		var settings []facts.Setting
		for i, s := range c.settings {
			variable, value, _ := strings.Cut(s, "=")
			settings = append(settings, facts.Setting{Name: variable, Value: value, Place: fmt.Sprint(i + 1), Text: s})
		}
		var got []string
		for _, one := range d.Differences(running, true, settings) {
			got = append(got, fmt.Sprintf("%s: %s, then %s by %s", one.Name, one.Runs, one.Starts, one.By.Place))
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: got %q, want %q", name, text, c.want)
		}
	}
}

func TestVariablesOfAnUnknownOrigin(t *testing.T) {
	q := mariadb1011(t).Variables()
	if got := q.Read([]dialect.Row{row("name", "SSL_CA", "value", "/x", "preset", "", "origin", "NEW", "path", "")}); !got.IsUnknown() {
		t.Errorf("got %v", got)
	}
	got, _ := q.Read([]dialect.Row{row("name", "SSL_CA", "value", "/x", "preset", "", "origin", "CONFIG", "path", "/etc/my.cnf")}).Get()
	if v := got["ssl_ca"]; v.From() != "/etc/my.cnf" || v.Origin != facts.FromFile {
		t.Errorf("got %+v", got)
	}
}

func TestPersisted(t *testing.T) {
	d := mariadb1011(t)
	for text, want := range map[string]string{
		`{"Version":2,"mysql_static_variables":{"ssl_cert":{"Value":"/c \"x\"","Metadata":{"User":"root"}}},` +
			`"mysql_dynamic_variables":{"max_connections":{"Value":"5"},"require_secure_transport":{"Value":"ON"}}}`: `[require_secure_transport=ON ssl_cert=/c "x"]`,
		`{"Version":1,"mysql_server":{"mysql_server_static_options":{"tls_version":{"Value":"TLSv1.3"}},"ssl_ca":{"Value":""}}}`: "[ssl_ca= tls_version=TLSv1.3]",
		`{}`: "[]", `[1]`: "[]", `{"ssl_ca":"x"}`: "[]",
	} {
		list, err := d.Persisted(text)
		got := []string{}
		for _, o := range list {
			got = append(got, o.Name+"="+o.Value)
		}
		if fmt.Sprint(got) != want || err != nil {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
	if _, err := d.Persisted("{"); err == nil {
		t.Error("what is no JSON was read")
	}
}

// TestWhatWinsOverOurSettings: what says the same, what we leave to others, and what is taken back again does not.
func TestWhatWinsOverOurSettings(t *testing.T) {
	d := mariadb1011(t)
	files := facts.TLSSettings{CA: "/ca", Cert: "/cert", Key: "/key"}
	withList := files
	withList.CRL = "/crl"
	for name, c := range map[string]struct {
		ours  facts.TLSSettings
		later []string
		want  []string
	}{
		"nothing":                      {files, nil, nil},
		"TLS on":                       {files, []string{"ssl=on"}, nil},
		"TLS off":                      {files, []string{"ssl=0"}, []string{"ssl=0"}},
		"TLS off, and on by a path":    {files, []string{"ssl=0", "ssl_ca=/ca"}, nil},
		"TLS off behind a path":        {files, []string{"ssl_ca=/ca", "ssl=OFF"}, []string{"ssl=OFF"}},
		"the same file":                {files, []string{"ssl_cert=/cert"}, nil},
		"another file":                 {files, []string{"ssl_cert=/other"}, []string{"ssl_cert=/other"}},
		"another file, and ours again": {files, []string{"ssl_cert=/other", "ssl_cert=/cert"}, nil},
		"a list where we name none":    {files, []string{"ssl_crl=/theirs"}, nil},
		"a list where we name one":     {withList, []string{"ssl_crl=/theirs"}, []string{"ssl_crl=/theirs"}},
		"a list that is taken away":    {withList, []string{"ssl_crl="}, []string{"ssl_crl="}},
		"what is not ours":             {files, []string{"ssl_cipher=A", "tls_version=TLSv1.2"}, nil},
	} {
		text, err := d.OptionFile("", c.ours)
		if err != nil {
			t.Fatal(err)
		}
		var later []facts.Setting
		for _, s := range c.later {
			variable, value, _ := strings.Cut(s, "=")
			later = append(later, facts.Setting{Name: variable, Value: value, Text: s})
		}
		var got []string
		for _, s := range d.Overriding(text, "", later) {
			got = append(got, s.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
