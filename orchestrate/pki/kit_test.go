package pki

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// today is the clock of the tests. It is near the real one, since openssl looks at that.
func today() time.Time { return time.Now().Truncate(time.Second) }

// testKeys are made once: making RSA keys is what takes the time in these tests.
var testKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := make([]*rsa.PrivateKey, 3)
	for i := range keys {
		key, err := NewKeys(RSA2048)()
		if err != nil {
			panic(err)
		}
		keys[i] = key.(*rsa.PrivateKey)
	}
	return keys
})

// fixed is a random source that gives the same bytes for the same seed.
type fixed byte

func (f fixed) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(f) + byte(i)
	}
	return len(p), nil
}

func means(seed byte, key int) Means {
	return Means{Random: fixed(seed), Now: today(), NewKey: GivenKey(testKeys()[key])}
}

func newAuthority(t testing.TB, seed byte) Authority {
	t.Helper()
	authority, err := NewAuthority(means(seed, 0), "orders")
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func newLeaf(t testing.TB, authority Authority, names ...string) Leaf {
	t.Helper()
	dns, ips := SplitNames(names)
	leaf, err := authority.Issue(means(100, 1), LeafRequest{Server: "db1", DNS: dns, IPs: ips})
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// craft makes a certificate as other tools might, with faults that this package would not make.
func craft(t testing.TB, parent *Authority, key int, change func(*x509.Certificate)) Authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(key) + 7), Subject: pkix.Name{CommonName: "crafted"}, NotBefore: today().Add(-time.Hour),
		NotAfter: today().Add(1000 * time.Hour), DNSNames: []string{"db1.example.com"}, BasicConstraintsValid: true,
	}
	change(template)
	issuer, signer := template, crypto.Signer(testKeys()[key])
	if parent != nil {
		issuer, signer = parent.Cert, parent.Key
	}
	der, err := x509.CreateCertificate(fixed(1), template, issuer, testKeys()[key].Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Authority{Cert: cert, Key: testKeys()[key]}
}

func asCA(template *x509.Certificate) {
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	template.Subject.CommonName = "crafted CA"
}

func pemOf(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	text, err := EncodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text.Reveal())
}

// openssl runs the real one: what it says is what most servers do.
func openssl(t testing.TB, args ...string) (output string, ok bool) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl here")
	}
	var out bytes.Buffer
	cmd := exec.Command("openssl", args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

func write(t testing.TB, data []byte) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "*.pem")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(data); err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(file.Name())
}

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }
