package cli

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/templates"
)

func newRotateTimer(s *settings) *cobra.Command {
	within := age(30 * day)
	cmd := &cobra.Command{
		Use:   "timer FOLDER",
		Short: "Write the units of a systemd timer that renews what expires",
		Long: `Write into a folder the two units of systemd that let rotate leaf have a look
every day, by this inventory, as whoever calls this. Nothing is enabled: read
them, and enable the timer.

Exit codes: 0 written, 1 error.`,
		Example: `  replssl rotate timer /etc/systemd/system -i /etc/replssl/orders.yaml
  replssl rotate timer . --expiring-within 60d`,
		Args: theseArgs("the FOLDER of the units"),
		RunE: func(cmd *cobra.Command, args []string) error { return writeTimer(cmd, s, within, args[0]) },
	}
	cmd.Flags().Var(&within, "expiring-within", "renew those whose certificate expires within the `AGE`")
	return cmd
}

// unit is what the units of a timer are filled with.
type unit struct{ File, Cluster, User, Command string }

func writeTimer(cmd *cobra.Command, s *settings, within age, folder string) error {
	cluster, err := s.load()
	if err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	command, err := s.timed(within)
	if err != nil {
		return err
	}
	texts, err := templates.Load()
	if err != nil {
		return err
	}
	u := unit{File: "replssl-rotate-" + cluster.Name, Cluster: cluster.Name, User: me.Username, Command: command}
	for _, name := range []string{"service", "timer"} {
		text, err := texts.Fill("rotate-"+name, u)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, u.File+"."+name)
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return &codeError{code: exitError, text: err.Error(), hint: "name a folder that you can write, in which no such file is"}
		}
		_, err = file.WriteString(text)
		if closing := file.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", path)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "enable it: systemctl enable --now %s.timer\n", u.File)
	return nil
}

// timed is the command line of the service: with the paths as a process has to have them that does not start here.
func (s *settings) timed(within age) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	words := []string{program, "rotate", "leaf", "--expiring-within", within.String(), "--yes"}
	for _, path := range []struct{ flag, path string }{
		{"--inventory", s.inventory}, {"--pki", s.beside(s.pki, "pki")}, {"--journal", s.beside(s.journal, "journal")},
	} {
		absolute, err := filepath.Abs(path.path)
		if err != nil {
			return "", err
		}
		words = append(words, path.flag, absolute)
	}
	for i, word := range words {
		words[i] = unitWord(word)
	}
	return strings.Join(words, " "), nil
}

// unitWord quotes a word as systemd.syntax(7) and systemd.service(5) have it.
func unitWord(word string) string {
	word = strings.NewReplacer("%", "%%", "$", "$$").Replace(word)
	if !strings.ContainsAny(word, " \t\"'\\") {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}
