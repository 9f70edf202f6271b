package dialect_test

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// origins: where the server says that it has its values from. The source was started with arguments, the replica with a file too.
func (l *lab) origins(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "SET GLOBAL require_secure_transport = ON")
	variables := mustAsk(t, l.source.DB, d.Variables())
	for name, want := range map[string]facts.Variable{
		"ssl_cert":                 {Value: l.pki.cert, Origin: facts.FromArguments},
		"ssl_capath":               {Origin: facts.FromNothing},
		"tls_version":              {Value: "TLSv1.2,TLSv1.3", Default: "TLSv1.2,TLSv1.3", Origin: facts.FromNothing},
		"require_secure_transport": {Value: "ON", Default: "OFF", Origin: facts.FromRunTime},
	} {
		if got := variables[name]; got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	if len(variables) != 9 {
		t.Errorf("got %d variables: %v", len(variables), variables)
	}
	if list := mustAsk(t, l.source.DB, d.RunTime()); len(list) != 1 || list[0] != "require_secure_transport=ON" {
		t.Errorf("what a restart would lose: %q", list)
	}
	l.source.do(t, "SET GLOBAL require_secure_transport = OFF")
}
