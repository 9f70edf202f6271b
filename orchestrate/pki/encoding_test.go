package pki

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Keys as people make them: each is read, and known as the same key that openssl sees in it.
func TestKeysOfOpenSSL(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, test := range map[string]struct {
		form     KeyForm
		commands [][]string
	}{
		"traditional": {PKCS1, [][]string{{"genrsa", "-traditional", "-out", at("traditional"), "2048"}}},
		"plain":       {PKCS8, [][]string{{"genrsa", "-out", at("plain"), "2048"}}},
		"converted": {PKCS1, [][]string{
			{"genrsa", "-out", at("first"), "2048"},
			{"rsa", "-traditional", "-in", at("first"), "-out", at("converted")},
		}},
		"curve":   {SEC1, [][]string{{"ecparam", "-genkey", "-name", "prime256v1", "-out", at("curve")}}},
		"edwards": {PKCS8, [][]string{{"genpkey", "-algorithm", "ed25519", "-out", at("edwards")}}},
	} {
		for _, command := range test.commands {
			if out, ok := openssl(t, command...); !ok {
				t.Fatal(out)
			}
		}
		file, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseKey(file)
		if err != nil || key.Form != test.form {
			t.Errorf("%s: %v, %v", name, key.Form, err)
		}
		if _, ok := openssl(t, "pkey", "-in", at(name), "-pubout", "-outform", "DER", "-out", at("public")); !ok {
			t.Fatal(name)
		}
		public, err := os.ReadFile(at("public"))
		if err != nil || digest(public) != key.Fingerprint() {
			t.Errorf("%s: another fingerprint than openssl's (%v)", name, err)
		}
	}
}

func TestKeysWithPassphrase(t *testing.T) {
	for _, options := range [][]string{{"-traditional"}, {}} {
		file := filepath.Join(t.TempDir(), "key.pem")
		if out, ok := openssl(t, append([]string{"genrsa", "-aes256", "-passout", "pass:x", "-out", file}, options...)...); !ok {
			t.Fatal(out)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKey(data); err == nil || !strings.Contains(err.Error(), "passphrase") {
			t.Errorf("got %v", err)
		}
	}
}

func TestParseBundle(t *testing.T) {
	one, two := newAuthority(t, 1).Cert, newAuthority(t, 2).Cert
	both := EncodeCert(one, two)
	key := pemOf(t, testKeys()[0])
	damaged := bytes.Replace(both, []byte("-----BEGIN CERTIFICATE-----\nM"), []byte("-----BEGIN CERTIFICATE-----\n!"), 1)
	for name, test := range map[string]struct {
		file  []byte
		certs int
		err   string
	}{
		"one":             {file: EncodeCert(one), certs: 1},
		"two":             {file: both, certs: 2},
		"with comments":   {file: append([]byte("# our authorities\nsubject=x\n"), both...), certs: 2},
		"of Windows":      {file: bytes.ReplaceAll(both, []byte("\n"), []byte("\r\n")), certs: 2},
		"empty":           {err: "it holds no certificate in PEM"},
		"one is damaged":  {file: damaged, err: "1 of its 2 parts in PEM cannot be read"},
		"cut off":         {file: both[:len(both)-40], err: "1 of its 2 parts in PEM cannot be read"},
		"with a key":      {file: append(both, key...), err: "it holds a private key"},
		"something else":  {file: []byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), err: `part 1 is "X509 CRL", not a certificate`},
		"not DER":         {file: []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), err: "certificate 1: x509: "},
		"much too large":  {file: make([]byte, maxPEM+1), err: "more than any file of certificates"},
		"with byte order": {file: append([]byte("\xef\xbb\xbf"), both...), err: "it begins with a byte order mark"},
	} {
		certs, err := ParseBundle(test.file)
		if len(certs) != test.certs || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %d certificates, %v", name, len(certs), err)
		}
	}
	leaf, rest, err := ParseLeaf(both)
	if err != nil || !leaf.Equal(one) || len(rest) != 1 || !rest[0].Equal(two) {
		t.Errorf("got %v, %v, %v", leaf, rest, err)
	}
}

func TestParseKeyErrorsAreSilent(t *testing.T) {
	key := string(pemOf(t, testKeys()[0]))
	for _, file := range []string{
		"", key + key, key[:200], strings.Replace(key, "M", "N", 5), strings.ReplaceAll(key, "RSA ", ""), strings.ReplaceAll(key, "RSA ", "DSA "),
		string(EncodeCert(newAuthority(t, 1).Cert)),
	} {
		if _, err := ParseKey([]byte(file)); err == nil || strings.Contains(err.Error(), "MII") || len(err.Error()) > 100 {
			t.Errorf("got %v", err)
		}
	}
}
