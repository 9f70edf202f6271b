package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

type doctorFlags struct {
	channel string
	family  string
}

func newDoctor(s *settings) *cobra.Command {
	var flags doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [ERROR-TEXT...]",
		Short: "Explain an error of replication, or find the cause of those of a cluster",
		Long: `With a text, say what an error of a server means for replication over TLS, and
what to look at: a message, lines of an error log, or the whole of SHOW REPLICA
STATUS; - reads it from stdin. Nothing is looked at but the text, and nothing
of it is printed but the number.

Without a text, look at the cluster of the inventory, or with --channel at one
server or channel of it, and find the cause of every receiver and applier that
has an error: the file, certificate or account row at fault is named. Nothing is
written anywhere, and the replication account does not log in.

Exit codes: 0 explained, or nothing has an error, 1 error, or a text that is not
known, 5 something has an error, 130 interrupted.`,
		Example: `  replssl doctor 2061
  replssl doctor "SSL connection error: error:00000000:lib(0)::reason(0)"
  replssl doctor -i orders.yaml
  replssl doctor --channel db2 --json | jq -r '.findings[].cause'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return runDoctor(cmd, s, &flags)
			case flags.channel != "":
				return misuse(cmd, "either a text is explained, or a channel is looked at (--channel)")
			}
			return explainText(cmd, s, &flags, args)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&flags.channel, "channel", "s", "", "look at this `SERVER` of the inventory alone, or at SERVER/CHANNEL")
	f.StringVar(&flags.family, "family", "", "`mysql|mariadb`: whose text it is, where that matters and the text does not tell")
	completesValue(cmd, "family", "mysql", "mariadb")
	return cmd
}

// explainText never repeats the text: it may hold a statement, and with it a password.
func explainText(cmd *cobra.Command, s *settings, flags *doctorFlags, args []string) error {
	family, err := familyOf(cmd, flags.family)
	if err != nil {
		return err
	}
	text := strings.Join(args, " ")
	if text == "-" {
		if text, err = endOf(cmd.InOrStdin()); err != nil {
			return fmt.Errorf("reading the text from stdin: %w", err)
		}
	}
	explained := ui.Explain(dialect.Failures(text, family))
	if err := show(cmd, s, explained, func() { ui.Explanation(cmd.OutOrStdout(), explained) }); err != nil {
		return err
	}
	switch unknown := explained.Unknown(); {
	case len(explained.Failures) == 0 && dialect.HasNoFailure(text):
		fmt.Fprintln(cmd.ErrOrStderr(), "the text is a status, and there is no error in it")
		return nil
	case len(explained.Failures) == 0:
		return &codeError{
			code: exitError, text: "the text tells no number of an error, and none of its words are known here",
			hint: "give the number, as Last_IO_Errno or Last_SQL_Errno tells it; without a text, replssl doctor looks at the cluster of the inventory",
		}
	case len(unknown) > 0:
		return &codeError{
			code: exitError, text: fmt.Sprintf("nothing is known here of %s", numbers(unknown)),
			hint: "docs/errors.md lists what is known; the server's own manual has every number",
		}
	}
	return nil
}

// endOf reads everything and keeps the end, which is where a log has what matters.
func endOf(r io.Reader) (string, error) {
	const most = 1 << 20
	var kept []byte
	chunk := make([]byte, most)
	for {
		n, err := io.ReadFull(r, chunk)
		kept = append(kept, chunk[:n]...)
		kept = kept[max(0, len(kept)-most):]
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return string(kept), nil
		case err != nil:
			return "", errors.Unwrap(err)
		}
	}
}

func numbers(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = fmt.Sprint("error ", n)
	}
	return strings.Join(words, ", ")
}

func familyOf(cmd *cobra.Command, word string) (facts.Flavour, error) {
	switch strings.ToLower(word) {
	case "":
		return "", nil
	case "mysql", "percona":
		return facts.MySQL, nil
	case "mariadb":
		return facts.MariaDB, nil
	}
	return "", misuse(cmd, "--family is %q; it must be mysql or mariadb", word)
}

func runDoctor(cmd *cobra.Command, s *settings, flags *doctorFlags) error {
	session, cluster, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	meant, err := channelsMeant(cluster, flags.channel)
	if err != nil {
		return err
	}
	diagnosis, err := session.Diagnose(cmd.Context(), meant)
	if err != nil {
		return err
	}
	if cmd.Context().Err() != nil {
		return &codeError{code: exitInterrupted, text: "interrupted; what was seen is not whole"}
	}
	if flags.channel != "" && len(diagnosis.Looked)+len(diagnosis.Problems) == 0 {
		return &codeError{
			code: exitError, text: fmt.Sprintf("the server of %s has no such channel", flags.channel),
			hint: "replssl status lists channels; default is the one without a name",
		}
	}
	if err := show(cmd, s, diagnosis, func() { ui.Diagnosis(cmd.OutOrStdout(), diagnosis) }); err != nil {
		return err
	}
	return judged(diagnosis)
}

func judged(d plan.Diagnosis) error {
	switch {
	case len(d.Findings) > 0:
		return &codeError{code: exitUnproven}
	case len(d.Problems) > 0:
		return &codeError{code: exitError}
	}
	return nil
}

// channelsMeant are all, those of a SERVER, or the one of SERVER/CHANNEL.
func channelsMeant(cluster topology.Cluster, word string) (func(facts.ChannelID) bool, error) {
	name, channel, one := strings.Cut(word, "/")
	if _, ok := cluster.Server(topology.ServerName(name)); !ok && word != "" {
		return nil, noServer(cluster, name)
	}
	return func(id facts.ChannelID) bool {
		return word == "" || string(id.Server) == name && (!one || id.Name == channel || id.Name == "" && channel == "default")
	}, nil
}
