package ui

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/inspect"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// InspectedFile is what stands in a file: schema 1.
type InspectedFile struct {
	Schema int            `json:"schema"`
	File   string         `json:"file"`
	Parts  []inspect.Part `json:"parts"`
}

// InspectedAddress is what a server shows in a handshake: schema 1.
type InspectedAddress struct {
	Schema  int                   `json:"schema"`
	Address string                `json:"address"`
	Version string                `json:"tls_version"`
	Cipher  string                `json:"cipher"`
	Chain   []inspect.Certificate `json:"chain"` // in the order in which it was sent
	Name    string                `json:"name"`  // that was checked
	Trusted *bool                 `json:"trusted"`
	Why     string                `json:"why"`
}

// Check takes the verdict on the chain.
func (i *InspectedAddress) Check(name string, err error) {
	trusted := err == nil
	i.Name, i.Trusted = name, &trusted
	if err != nil {
		i.Why = err.Error()
	}
}

// Inspected prints what stands in a file.
func Inspected(w io.Writer, f InspectedFile) {
	fmt.Fprintf(w, "%s: %d part(s)\n", f.File, len(f.Parts))
	for i, part := range f.Parts {
		fmt.Fprintf(w, "\n%d. ", i+1)
		switch {
		case part.Certificate != nil:
			printCertificate(w, *part.Certificate)
		case part.Key != nil:
			fmt.Fprintf(w, "private key\n   kind      %s\n   form      %s\n   public    SHA-256 %s\n", part.Key.Kind, part.Key.Form, part.Key.KeySHA256)
		case part.CRL != nil:
			fmt.Fprintf(w, "list of revoked certificates\n   issuer    %s\n   made      %s\n   until     %s\n   revoked   %d certificate(s)\n", part.CRL.Issuer,
				part.CRL.From, orDash(lasting(part.CRL.Until, part.CRL.DaysLeft)), part.CRL.Revoked)
		}
		switch {
		case part.Why == "":
		case part.Certificate == nil && part.Key == nil && part.CRL == nil:
			fmt.Fprintln(w, part.Why)
		default:
			fmt.Fprintf(w, "   note: %s\n", part.Why)
		}
	}
}

func printCertificate(w io.Writer, c inspect.Certificate) {
	what := "certificate"
	if c.Authority {
		what = "certificate of an authority"
	}
	fmt.Fprintln(w, what)
	for _, line := range [][2]string{
		{"subject", c.Subject},
		{"issuer", c.Issuer},
		{"names", orDash(strings.Join(c.Names, ", "))},
		{"from", c.From},
		{"until", lasting(c.Until, c.DaysLeft)},
		{"key", c.Kind + ", SHA-256 " + c.KeySHA256},
		{"usage", orDash(strings.Join(c.Usage, ", "))},
		{"signed", c.Signature},
		{"serial", c.Serial},
		{"SHA-256", c.SHA256},
	} {
		fmt.Fprintf(w, "   %-9s %s\n", line[0], line[1])
	}
}

func lasting(until string, days int) string {
	switch {
	case until == "":
		return ""
	case days < 0:
		return fmt.Sprintf("%s (over since %d days)", until, -days)
	}
	return fmt.Sprintf("%s (%d days left)", until, days)
}

func orDash(text string) string {
	if text == "" {
		return absentCell
	}
	return text
}

// InspectedServer prints what a server shows in a handshake.
func InspectedServer(w io.Writer, s InspectedAddress) {
	fmt.Fprintf(w, "%s: %s, %s\n", s.Address, s.Version, s.Cipher)
	printChain(w, s.Chain)
	switch {
	case s.Trusted == nil:
	case *s.Trusted:
		fmt.Fprintf(w, "\ntrusted: the chain leads to the bundle, and the certificate is for %s\n", s.Name)
	default:
		fmt.Fprintf(w, "\nnot trusted: %s\n", s.Why)
	}
}

func printChain(w io.Writer, chain []inspect.Certificate) {
	for i, cert := range chain {
		fmt.Fprintf(w, "\n%d. ", i+1)
		printCertificate(w, cert)
	}
}

// Held prints the TLS dir of a server beside what the server serves.
func Held(w io.Writer, h orchestrate.Held) {
	fmt.Fprintf(w, "%s: %s has %d version(s)\n", h.Server, h.Dir, len(h.Sets))
	for _, set := range h.Sets {
		use := ""
		if set.Version == h.Current {
			use = ", in use"
		}
		fmt.Fprintf(w, "\nversion %d%s: ", set.Version, use)
		if set.Certificate != nil {
			printCertificate(w, *set.Certificate)
		} else {
			fmt.Fprintln(w, "no certificate")
		}
		if set.Readable != nil && !*set.Readable {
			fmt.Fprintln(w, "   note: the server's user cannot read it")
		}
		for _, fault := range set.Faults {
			fmt.Fprintf(w, "   note: %s\n", fault)
		}
	}
	switch {
	case len(h.Serves) > 0:
		fmt.Fprintf(w, "\n%s serves, by %s, %s:\n", h.Server, h.Version, h.Cipher)
		printChain(w, h.Serves)
	case h.Serves != nil:
		fmt.Fprintf(w, "\n%s offers no TLS\n", h.Server)
	}
	switch {
	case h.Same == nil:
	case *h.Same:
		fmt.Fprintln(w, "\nthe certificate that it serves is that of the version in use")
	default:
		fmt.Fprintln(w, "\nthe certificate that it serves is another one than that of the version in use: replssl plan tells what it takes")
	}
}

// Lint prints what is wrong with certificates.
func Lint(w io.Writer, r plan.LintReport) {
	for _, f := range r.Findings {
		who := ""
		if f.Server != "" {
			who = string(f.Server) + ": "
		}
		fmt.Fprintf(w, "%s: %s%s: %s: %s\n", f.Severity, who, f.Code, f.File, f.Reason)
		if f.Cure != "" {
			fmt.Fprintf(w, "  cure: %s\n", f.Cure)
		}
	}
	tellProblems(w, &hints{}, "problem: ", r.Problems)
	for _, s := range r.Subjects {
		fmt.Fprintf(w, "subject: %s: %s\n", s.File, s.Subject)
	}
	forbidding := r.Forbidding()
	switch {
	case forbidding > 0:
		fmt.Fprintf(w, "%d finding(s), of which %d forbid the use\n", len(r.Findings), forbidding)
	case len(r.Findings) > 0:
		fmt.Fprintf(w, "%d finding(s), none of which forbids the use\n", len(r.Findings))
	default:
		fmt.Fprintln(w, "nothing found")
	}
}

// CertificateList is what the local folder holds, or what the inventory names: schema 1.
type CertificateList struct {
	Schema      int                   `json:"schema"`
	Source      topology.Source       `json:"source"`      // builtin: the local folder; files: those of the inventory
	Folder      string                `json:"folder"`      // empty where the source is files
	Authorities []inspect.Certificate `json:"authorities"` // empty: there is none yet
	Key         string                `json:"authority_key"`
	Sets        []ListedSet           `json:"sets"`
	Why         string                `json:"why"` // what could not be read
}

// ListedSet is one set of a server.
type ListedSet struct {
	Server      string               `json:"server"`
	Version     int                  `json:"version"` // 0 for files of the inventory, which have none here
	Newest      bool                 `json:"newest"`
	File        string               `json:"file"`        // of the certificate
	Certificate *inspect.Certificate `json:"certificate"` // null where it cannot be used
	Why         string               `json:"why"`
}

// what names the set in a text.
func (s ListedSet) what() string {
	if s.Version == 0 {
		return "the files of " + s.Server
	}
	return fmt.Sprintf("set %d of %s", s.Version, s.Server)
}

// Certificates prints the list.
func Certificates(w io.Writer, l CertificateList) {
	for _, ca := range l.Authorities {
		fmt.Fprintf(w, "authority %s: %s, until %s, serial %s\n", ca.Subject, ca.Kind, lasting(ca.Until, ca.DaysLeft), ca.Serial)
	}
	if l.Source != topology.SourceFiles {
		if len(l.Authorities) == 0 {
			fmt.Fprintf(w, "%s has no authority: replssl pki init, or apply, makes one\n", l.Folder)
		}
		fmt.Fprintf(w, "authority key: %s\n", l.Key)
	}
	if len(l.Sets) > 0 {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "\nSERVER\tSET\tUNTIL\tDAYS LEFT\tKEY\tNAMES\tSUBJECT\tSERIAL\tFILE")
		for _, s := range l.Sets {
			printSet(table, s)
		}
		_ = table.Flush()
	}
	for _, s := range l.Sets {
		if s.Why != "" {
			fmt.Fprintf(w, "unusable: %s: %s\n", s.what(), s.Why)
		}
	}
	if l.Why != "" {
		fmt.Fprintf(w, "unreadable: %s\n", l.Why)
	}
}

func printSet(table io.Writer, s ListedSet) {
	number := fmt.Sprint(s.Version)
	switch {
	case s.Version == 0:
		number = absentCell
	case s.Newest:
		number += " newest"
	}
	c := s.Certificate
	if c == nil {
		fmt.Fprintf(table, "%s\t%s\t?\t?\t?\t?\t?\t?\t%s\n", s.Server, number, s.File)
		return
	}
	fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n",
		s.Server, number, c.Until, c.DaysLeft, c.Kind, orDash(strings.Join(c.Names, ", ")), c.Subject, c.Serial, s.File)
}
