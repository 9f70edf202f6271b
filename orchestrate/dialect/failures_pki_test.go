package dialect_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// failurePKI are files of which each lets a handshake fail in one way. All keys are of RSA, in PKCS#1, which every server reads.
type failurePKI struct {
	dir  string
	root *x509.Certificate
	key  crypto.Signer
}

func (p *failurePKI) file(name string) string { return filepath.Join(p.dir, name+".pem") }

func newFailurePKI(t *testing.T, dir string) *failurePKI {
	t.Helper()
	p := &failurePKI{dir: dir}
	p.root, p.key = p.authority(t, "ca", "the authority")
	p.authority(t, "other-ca", "another authority")
	hour := time.Now().Add(time.Hour)
	p.leaf(t, "server", leafOf("127.0.0.1", hour))
	p.leaf(t, "client", leafOf("a client", hour))
	p.leaf(t, "elsewhere", leafOf("db9.example.com", hour))
	p.leaf(t, "expired", leafOf("127.0.0.1", time.Now().Add(-time.Hour)))
	twin := leafOf("127.0.0.1", hour)
	twin.Subject = p.root.Subject
	p.leaf(t, "twin", twin)
	revoked := p.leaf(t, "revoked", leafOf("127.0.0.1", hour))
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: hour,
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: revoked.SerialNumber, RevocationTime: time.Now().Add(-time.Hour)}},
	}, p.root, p.key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.file("crl"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}))
	write(t, p.file("client-key-sealed"), sealed(t, p.pemOf(p.newKey(t))))
	return p
}

func leafOf(name string, until time.Time) *x509.Certificate {
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: name}, NotAfter: until}
	if ip := net.ParseIP(name); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{"db9.example.com"}
	}
	return leaf
}

func (p *failurePKI) newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *failurePKI) pemOf(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func (p *failurePKI) authority(t *testing.T, file, name string) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key := p.newKey(t)
	cert := p.write(t, file, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name),
	}, nil, key, key)
	return cert, key
}

func (p *failurePKI) leaf(t *testing.T, file string, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	key := p.newKey(t)
	write(t, p.file(file+"-key"), p.pemOf(key))
	return p.write(t, file, template, p.root, key, p.key)
}

func (p *failurePKI) write(t *testing.T, file string, template, parent *x509.Certificate, key, by crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore = serial, time.Now().Add(-48*time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.file(file), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
