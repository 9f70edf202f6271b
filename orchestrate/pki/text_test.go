package pki

import (
	"crypto/x509"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named are names that would mislead whoever replaces text in text.
func named() Names {
	return Names{FileCA: "/the/operator's/ca.pem", FileCert: "FILE", FileKey: "/the/operator's cert.pem", FileChain: "key.pem", FileCRL: ""}
}

// TestNoCommandWritesOverWhatIsThere: a cure reads the file that it is about, and writes another.
func TestNoCommandWritesOverWhatIsThere(t *testing.T) {
	written := regexp.MustCompile(`(?:-out|>) ('(?:[^']|'\\'')*'|[^ ;]+)`)
	commands := 0
	for name, trial := range trials() {
		for _, names := range []Names{nil, named(), NamesIn("pki/db1/1/")} {
			for _, finding := range trial.judge(t) {
				cure := finding.In(names).Cure
				for _, out := range written.FindAllStringSubmatch(cure, -1) {
					commands++
					path := strings.ReplaceAll(strings.Trim(out[1], "'"), `'\''`, "'")
					if slices.ContainsFunc([]File{FileCA, FileCert, FileKey, FileChain, FileCRL}, func(f File) bool { return names.of(f) == path }) {
						t.Errorf("%s: %s is written over: %s", name, path, cure)
					}
				}
			}
		}
	}
	if commands == 0 {
		t.Error("no cure writes anything: nothing was looked at")
	}
}

func TestFilesAreCalledAsTheirReaderCallsThem(t *testing.T) {
	for _, c := range []struct {
		trial
		code                      Code
		file, inReason, exactCure string
	}{
		{
			trial{key: "key-pkcs8.pem", want: func(w *Want) { w.Owner = yaSSL() }},
			CodeKeyForm, "/the/operator's cert.pem", "PKCS#8",
			`use an RSA key as this writes it: openssl rsa -traditional -in '/the/operator'\''s cert.pem' -out '/the/operator'\''s cert.pem.new'`,
		},
		{
			trial{key: "other-key.pem"},
			CodeKeyMismatch, "/the/operator's cert.pem", "it is not the key of FILE",
			"put the key there with which the certificate was requested, or issue a new certificate for this server",
		},
		{
			trial{ca: "middle.pem", cert: "below.pem"},
			CodeNotChained, "FILE", "a root in /the/operator's/ca.pem",
			"put that root into /the/operator's/ca.pem; an intermediate authority alone is not enough",
		},
		{
			trial{chain: "cert-cut.pem"}, CodeDamaged, "key.pem", "cannot be read", "take the file anew from where it was made",
		},
		{
			trial{crl: "crl.der"}, CodeDER, "crl.pem", "DER", "convert it: openssl crl -inform DER -in crl.pem -out crl.pem.pem",
		},
	} {
		found := c.judge(t)
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Code == c.code })
		if i < 0 {
			t.Errorf("%s is not found", c.code)
			continue
		}
		if got := found[i].In(named()); got.File != c.file || !strings.Contains(got.Reason, c.inReason) || got.Cure != c.exactCure {
			t.Errorf("%s: got %+v", c.code, got)
		}
	}
}

// TestTextsCommandNoTerminal, whatever names stand in a certificate.
func TestTextsCommandNoTerminal(t *testing.T) {
	const hostile = "db1\x1b[31m\a\r\n\u202e.example.com"
	authority := craft(t, nil, 2, func(c *x509.Certificate) { asCA(c); c.Subject.CommonName = hostile })
	leaf := craft(t, &authority, 1, func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames = hostile, []string{"db1\x1b[31m\a\r\n.example.com"}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	})
	other := newAuthority(t, 1)
	want := Want{Names: []string{hostile, "db9"}, Now: today().Add(2000 * 3600e9), Readers: []Reader{yaSSL()}}
	texts := []string{
		VerifyServed([]*x509.Certificate{leaf.Cert}, []*x509.Certificate{authority.Cert}, "db9", today()).Error(),
		VerifyServed([]*x509.Certificate{leaf.Cert}, []*x509.Certificate{other.Cert}, hostile, today()).Error(),
	}
	for _, ca := range []Authority{authority, other} {
		for _, finding := range Judge(Set{CA: []*x509.Certificate{ca.Cert}, Cert: leaf.Cert}, want) {
			told := finding.In(nil)
			texts = append(texts, told.Reason, told.Cure)
		}
	}
	if len(texts) < 10 || !strings.Contains(strings.Join(texts, "\n"), `db1\x1B[31m\x07`) {
		t.Fatalf("the name is not told: %q", texts)
	}
	for _, text := range texts {
		if Printable(text) != text {
			t.Errorf("%q", text)
		}
	}
}
