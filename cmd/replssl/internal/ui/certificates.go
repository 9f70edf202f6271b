package ui

import (
	"fmt"
	"io"
	"strings"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/inspect"
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
		if part.Why != "" {
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
