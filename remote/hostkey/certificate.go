package hostkey

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// explainCertificate says why the certificate of a host is not believed.
func (p *Policy) explainCertificate(hostPort string, certificate *ssh.Certificate, err error) error {
	if err == nil && !isWeak(certificate.Signature) {
		return nil
	}
	presented := Fingerprint(certificate.Key)
	if len(p.db.HostKeys(hostPort)) == 0 {
		return &UnknownError{Host: hostPort, Presented: presented, Line: line(hostPort, certificate.Key), Files: p.files}
	}
	return &CertificateError{Host: hostPort, Presented: presented, Authority: Fingerprint(certificate.SignatureKey), Why: p.fault(hostPort, certificate, err)}
}

// isWeak tells a signature by SHA-1 from others: whoever can pay for a collision has the authority sign one thing and shows another. OpenSSH
// does not take it either, since 8.2 (CASignatureAlgorithms of ssh_config(5)).
func isWeak(signature *ssh.Signature) bool {
	return signature != nil && (signature.Format == ssh.KeyAlgoRSA || signature.Format == "ssh-dss")
}

func (p *Policy) fault(hostPort string, certificate *ssh.Certificate, err error) string {
	host, _, _ := net.SplitHostPort(hostPort)
	after, before := time.Unix(int64(certificate.ValidAfter), 0), time.Unix(int64(certificate.ValidBefore), 0)
	switch {
	case !p.isAuthority(hostPort, certificate.SignatureKey):
		return "that authority is not recorded for it in " + strings.Join(p.files, ", ")
	case certificate.CertType != ssh.HostCert:
		return "it is a certificate for users, not for hosts"
	case len(certificate.ValidPrincipals) > 0 && !slices.Contains(certificate.ValidPrincipals, host):
		return fmt.Sprintf("it is for %s, not for %s", strings.Join(certificate.ValidPrincipals, ", "), host)
	case certificate.ValidBefore != ssh.CertTimeInfinity && time.Now().After(before):
		return "it expired " + before.UTC().Format(time.DateTime) + " UTC"
	case time.Now().Before(after):
		return "it is not valid before " + after.UTC().Format(time.DateTime) + " UTC"
	case isWeak(certificate.Signature):
		return fmt.Sprintf("the authority's signature (%s) is by SHA-1, which can be forged (ssh-keygen signs with -t rsa-sha2-512)", certificate.Signature.Format)
	}
	return strings.TrimPrefix(err.Error(), "ssh: ")
}

// isAuthority tells whether a key is recorded as one that signs certificates for the host.
func (p *Policy) isAuthority(hostPort string, key ssh.PublicKey) bool {
	for _, known := range p.db.HostKeys(hostPort) {
		if known.Cert && bytes.Equal(known.Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

// CertificateError says that the host was to show a certificate, and that what it shows is not to be believed.
type CertificateError struct {
	Host      string // host:port
	Presented string // type and fingerprint of the key
	Authority string // type and fingerprint of the key that signed the certificate; empty where it is none
	Why       string
}

func (e *CertificateError) Error() string {
	if e.Authority == "" {
		return fmt.Sprintf("the host key of %s (%s) is not believed: %s", e.Host, e.Presented, e.Why)
	}
	return fmt.Sprintf("the host certificate of %s (%s, signed by %s) is not believed: %s", e.Host, e.Presented, e.Authority, e.Why)
}

// Hint is what a person can do.
func (e *CertificateError) Hint() string {
	return "have the host's key signed anew, for this name (on the host: ssh-keygen -Lf /etc/ssh/ssh_host_*-cert.pub shows what it has, HostCertificate in its sshd_config " +
		"names it); or, if its authority is a new one, record that: @cert-authority PATTERN KEY"
}
