package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/secret"
)

// seed begins with the files that openssl made.
func seed(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*.*")
	if err != nil || len(paths) < 50 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// checkError: every error has a code and a cure, is short, and quotes no line of the file.
func checkError(t *testing.T, file []byte, err error) {
	t.Helper()
	var form *FormError
	if !errors.As(err, &form) || form.Code == "" || form.Hint() == "" {
		t.Fatalf("%#v", err)
	}
	said := err.Error() + form.Hint()
	if len(said) > 500 {
		t.Errorf("%d bytes: %s", len(said), said)
	}
	for _, line := range strings.Fields(string(file)) {
		if len(line) > maxLabel && strings.Contains(said, line) {
			t.Errorf("%q is quoted: %s", line, said)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := ParseKey(data)
		if err != nil {
			checkError(t, data, err)
			return
		}
		if key.Signer == nil || key.Fingerprint() == "" || key.Form == "" {
			t.Error("an empty key is read")
		}
		file, err := EncodeKey(key.Signer)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey([]byte(file.Reveal()))
		if err != nil || again.Fingerprint() != key.Fingerprint() {
			t.Errorf("what is written is not read back: %v", err)
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		certs, err := ParseBundle(data)
		leaf, rest, wrong := ParseLeaf(data)
		if (err == nil) != (wrong == nil) {
			t.Fatalf("as a bundle: %v, as a leaf: %v", err, wrong)
		}
		if err != nil {
			checkError(t, data, err)
			return
		}
		if len(certs) == 0 || !leaf.Equal(certs[0]) || len(rest) != len(certs)-1 {
			t.Errorf("%d certificates, and %d behind the first", len(certs), len(rest))
		}
		for _, cert := range certs {
			_ = SubjectOneLine(cert)
		}
		_ = VerifyServed(certs, certs, "db1", then())
		again, err := ParseBundle(EncodeCert(certs...))
		if err != nil || len(again) != len(certs) {
			t.Errorf("what is written is not read back: %v", err)
		}
	})
}

func FuzzParseCRLs(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		lists, err := ParseCRLs(data)
		if err != nil {
			checkError(t, data, err)
			return
		}
		if len(lists) == 0 {
			t.Error("no list, and no error")
		}
		found := findings{}
		for _, list := range lists {
			found.list(list, []*x509.Certificate{}, Want{Now: then()})
		}
	})
}

// FuzzJudgeFiles: whatever the files are, each finding is whole, and files that cannot be read are never let through.
func FuzzJudgeFiles(f *testing.F) {
	read := func(name string) []byte { return fileNamed(f, name) }
	f.Add(read("root.pem"), read("leaf.pem"), read("middle.pem"), read("leaf-key.pem"), read("crl.pem"))
	f.Add(read("bundle-middle.pem"), read("chain-wrong-order.pem"), []byte(nil), read("key-pkcs8.pem"), read("crl-both.pem"))
	f.Add(read("weakroot.pem"), read("by-weakroot.pem"), []byte(nil), read("key-ec.pem"), read("crl-revoked.pem"))
	f.Fuzz(func(t *testing.T, ca, cert, chain, key, crl []byte) {
		files := Files{CA: ca, Cert: cert, Chain: chain, CRL: crl, Key: secret.New(key)}
		found := JudgeFiles(files, Want{Names: []string{"db1"}, Now: then(), Owner: yaSSL(), Readers: []Reader{yaSSL()}})
		for _, finding := range found {
			if told := finding.In(nil); told.Code == "" || told.File == "" || told.Reason == "" || told.Cure == "" {
				t.Errorf("%+v", told)
			}
		}
		_, err := ParseBundle(ca)
		_, _, wrong := ParseLeaf(cert)
		if (err != nil || wrong != nil) && len(Forbidding(found)) == 0 {
			t.Errorf("%v, %v: let through", err, wrong)
		}
	})
}

// TestFilesThatAreMadeToBeSlow: the limit is a hundred times what they take, and far below what they would if each part looked at all others.
func TestFilesThatAreMadeToBeSlow(t *testing.T) {
	root := newAuthority(t, 1)
	authority := craft(t, &root, 2, asCA)
	certs := bytes.Repeat(EncodeCert(authority.Cert), 700)
	for name, file := range map[string][]byte{
		"begins":       bytes.Repeat([]byte("-----BEGIN CERTIFICATE-----\n"), maxPEM/28),
		"ends":         bytes.Repeat([]byte("-----BEGIN A-----\n-----END B-----\n"), maxPEM/34),
		"headers":      append([]byte("-----BEGIN CERTIFICATE-----\n"), bytes.Repeat([]byte("a: b\n"), maxPEM/5-10)...),
		"dashes":       bytes.Repeat([]byte("-----"), maxPEM/5),
		"lines":        bytes.Repeat([]byte("\n"), maxPEM),
		"certificates": certs,
	} {
		began := time.Now()
		_, _ = ParseBundle(file)
		_, _ = ParseKey(file)
		_, _ = ParseCRLs(file)
		_ = JudgeFiles(Files{CA: file, Cert: file}, Want{Now: today()})
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}
