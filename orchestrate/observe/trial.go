package observe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"path"
	"strconv"
	"sync"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
)

// tryLogins makes the logins that are asked for, of every channel of the account: one over TLS and one without.
func (g *glance) tryLogins(ctx context.Context) {
	if !g.wants(facts.PartTrial | facts.PartPlaintext) {
		return
	}
	g.seen.Trials, g.seen.Plaintext = map[string]facts.Value[facts.Trial]{}, map[string]facts.Value[facts.Attempt]{}
	for _, c := range g.seen.Channels.Or(nil) {
		t := &trial{glance: g, channel: c, found: facts.Absent[password]()}
		if c.SourceUser == g.observer.cluster.Account.User {
			t.found = g.passwordOf(ctx, c)
		}
		t.run(ctx)
	}
}

// trial is the logins of one channel, from its replica's host to its source as the channel names it.
type trial struct {
	*glance
	channel facts.Channel
	found   facts.Value[password] // absent for an account that is not ours to try
}

// run makes the two logins at the same time: neither hangs on the other, unless the server has to know the account from a login over TLS to
// take one without.
func (t *trial) run(ctx context.Context) {
	var encrypted facts.Value[facts.Trial]
	var plain facts.Value[facts.Attempt]
	var both sync.WaitGroup
	if t.wants(facts.PartTrial) {
		both.Go(func() { encrypted = t.overTLS(ctx) })
	}
	if t.wants(facts.PartPlaintext) {
		both.Go(func() { plain = t.plain(ctx) })
	}
	both.Wait()
	if t.wants(facts.PartTrial) {
		t.seen.Trials[t.channel.Name] = encrypted
	}
	if t.wants(facts.PartPlaintext) {
		t.seen.Plaintext[t.channel.Name] = plain
	}
}

func (t *trial) login(ctx context.Context, p password, over *tls.Config) (facts.Attempt, error) {
	address := net.JoinHostPort(t.channel.SourceHost, strconv.Itoa(t.channel.SourcePort))
	account := access.Account{User: t.channel.SourceUser, Password: p.text}
	return t.observer.servers.Login(ctx, t.server.Name, address, account, over)
}

func (t *trial) plain(ctx context.Context) facts.Value[facts.Attempt] {
	p, ok := t.found.Get()
	if !ok {
		return facts.As[facts.Attempt](t.found)
	}
	attempt, err := t.login(ctx, p, nil)
	if wanted := (*access.KeyWantedError)(nil); errors.As(err, &wanted) {
		t.overTLS(ctx) // from then on the server knows the account, and a proof of the password will do
		attempt, err = t.login(ctx, p, nil)
	}
	if err != nil {
		return failed[facts.Attempt](err)
	}
	return facts.Known(attempt)
}

func (t *trial) overTLS(ctx context.Context) facts.Value[facts.Trial] {
	p, ok := t.found.Get()
	if !ok {
		return facts.As[facts.Trial](t.found)
	}
	brought := t.files(ctx)
	files, ok := brought.Get()
	if !ok {
		return facts.As[facts.Trial](brought)
	}
	var told facts.Trial
	over, err := t.config(files, &told)
	if err != nil { // the receiver could not use them either
		return facts.Known(facts.Trial{Attempt: facts.Attempt{Text: err.Error()}})
	}
	attempt, err := t.login(ctx, p, over)
	if err != nil {
		return failed[facts.Trial](err)
	}
	told.Attempt = attempt
	return facts.Known(told)
}

// files are what a receiver brings to a TLS connection.
type files struct {
	ca, cert string // PEM; no CA trusts every certificate
	key      secret.Text
	identity bool // the certificate of the source must carry the channel's host
}

// files are those of the set in use, or where there is none, those that the channel itself uses: a cluster that another tool, or a
// person, has set up.
func (t *trial) files(ctx context.Context) facts.Value[files] {
	found, err := t.fetch(ctx, t.inUse())
	switch {
	case err != nil:
		return failed[files](err)
	case !allAbsent(found):
		return t.ownFiles(ctx)
	case t.channel.TLS.Enabled:
		return t.foreignFiles(ctx)
	}
	return facts.Unknownf[files]("%s: no certificate set is in use there, and the channel has no TLS options", t.server.Name)
}

func (t *trial) ownFiles(ctx context.Context) facts.Value[files] {
	dir := path.Join(t.server.TLSDir, "current")
	texts, err := t.texts(ctx, path.Join(dir, pki.FileCA), path.Join(dir, pki.FileCert), path.Join(dir, pki.FileKey))
	if err != nil {
		return failed[files](err)
	}
	identity := t.observer.cluster.TLS.Verify == topology.VerifyIdentity
	return facts.Known(files{ca: texts[0].Reveal(), cert: texts[1].Reveal(), key: texts[2], identity: identity})
}

// inUse are the files of the set in use, named as the receiver names them.
func (g *glance) inUse() []file.Pick {
	var picks []file.Pick
	for _, name := range []string{pki.FileCA, pki.FileCert, pki.FileKey} {
		picks = append(picks, file.One(path.Join(g.server.TLSDir, "current", name)))
	}
	return picks
}

func allAbsent(found []seen.Value[[]file.Found]) bool {
	for i := range found {
		if content := one(found, i); !content.IsAbsent() {
			return false
		}
	}
	return true
}

// systemBundles are where OpenSSL finds the authorities of the system, on Debian and on Red Hat.
func systemBundles() []string {
	return []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}
}

func (t *trial) foreignFiles(ctx context.Context) facts.Value[files] {
	options := t.channel.TLS
	if options.CAPath != "" {
		return facts.Unknownf[files]("%s: the channel trusts the authorities in a folder (MASTER_SSL_CAPATH), which no trial login can", t.server.Name)
	}
	brought := files{identity: options.VerifyIdentity}
	var err error
	if brought.ca, err = t.foreignCA(ctx, options); err != nil {
		return failed[files](err)
	}
	if options.Cert == "" {
		return facts.Known(brought)
	}
	texts, err := t.texts(ctx, t.absolute(options.Cert), t.absolute(orElse(options.Key, options.Cert)))
	if err != nil {
		return failed[files](err)
	}
	brought.cert, brought.key = texts[0].Reveal(), texts[1]
	return facts.Known(brought)
}

// foreignCA is the channel's CA file, or the system's authorities where it names none and yet wants to know whom it talks to.
func (t *trial) foreignCA(ctx context.Context, options facts.TLSOptions) (string, error) {
	switch {
	case options.CA != "":
		texts, err := t.texts(ctx, t.absolute(options.CA))
		if err != nil {
			return "", err
		}
		return texts[0].Reveal(), nil
	case !options.VerifyIdentity:
		return "", nil
	}
	for _, name := range systemBundles() {
		if texts, err := t.texts(ctx, name); err == nil {
			return texts[0].Reveal(), nil
		}
	}
	return "", fmt.Errorf("%s: the channel trusts the authorities of the system, and none were found", t.server.Name)
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// absolute resolves a path as the server does, whose working folder is its data folder.
func (t *trial) absolute(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(t.seen.Instance.Or(facts.Instance{}).DataDir, name)
}

// texts reads files of the host, all of which must be there.
func (t *trial) texts(ctx context.Context, names ...string) ([]secret.Text, error) {
	picks := make([]file.Pick, len(names))
	for i, name := range names {
		picks[i] = file.One(name)
	}
	found, err := t.fetch(ctx, picks)
	if err != nil {
		return nil, err
	}
	texts := make([]secret.Text, len(names))
	for i, name := range names {
		content := one(found, i)
		read, ok := content.Get()
		switch {
		case content.IsAbsent():
			return nil, fmt.Errorf("%s: %s is missing", t.server.Name, name)
		case !ok:
			return nil, fmt.Errorf("%s: %s: %s", t.server.Name, name, content.Why())
		}
		texts[i] = read.Text
	}
	return texts, nil
}

// one is the file of a pick by name.
func one(found []seen.Value[[]file.Found], i int) seen.Value[file.Content] {
	if i >= len(found) {
		return seen.Unknown[file.Content]("the host's answer is not whole")
	}
	list, _ := found[i].Get()
	if len(list) != 1 {
		return seen.Unknown[file.Content](found[i].Why())
	}
	return list[0].Content
}

// config is the connection that a receiver with these files would make; it accepts what the receiver would accept.
func (t *trial) config(f files, told *facts.Trial) (*tls.Config, error) {
	config := access.OfAnyVersion(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // VerifyConnection checks as MariaDB does, which Go does not
	t.asReceiver(config)
	if f.cert != "" {
		pair, err := tls.X509KeyPair([]byte(f.cert), []byte(f.key.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("the certificate and key of %s: %w", t.server.Name, err)
		}
		config.GetClientCertificate = t.present(pair, told)
	}
	var bundle []*x509.Certificate
	if f.ca != "" {
		var err error
		if bundle, err = pki.ParseBundle([]byte(f.ca)); err != nil {
			return nil, fmt.Errorf("the CA file of %s: %w", t.server.Name, err)
		}
	}
	now := t.observer.now()
	config.VerifyConnection = func(state tls.ConnectionState) error {
		chain := state.PeerCertificates
		if len(chain) > 0 {
			told.Serial = fmt.Sprintf("%X", chain[0].SerialNumber)
		}
		if bundle == nil {
			return nil
		}
		host := t.channel.SourceHost
		if !f.identity && len(chain) > 0 {
			host = anyName(chain[0])
		}
		return pki.VerifyServed(chain, bundle, host, now)
	}
	return config, nil
}

// asReceiver lets a configuration speak the versions that the receiver does, and no others.
func (t *trial) asReceiver(config *tls.Config) {
	if d, err := dialect.For(t.seen.Instance.Or(facts.Instance{}).Version); err == nil {
		speaks := d.TLSVersions()
		config.MinVersion, config.MaxVersion = tls.VersionTLS10+uint16(speaks.Oldest), tls.VersionTLS10+uint16(speaks.Newest)
	}
}

// present gives the certificate to whoever asks for one, as a receiver does: whether it is one of an authority that the source names is for
// the source to judge.
func (t *trial) present(pair tls.Certificate, told *facts.Trial) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if pair.Leaf != nil {
			told.Issuer, told.Subject = pki.IssuerOneLine(pair.Leaf), pki.SubjectOneLine(pair.Leaf)
			told.Presented = fmt.Sprintf("%X", pair.Leaf.SerialNumber)
		}
		return &pair, nil
	}
}

// anyName is a name that the certificate carries, for a receiver that does not look at names.
func anyName(cert *x509.Certificate) string {
	switch {
	case len(cert.DNSNames) > 0:
		return cert.DNSNames[0]
	case len(cert.IPAddresses) > 0:
		return cert.IPAddresses[0].String()
	}
	return cert.Subject.CommonName
}
