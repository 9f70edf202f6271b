package pki

import (
	"bytes"
	"crypto/x509"
	"testing"
)

// A root, an intermediate authority by it, and a server's certificate by that.
func chained(t *testing.T) (root, middle Authority, leaf *x509.Certificate) {
	t.Helper()
	root = newAuthority(t, 1)
	middle = craft(t, &root, 2, asCA)
	return root, middle, newLeaf(t, middle, "db1").Cert
}

func TestNormalChain(t *testing.T) {
	root, middle, leaf := chained(t)
	want := EncodeCert(leaf, middle.Cert)
	for name, files := range map[string][2][]byte{
		"behind the certificate": {EncodeCert(leaf, middle.Cert), nil},
		"in a file of its own":   {EncodeCert(leaf), EncodeCert(middle.Cert)},
		"in both":                {EncodeCert(leaf, middle.Cert), EncodeCert(middle.Cert)},
		"with the root":          {EncodeCert(leaf, middle.Cert, root.Cert), nil},
		"the certificate again":  {EncodeCert(leaf), EncodeCert(leaf, middle.Cert, root.Cert)},
		"with comments":          {append([]byte("db1\n"), EncodeCert(leaf)...), append([]byte("middle\n"), EncodeCert(middle.Cert)...)},
	} {
		got, err := NormalChain(files[0], files[1])
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if got, err := NormalChain(EncodeCert(root.Cert), nil); err != nil || !bytes.Equal(got, EncodeCert(root.Cert)) {
		t.Errorf("a certificate that signed itself is sent all the same: %s, %v", got, err)
	}
	renewed := fileNamed(t, "chain-renewed.pem")
	if got, err := NormalChain(renewed, nil); err != nil || !bytes.Equal(got, renewed) {
		t.Errorf("the new key of a root, certified by the old one, is sent: %s, %v", got, err)
	}
	for name, files := range map[string][2][]byte{"no certificate": {nil, EncodeCert(middle.Cert)}, "no chain in its file": {EncodeCert(leaf), []byte("x")}} {
		if got, err := NormalChain(files[0], files[1]); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestNormalBundle(t *testing.T) {
	root, middle, _ := chained(t)
	want := EncodeCert(root.Cert, middle.Cert)
	got, err := NormalBundle(append([]byte("ours\r\n"), EncodeCert(root.Cert, middle.Cert, root.Cert)...))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := NormalBundle([]byte("none")); err == nil {
		t.Error("a file without certificates is a bundle")
	}
}
