package pki

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/secret"
)

// then is a moment at which the files of testdata are valid.
func then() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

func fileNamed(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// trial is a set of files by their names in testdata; what is empty is that of a good set.
type trial struct {
	ca, cert, chain, key, crl string
	want                      func(*Want)
	codes                     string
}

func (c trial) files(t testing.TB) Files {
	t.Helper()
	named := func(name, usual string) []byte {
		if name == "" {
			name = usual
		}
		if name == "" {
			return nil
		}
		return fileNamed(t, name)
	}
	return Files{
		CA: named(c.ca, "root.pem"), Cert: named(c.cert, "leaf.pem"), Chain: named(c.chain, ""), CRL: named(c.crl, ""),
		Key: secret.New(named(c.key, "leaf-key.pem")),
	}
}

func (c trial) judge(t testing.TB) []Finding {
	t.Helper()
	want := Want{Names: []string{"db1.example.com"}, Now: then(), MinLeft: SoonLeft}
	if c.want != nil {
		c.want(&want)
	}
	return JudgeFiles(c.files(t), want)
}

func yaSSL() Reader {
	return Reader{Who: "db9 (MySQL 5.6.24)", RSAOnly: true, NoEd25519: true, PKCS1Only: true, CommonNameOnly: true, FirstCertOnly: true, NoCRL: true}
}

// trials are files as openssl makes them, and what is found.
func trials() map[string]trial {
	old := func(w *Want) { w.Owner = yaSSL() }
	oldReplica := func(w *Want) { w.Readers = []Reader{{}, yaSSL()} }
	return map[string]trial{
		"good":                         {},
		"of all servers":               {want: func(w *Want) { w.Names, w.Owner, w.Readers = []string{"127.0.0.1"}, yaSSL(), []Reader{{}} }},
		"key in PKCS#8":                {key: "key-pkcs8.pem"},
		"key of a container":           {key: "key-bag.pem"},
		"certificate with text":        {cert: "cert-text.pem"},
		"certificate of Windows":       {cert: "cert-crlf.pem"},
		"certificate of a container":   {cert: "cert-bag.pem"},
		"chain behind":                 {cert: "chain.pem"},
		"chain beside":                 {cert: "below.pem", chain: "middle.pem"},
		"intermediate in the bundle":   {ca: "bundle-middle.pem", cert: "below.pem"},
		"two roots":                    {ca: "bundle.pem"},
		"star":                         {cert: "cert-star.pem"},
		"curve":                        {cert: "cert-ec.pem", key: "key-ec.pem"},
		"curve with parameters":        {cert: "cert-ec.pem", key: "key-ec-parameters.pem"},
		"Edwards":                      {cert: "cert-ed25519.pem", key: "key-ed25519.pem"},
		"server alone as wanted":       {cert: "cert-server-only.pem", want: func(w *Want) { w.Usage = UsageServer }},
		"list of revoked certificates": {crl: "crl.pem"},
		"lists of both authorities":    {cert: "chain.pem", crl: "crl-both.pem"},
		"neither has a common name":    {ca: "unnamed.pem", cert: "by-unnamed.pem"},
		"common name of the CA":        {cert: "cert-half-name-of-ca.pem"},
		"its own authority":            {ca: "self.pem", cert: "self.pem"},
		"root with a new key":          {cert: "chain-renewed.pem"},

		"only the new key's":      {ca: "new-with-old.pem", cert: "cert-renewed.pem", codes: "cert.pem not-chained"},
		"no CA":                   {ca: "empty.pem", codes: "ca.pem not-pem"},
		"nothing":                 {ca: "empty.pem", cert: "empty.pem", crl: "make.sh", codes: "ca.pem not-pem, cert.pem not-pem, crl.pem not-pem"},
		"certificate in DER":      {cert: "cert.der", codes: "cert.pem der"},
		"key in DER":              {key: "key.der", codes: "key.pem der"},
		"list in DER":             {crl: "crl.der", codes: "crl.pem der"},
		"container":               {cert: "cert.p12", key: "cert.p12", codes: "cert.pem pkcs12, key.pem pkcs12"},
		"byte order mark":         {cert: "cert-bom.pem", codes: "cert.pem byte-order-mark"},
		"cut off":                 {cert: "cert-cut.pem", codes: "cert.pem damaged"},
		"trusted certificate":     {cert: "cert-trusted.pem", codes: "cert.pem trusted-form"},
		"certificate and key":     {cert: "cert-and-key.pem", key: "cert-and-key.pem", codes: "cert.pem holds-key, key.pem foreign-part"},
		"list as CA":              {ca: "crl.pem", codes: "ca.pem foreign-part"},
		"certificate as list":     {crl: "leaf.pem", codes: "crl.pem foreign-part"},
		"certificate as key":      {key: "leaf.pem", codes: "key.pem foreign-part"},
		"sealed":                  {key: "key-sealed-pkcs8.pem", codes: "key.pem key-sealed"},
		"sealed, traditional":     {key: "key-sealed-traditional.pem", codes: "key.pem key-sealed"},
		"two keys":                {key: "key-two.pem", codes: "key.pem key-count"},
		"key of DSA":              {cert: "cert-dsa.pem", key: "key-dsa.pem", codes: "cert.pem key-unknown, key.pem key-unknown"},
		"curve of Brainpool":      {cert: "cert-brainpool.pem", key: "key-brainpool.pem", codes: "cert.pem key-unknown, key.pem key-unknown"},
		"damaged chain":           {chain: "cert-cut.pem", codes: "chain.pem damaged"},
		"another key":             {key: "other-key.pem", codes: "key.pem key-mismatch"},
		"chain in wrong order":    {cert: "chain-wrong-order.pem", codes: "cert.pem cert-order"},
		"root between":            {cert: "chain-root-between.pem", codes: "cert.pem root-sent"},
		"chain not sent":          {cert: "chain.pem", want: old, codes: "cert.pem chain-not-sent"},
		"chain not in the bundle": {cert: "chain.pem", want: func(w *Want) { w.Owner = Reader{WholeChainInCA: true} }, codes: "cert.pem chain-not-in-ca"},
		"chain in the bundle":     {ca: "bundle-middle.pem", cert: "chain.pem", want: func(w *Want) { w.Owner = Reader{WholeChainInCA: true} }},
		"intermediate missing":    {cert: "below.pem", codes: "cert.pem not-chained"},
		"another root":            {ca: "other.pem", codes: "cert.pem not-chained"},
		"root missing":            {ca: "middle.pem", cert: "below.pem", codes: "cert.pem not-chained"},
		"leaf in the bundle":      {ca: "bundle-leaf.pem", codes: "ca.pem not-authority"},
		"CA may not sign":         {ca: "weakroot.pem", cert: "by-weakroot.pem", codes: "ca.pem may-not-sign"},
		"chain too long":          {ca: "short.pem", cert: "chain-too-long.pem", codes: "ca.pem may-not-sign"},
		"CA for clients":          {cert: "chain-clients.pem", codes: "cert.pem usage-missing"},
		"expired intermediate":    {cert: "chain-expired.pem", codes: "cert.pem expired, cert.pem outlives-ca"},
		"expired chain":           {cert: "below.pem", chain: "middle-expired.pem", codes: "cert.pem outlives-ca, chain.pem expired"},
		"expired":                 {cert: "cert-expired.pem", codes: "cert.pem expired"},
		"too early":               {cert: "cert-early.pem", codes: "cert.pem not-yet-valid"},
		"outlives":                {cert: "cert-outlives.pem", codes: "cert.pem outlives-ca"},
		"SHA-1":                   {cert: "cert-sha1.pem", codes: "cert.pem weak-signature"},
		"MD5":                     {cert: "cert-md5.pem", codes: "cert.pem weak-signature"},
		"RSA 1024":                {cert: "cert-weak.pem", key: "weak-key.pem", codes: "cert.pem weak-key"},
		"server alone":            {cert: "cert-server-only.pem", codes: "cert.pem usage-missing"},
		"may only sign":           {cert: "cert-signer.pem", codes: "cert.pem usage-missing, cert.pem usage-missing"},
		"name of the CA":          {cert: "cert-name-of-ca.pem", codes: "cert.pem name-of-ca"},
		"names of another domain": {ca: "limited.pem", cert: "by-limited.pem", codes: "cert.pem name-forbidden"},
		"names of somebody":       {ca: "nobody.pem", cert: "by-nobody.pem", codes: "ca.pem names-unjudged"},
		"nsCertType":              {cert: "cert-netscape.pem", codes: "cert.pem usage-missing"},
		"nsCertType as wanted":    {cert: "cert-netscape.pem", want: func(w *Want) { w.Usage = UsageServer }},
		"unheard of":              {cert: "cert-unheard.pem", codes: "cert.pem unknown-extension"},
		"no names":                {cert: "cert-no-names.pem", codes: "cert.pem name-missing"},
		"old receiver":            {want: oldReplica, codes: "cert.pem name-not-common"},
		"old receiver's own":      {want: func(w *Want) { oldReplica(w); w.Readers[1].Host = "db1" }},
		"curve, old receiver":     {cert: "cert-ec.pem", key: "key-ec.pem", want: oldReplica, codes: "cert.pem key-kind, cert.pem name-not-common"},
		"Edwards, old server":     {cert: "cert-ed25519.pem", key: "key-ed25519.pem", want: old, codes: "cert.pem key-kind, key.pem key-form"},
		"PKCS#8, old server":      {key: "key-pkcs8.pem", want: old, codes: "key.pem key-form"},
		"PKCS#8, old receiver":    {key: "key-pkcs8.pem", want: func(w *Want) { w.Readers = []Reader{{PKCS1Only: true}} }},
		"list by another":         {crl: "crl-other.pem", codes: "crl.pem crl-issuer, crl.pem crl-missing"},
		"list that nobody reads":  {crl: "crl.pem", want: old, codes: "crl.pem crl-unread"},
		"list forged":             {crl: "crl-forged.pem", codes: "crl.pem crl-signature"},
		"list by SHA-1":           {crl: "crl-sha1.pem", codes: "crl.pem weak-signature"},
		"list expired":            {crl: "crl-expired.pem", codes: "crl.pem crl-expired"},
		"list too early":          {crl: "crl-early.pem", codes: "crl.pem crl-not-yet-valid"},
		"list of the root alone":  {cert: "chain.pem", crl: "crl.pem", codes: "crl.pem crl-missing"},
		"revoked":                 {crl: "crl-revoked.pem", codes: "cert.pem revoked"},
		"soon over": {
			crl: "crl.pem", want: func(w *Want) { w.Now = time.Date(2099, 12, 15, 0, 0, 0, 0, time.UTC) },
			codes: "ca.pem expires-soon, cert.pem expires-soon, crl.pem crl-expires-soon",
		},
		"list of a week": {crl: "crl-week.pem", want: func(w *Want) { w.Now = time.Date(2030, 1, 6, 0, 0, 0, 0, time.UTC) }},
		"list of a week, soon over": {
			crl: "crl-week.pem", want: func(w *Want) { w.Now = time.Date(2030, 1, 7, 0, 0, 0, 0, time.UTC) }, codes: "crl.pem crl-expires-soon",
		},
		"list of the week before": {
			crl: "crl-week.pem", want: func(w *Want) { w.Now, w.MinLeft = time.Date(2030, 1, 9, 0, 0, 0, 0, time.UTC), 0 }, codes: "crl.pem crl-expired",
		},
		"list of authorities alone": {crl: "crl-authorities.pem", codes: "crl.pem crl-scope"},
		"list by nobody here":       {crl: "crl-and-foreign.pem", codes: "crl.pem crl-issuer"},
		"common name alone":         {cert: "cert-no-names.pem", want: func(w *Want) { w.Names = []string{"db1"} }, codes: "cert.pem name-only-common"},
	}
}

func TestJudgeFiles(t *testing.T) {
	for name, trial := range trials() {
		found := trial.judge(t)
		if got := codes(found); got != trial.codes {
			t.Errorf("%s: got %q, want %q", name, got, trial.codes)
		}
		for _, finding := range found {
			if told := finding.In(nil); told.Reason == "" || told.Cure == "" || strings.Contains(told.Reason+told.Cure, "MII") {
				t.Errorf("%s: %+v", name, finding)
			}
		}
	}
}

// TestCodes: each code is in the list, once and with a meaning, and some file brings it about.
func TestCodes(t *testing.T) {
	seen := map[Code]bool{CodeNoCA: true, CodeNoCert: true, CodeTooLarge: true} // not of files that can be kept: TestJudge, TestParseBundle
	for _, trial := range trials() {
		for _, finding := range trial.judge(t) {
			seen[finding.Code] = true
		}
	}
	listed := map[Code]bool{}
	for _, info := range Codes() {
		if info.Meaning == "" || listed[info.Code] || info.Severity != Forbids && info.Severity != Warns {
			t.Errorf("%+v", info)
		}
		if !seen[info.Code] {
			t.Errorf("nothing here is %s: %s", info.Code, info.Meaning)
		}
		listed[info.Code] = true
	}
	for code := range seen {
		if !listed[code] {
			t.Errorf("%s is found and not listed", code)
		}
	}
	if Code("unheard-of").Severity() != Forbids {
		t.Error("what is not known is let through")
	}
}

func TestForbidding(t *testing.T) {
	found := []Finding{{Code: CodeExpiresSoon}, {Code: CodeExpired}, {Code: CodeRootSent}, {Code: CodeKeyMismatch}}
	before := codes(found)
	if got := codes(Forbidding(found)); got != " expired,  key-mismatch" {
		t.Errorf("got %q", got)
	}
	if codes(found) != before {
		t.Error("the findings themselves were changed")
	}
}

// TestWhatIsMissingIsNamed: the reason tells which authority, the cure where it belongs.
func TestWhatIsMissingIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		trial
		reason, cure string
	}{
		"intermediate": {
			trial{cert: "below.pem"}, "/CN=test intermediate is missing", "into ca.pem if it is a root, and behind the certificate in cert.pem if not",
		},
		"root of an intermediate that is sent": {
			trial{ca: "other.pem", cert: "chain.pem"}, "/CN=test root is missing", "into ca.pem if it is a root",
		},
		"root of an intermediate in the bundle": {
			trial{ca: "middle.pem", cert: "below.pem"}, "/CN=test root, which issued /CN=test intermediate, is missing", "put that root into ca.pem",
		},
		"root that is sent": {
			trial{ca: "other.pem", cert: "chain-root-between.pem"}, "the root /CN=test root is missing there, and counts for nothing in cert.pem", "put that root into ca.pem",
		},
		"itself": {trial{ca: "other.pem", cert: "root.pem", key: "root-key.pem"}, "it signed itself, and is not in ca.pem", "by an authority that is there"},
		"old receiver": {
			trial{want: func(w *Want) { w.Readers = []Reader{yaSSL()} }}, `"db1.example.com" is not its common name "db1", and db9 (MySQL 5.6.24) looks at nothing else`, "common name",
		},
		"name that is no common name": {
			trial{want: func(w *Want) {
				w.Readers, w.Names = []Reader{yaSSL()}, []string{strings.Repeat("a", 60) + ".example.com"}
			}}, "it has 72 bytes, and a common name at most 64", "tls.verify: chain",
		},
		"converting a certificate": {trial{cert: "cert.der"}, "DER", "openssl x509 -inform DER -in "},
		"converting a key":         {trial{key: "key.der"}, "DER", "openssl pkey -inform DER -in "},
		"converting a list":        {trial{crl: "crl.der"}, "DER", "openssl crl -inform DER -in "},
		"taking apart":             {trial{cert: "cert.p12"}, "PKCS#12", "openssl pkcs12 -in "},
		"form of a key": {
			trial{key: "key-pkcs8.pem", want: func(w *Want) { w.Owner = yaSSL() }}, "written as PKCS#8, and db9 (MySQL 5.6.24) reads PKCS#1", "openssl rsa -traditional",
		},
	} {
		found := c.judge(t)
		if !slices.ContainsFunc(found, func(f Finding) bool {
			return strings.Contains(f.Reason.String(), c.reason) && strings.Contains(f.In(nil).Cure, c.cure)
		}) {
			t.Errorf("%s: got %+v", name, found)
		}
	}
}

// TestNamesakesAreTold: an authority of the right name that has not signed.
func TestNamesakesAreTold(t *testing.T) {
	authority, namesake := newAuthority(t, 1), craft(t, nil, 2, asCA)
	namesake.Cert.RawSubject = authority.Cert.RawSubject
	set := Set{CA: []*x509.Certificate{namesake.Cert}, Cert: newLeaf(t, authority, "db1").Cert}
	found := Judge(set, Want{Now: today()})
	if len(found) != 1 || found[0].Code != CodeNotChained || !strings.Contains(found[0].Reason.String(), "has another key than the one that signed") {
		t.Errorf("got %+v", found)
	}
}
