package inspect_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/inspect"
)

// TestNamesCommandNoTerminal as certificates of somebody else are looked at.
func TestNamesCommandNoTerminal(t *testing.T) {
	got := inspect.Of(&x509.Certificate{DNSNames: []string{"db1\x1b[31m\a"}}, time.Now()).Names
	if len(got) != 1 || got[0] != `db1\x1B[31m\x07` {
		t.Errorf("got %q", got)
	}
}
