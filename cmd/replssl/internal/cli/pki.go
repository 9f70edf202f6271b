package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
)

func newPKI(s *settings) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "pki",
		Short: "The certificates: make, keep, look at and judge them",
		Long: `The certificates of the cluster are made on this machine and kept in a folder
beside the inventory. Whoever has ca-key.pem of that folder can impersonate
every server: guard it, or seal it with a passphrase, and keep a copy.`,
		Example: `  replssl pki init -i orders.yaml --seal
  replssl pki issue --all`,
	})
	cmd.AddCommand(
		s.unlocking(s.local(newPKIInit(s))),
		s.unlocking(s.local(newPKISeal(s))),
		s.unlocking(s.local(newPKIUnseal(s))),
		s.unlocking(s.local(newPKIIssue(s))),
		s.printing(s.local(newPKIList(s))),
		s.printing(s.reaching(newPKIInspect(s))),
		s.printing(s.reaching(newPKILint(s))),
	)
	return cmd
}

// folder is the local folder of certificates.
func (s *settings) folder() string { return s.beside(s.pki, "pki") }

// sealedKey is where the authority's key is when it is sealed.
func (s *settings) sealedKey() string { return filepath.Join(s.folder(), pkistore.SealedKeyFile) }

// kindOf reads the kind of a key from a flag; none is none.
func kindOf(word string) (pki.KeyKind, error) {
	kind, ok := pki.ParseKeyKind(word)
	if word == "" || ok {
		return kind, nil
	}
	return kind, &codeError{code: exitError, text: fmt.Sprintf("--algorithm is %q; it may be %s", word, strings.Join(algorithms(), ", "))}
}

func algorithms() []string {
	var words []string
	for _, algorithm := range topology.Algorithms() {
		words = append(words, string(algorithm))
	}
	return words
}
