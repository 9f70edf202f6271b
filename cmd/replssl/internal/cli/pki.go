package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

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

// maxRead bounds what is read of one file that a person names, in bytes.
const maxRead = 1 << 20

// readNamed reads a regular file: a pipe would wait for somebody who writes into it, and a device may have no end. The errors name the file.
func readNamed(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("it is no regular file")}
	case info.Size() > maxRead:
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("it is larger than any file of certificates")}
	}
	return io.ReadAll(io.LimitReader(file, maxRead))
}

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
