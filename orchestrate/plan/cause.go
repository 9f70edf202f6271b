package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Cause is what was found to be wrong where a thread of a channel has an error: a file, a certificate, or a row of an account.
type Cause struct {
	At  string // SERVER:FILE, or USER@HOST on SERVER, or a server
	Why string // in a sentence that names it
	Do  string
}

func (c Cause) String() string { return c.At + ": " + c.Why }

// Hint is the cause in one line, with what helps.
func (c Cause) Hint() string { return joined("the cause: "+c.String(), c.Do) }

// LinkOf is the channel that a goal is about, where its receiver is to be connected.
func LinkOf(goal Condition) (Link, bool) {
	switch g := goal.(type) {
	case Secured:
		return g.Link, g.Threads.Receiver
	case Connected:
		return g.Link, true
	case Attached:
		return g.Link, true
	case Rehearsed:
		return g.Link, true
	}
	return Link{}, false
}

// LookForCause is what [CauseOf] reads of both ends of a channel.
func LookForCause(l Link) facts.Look {
	look := lookAt(l.Channel.Server, facts.PartInstance|facts.PartProcess|facts.PartChannels|facts.PartUsed)
	look.Add(l.Source, facts.PartInstance|facts.PartProcess|facts.PartAccounts|facts.PartServed|facts.PartSettings|facts.PartFiles|facts.PartConfig)
	return look
}

// CauseOf finds the cause of the error that a link's receiver has, by what both ends show: servers tell it badly, and some not at all. Without
// one, what the error means in general is all that can be said.
func CauseOf(f facts.Facts, l Link) (Cause, bool) {
	channel, ok := f.Channel(l.Channel).Get()
	if !ok {
		return Cause{}, false
	}
	s := suspects{facts: f, link: l, channel: channel, reader: readerOf(f, l.Channel.Server)}
	var looks []func() (Cause, bool)
	switch number := channel.ReceiverError.Number; {
	case number == noHandshake:
		looks = []func() (Cause, bool){s.ownFiles, s.ownPair, s.noTLS, s.served}
	case dialect.Refuses(number) || number == noRow:
		looks = []func() (Cause, bool){s.row}
	}
	for _, look := range looks {
		if found, ok := look(); ok {
			return found, true
		}
	}
	return Cause{}, false
}

// The errors of a receiver whose cause is looked for, beside those by which a login is refused.
const (
	noHandshake = 2026
	noRow       = 1130
)

// suspects are what can be the cause of an error of a receiver.
type suspects struct {
	facts   facts.Facts
	link    Link
	channel facts.Channel
	reader  pki.Reader // the replica
}

// replica is the server whose receiver it is.
func (s suspects) replica() facts.Server { return s.facts.Server(s.link.Channel.Server) }

func (s suspects) source() facts.Server { return s.facts.Server(s.link.Source) }

// at names a file on the replica's host.
func (s suspects) at(path string) string { return fmt.Sprintf("%s:%s", s.link.Channel.Server, path) }

// file is what the replica's server sees of a file that the channel names.
func (s suspects) file(path string) (facts.Named, bool) {
	file, ok := s.replica().Used.Or(nil)[path]
	return file, ok && path != ""
}

// now is the time by the clock of a server's host.
func (s suspects) now(server topology.ServerName) pki.Want {
	return pki.Want{Now: s.facts.At.Add(s.facts.Server(server).Clock.Or(0))}
}

// ownFiles are the files that the channel names, each by itself.
func (s suspects) ownFiles() (Cause, bool) {
	options := s.channel.TLS
	for _, used := range []struct {
		what, path string
		holds      func(facts.Named) bool
	}{
		{"CA file", options.CA, func(n facts.Named) bool { return n.Certs != "" }},
		{"certificate file", options.Cert, func(n facts.Named) bool { return n.Certs != "" }},
		{"key file", options.Key, func(n facts.Named) bool { return !n.Public.IsAbsent() }},
		{"list of revoked certificates", options.CRL, func(n facts.Named) bool { return n.CRLs != "" }},
	} {
		file, seen := s.file(used.path)
		if !seen {
			continue
		}
		var why, do string
		can, told := file.Readable.Get()
		switch {
		case file.Readable.IsAbsent():
			why, do = "there is no such file, and the channel names it as its "+used.what, "put it there, or let replssl apply give the channel its own files"
		case told && !can:
			user := s.replica().Process.Or(facts.Process{}).OSUser
			why = fmt.Sprintf("the %s of the channel cannot be read by %s, as whom the server runs", used.what, cmp.Or(user, "the user"))
			do = "let that user read it and enter its folders: chown, chmod"
		case told && used.path == options.Key && file.Sealed:
			why, do = "the key of the channel has a passphrase, which a server cannot enter", "put it there without: openssl pkey -in OLD -out NEW"
		case told && !used.holds(file):
			why, do = fmt.Sprintf("the %s of the channel holds nothing of the kind in PEM", used.what), "see whether the files were mixed up, and put the right one there"
		default:
			continue
		}
		return Cause{At: s.at(used.path), Why: why, Do: do}, true
	}
	return Cause{}, false
}

// ownPair is the channel's certificate with its key, at the end at which the replica shows it.
func (s suspects) ownPair() (Cause, bool) {
	cert, ok := s.file(s.channel.TLS.Cert)
	if !ok {
		return Cause{}, false
	}
	keyFile := cmp.Or(s.channel.TLS.Key, s.channel.TLS.Cert)
	key := s.replica().Used.Or(nil)[keyFile]
	set := facts.Leaf{CA: cmp.Or(s.sourceCA(), cert.Certs), Cert: cert.Certs, KeyPublic: key.Public.Or(""), KeyForm: key.KeyForm}
	want := s.now(s.link.Source)
	want.Usage, want.Owner = pki.UsageClient, s.reader
	codes := []pki.Code{pki.CodeKeyMismatch, pki.CodeCertOrder, pki.CodeKeyForm, pki.CodeExpired, pki.CodeNotYetValid, pki.CodeKeyKind}
	if s.sourceCA() != "" {
		codes = append(codes, pki.CodeNotChained, pki.CodeNameOfCA, pki.CodeUsageMissing)
	}
	names := pki.Names{
		pki.FileCert: s.at(s.channel.TLS.Cert), pki.FileKey: s.at(keyFile), pki.FileCA: s.sourceCAFile(),
	}
	return first(findingsOf(set, want), names, codes)
}

// sourceCA are the authorities by which the source checks clients, as far as they were seen.
func (s suspects) sourceCA() string {
	settings := s.source().Settings.Or(facts.TLSSettings{})
	if file, ok := s.source().Named.Or(nil)[settings.CA]; ok && settings.CA != "" {
		return file.Certs
	}
	dir := s.source().TLSDir.Or(facts.TLSDir{})
	if set, used := dir.CurrentSet(); used && strings.HasSuffix(settings.CA, "/current/ca.pem") {
		return set.CA
	}
	return ""
}

func (s suspects) sourceCAFile() string {
	return fmt.Sprintf("%s:%s", s.link.Source, s.source().Settings.Or(facts.TLSSettings{}).CA)
}

// noTLS is a source that offers none.
func (s suspects) noTLS() (Cause, bool) {
	if !s.source().ServedTLS.IsAbsent() {
		return Cause{}, false
	}
	return Cause{
		At: string(s.link.Source), Why: "it offers no TLS, and the channel demands it", Do: whyNoTLS(s.link.Source, s.source().Settings),
	}, true
}

// served is the certificate that the source shows, by the authorities, the clock and the name of the channel.
func (s suspects) served() (Cause, bool) {
	served, ok := s.source().ServedTLS.Get()
	if !ok {
		return Cause{}, false
	}
	options := s.channel.TLS
	ca, told := s.file(options.CA)
	if options.CA == "" && options.CAPath == "" && options.VerifyIdentity {
		return Cause{
			At: s.link.Channel.String(), Why: "the channel is to check the certificate of " + string(s.link.Source) + ", and names no CA file to check it by",
			Do: "name one that holds the CA of that certificate, as replssl apply does",
		}, true
	}
	if !told {
		return Cause{}, false
	}
	want := s.now(s.link.Channel.Server)
	want.Usage, want.Owner = pki.UsageServer, readerOf(s.facts, s.link.Source)
	reader := s.reader.Calling(s.link.Host)
	reader.CommonNameOnly = reader.CommonNameOnly && options.VerifyIdentity
	want.Readers = []pki.Reader{reader}
	if options.VerifyIdentity {
		want.Names = []string{s.link.Host}
	}
	crl, _ := s.file(options.CRL)
	shown := "the certificate that " + string(s.link.Source) + " serves"
	return first(findingsOf(facts.Leaf{CA: ca.Certs, Cert: served.Chain, CRL: crl.CRLs}, want), pki.Names{
		pki.FileCert: shown, pki.FileCA: s.at(options.CA), pki.FileCRL: s.at(options.CRL),
	}, []pki.Code{
		pki.CodeNotChained, pki.CodeExpired, pki.CodeNotYetValid, pki.CodeRevoked, pki.CodeNameMissing, pki.CodeNameNotCommon, pki.CodeNameOfCA,
		pki.CodeUsageMissing, pki.CodeKeyKind, pki.CodeMayNotSign, pki.CodeCRLExpired, pki.CodeCRLNotYetValid, pki.CodeCRLMissing, pki.CodeCRLSignature,
		pki.CodeWeakKey, pki.CodeWeakSignature, pki.CodeUnknownExtension, pki.CodeNameForbidden,
	})
}

// first is the finding with the earliest of the codes.
func first(found []pki.Finding, names pki.Names, codes []pki.Code) (Cause, bool) {
	for _, code := range codes {
		i := slices.IndexFunc(found, func(finding pki.Finding) bool { return finding.Code == code })
		if i < 0 {
			continue
		}
		told := found[i].In(names)
		return Cause{At: told.File, Why: fmt.Sprintf("%s (%s)", told.Reason, told.Code), Do: told.Cure}, true
	}
	return Cause{}, false
}

// row is the account's row that the login was judged by.
func (s suspects) row() (Cause, bool) {
	accounts, ok := s.source().Accounts.Get()
	if !ok {
		return Cause{}, false
	}
	rows := slices.Concat(accounts, s.source().Anonymous.Or(nil))
	if len(accounts) == 0 {
		return Cause{
			At: string(s.link.Source), Why: fmt.Sprintf("it has no row of %s at all", s.link.User), Do: "make one there, or correct the user of the channel",
		}, true
	}
	login, seen := s.login()
	row, fits := s.matched(rows, login, seen)
	switch {
	case seen && !fits:
		return Cause{
			At:  string(s.link.Source),
			Why: fmt.Sprintf("no row of %s fits the address %s, from which it sees this replica come; it has %s", s.link.User, login, rowsTold(accounts)),
			Do: fmt.Sprintf("make a row for that address, or for its network: SET SESSION sql_log_bin=0; CREATE USER '%[1]s'@'%[2]s' IDENTIFIED BY 'PASSWORD'; "+
				"GRANT REPLICATION SLAVE ON *.* TO '%[1]s'@'%[2]s'", s.link.User, login),
		}, true
	case !fits || s.channel.ReceiverError.Number == noRow:
		return Cause{}, false
	}
	why, do := s.demand(row)
	return Cause{At: fmt.Sprintf("%s on %s", nameOfRow(row), s.link.Source), Why: why, Do: do}, true
}

// login is from where the source sees this replica come, as it tells the receiver, or the logins that were tried from there.
func (s suspects) login() (host string, seen bool) {
	replica := s.facts.Server(s.link.Channel.Server)
	for _, text := range []string{
		s.channel.ReceiverError.Text,
		replica.Plaintext[s.link.Channel.Name].Or(facts.Attempt{}).Text, replica.Trials[s.link.Channel.Name].Or(facts.Trial{}).Text,
	} {
		if host, seen := dialect.LoginOf(text); seen {
			return host, true
		}
	}
	return "", false
}

// matched is the row of a login from there; the only one, if it is for every host, where nothing tells from where it is.
func (s suspects) matched(rows []facts.AccountRow, login string, seen bool) (facts.AccountRow, bool) {
	if seen {
		from := dialect.Client{Name: login}
		if address, err := netip.ParseAddr(login); err == nil {
			from = dialect.Client{Address: address}
		}
		return dialect.MatchRow(rows, from)
	}
	if len(rows) == 1 && rows[0].Host == "%" {
		return rows[0], true
	}
	return facts.AccountRow{}, false
}

func nameOfRow(row facts.AccountRow) string {
	if row.User == "" {
		return "the row without a user name, @" + row.Host + ","
	}
	return row.String()
}

func rowsTold(rows []facts.AccountRow) string {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.String()
	}
	return strings.Join(names, ", ")
}

// demand is what a row demands that the channel does not bring; where it brings all, the password is left.
func (s suspects) demand(row facts.AccountRow) (why, do string) {
	options, secure := s.channel.TLS, s.source().Variables.Or(nil)["require_secure_transport"]
	cert, told := s.file(options.Cert)
	switch {
	case row.User == "":
		return "the login is judged by it, and not by a row of " + s.link.User, "drop the row without a user name"
	case row.Require.TLS() && !options.Enabled:
		return "it requires TLS (" + row.Require.String() + "), and the channel uses none", "let the channel use TLS: replssl apply"
	case s.channel.ReceiverError.Number == plainRefused, secure.Value == "ON" && !options.Enabled:
		return "the source refuses every login without TLS (require_secure_transport), and the channel uses none", "let the channel use TLS: replssl apply"
	case row.Require.TLS() && s.source().ServedTLS.IsAbsent():
		return fmt.Sprintf("it requires TLS (%s), and %s offers none", row.Require, s.link.Source), whyNoTLS(s.link.Source, s.source().Settings)
	case row.Require.Certificate() && options.Cert == "":
		return "it requires a certificate of the client (" + row.Require.String() + "), and the channel names none",
			"give the channel a certificate and its key, by an authority in ssl_ca of the source: replssl apply"
	case row.Require.Certificate() && told:
		if why, do := s.otherCertificate(row.Require, cert); why != "" {
			return why, do
		}
	}
	return "it fits, and the channel brings what it requires of TLS: so the password of the channel is not that of the row",
		"give the channel the account's password: MASTER_PASSWORD (SOURCE_PASSWORD); or the account the channel's, by ALTER USER on the source, after " +
			"SET SESSION sql_log_bin=0 where a replica lacks the row"
}

// plainRefused is how MySQL refuses a login without TLS under require_secure_transport.
const plainRefused = 3159

// otherCertificate tells where a row requires another certificate than the channel has.
func (s suspects) otherCertificate(require facts.Requirement, cert facts.Named) (why, do string) {
	leaf, _, err := pki.ParseLeaf([]byte(cert.Certs))
	if err != nil {
		return "", ""
	}
	at := s.at(s.channel.TLS.Cert)
	for _, part := range []struct{ word, want, have string }{
		{"SUBJECT", require.Subject, pki.SubjectOneLine(leaf)}, {"ISSUER", require.Issuer, pki.IssuerOneLine(leaf)},
	} {
		if part.want != "" && part.want != part.have {
			return fmt.Sprintf("it requires %s %s, and the certificate of the channel, %s, has %s", part.word, part.want, at, part.have),
				"let the row require what the certificate has, or give the channel the certificate that the row means"
		}
	}
	if pair, found := s.ownPair(); found {
		return fmt.Sprintf("it requires a certificate of the client (%s), and the one of the channel is refused: %s", require, pair), pair.Do
	}
	return "", ""
}
