package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/discover"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/templates"
)

// initFlags are what a person tells of a cluster that has no inventory yet.
type initFlags struct {
	wanted discover.Wanted
	draft  discover.Draft
	output string
	force  bool
}

func newInit(s *settings) *cobra.Command {
	var flags initFlags
	cmd := &cobra.Command{
		Use:   "init PRIMARY",
		Short: "Write the inventory of a cluster, as its servers tell it; change nothing on them",
		Long: `Look at the primary over SSH, find its replicas, theirs, and the account that
they log in with, and write an inventory of it. Each replica is reached itself,
to make sure that it is the server that its source sees. Nothing is written on
any server, and no password is read.

What cannot be found out is asked, or, without a terminal, told with the flag
that answers it; then nothing is written. A file that is there is left alone.

Exit codes: 0 written, 1 error, or something is left to be told, 130
interrupted.`,
		Example: `  replssl init db1.example.com
  replssl init db1 --hosts hosts.ini --replica db4 -o orders.yaml`,
		Args: theseArgs("PRIMARY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.wanted.Primary = args[0]
			return runInit(cmd, s, &flags)
		},
	}
	flags.add(cmd, s)
	return cmd
}

func (i *initFlags) add(cmd *cobra.Command, s *settings) {
	f := cmd.Flags()
	f.StringArrayVar(&i.wanted.Replicas, "replica", nil, "a `HOST` on which a replica is that cannot be found otherwise; may come several times")
	f.StringVar(&i.wanted.Account, "account", "", "the `USER` that the replicas log in as (default: who is logged in)")
	f.IntVar(&i.wanted.Port, "port", 0, "the `PORT` of the primary, where its host has several servers")
	f.StringVar(&i.wanted.Socket, "socket", "", "the unix `SOCKET` of the primary, where several servers of its host have the port")
	f.StringVar(&i.draft.Hosts, "hosts", "", "an inventory `FILE` of Ansible's, which says how hosts are reached")
	f.StringVar(&i.draft.SSHUser, "ssh-user", "", "the `USER` to log in with by SSH")
	f.StringVar(&i.draft.Identity, "identity", "", "the private key `FILE` for SSH")
	f.StringVar(&i.draft.KnownHosts, "known-hosts", "", "the `FILE` with the host keys (default: ~/.ssh/known_hosts)")
	f.BoolVar(&i.draft.Sudo, "sudo", false, "become root on the hosts, by sudo without a password")
	f.StringVar(&i.draft.Jump, "jump", "", "hosts to go through, as `[USER@]HOST[:PORT],...`")
	f.StringVar(&i.draft.Admin, "admin", "", "the database account `USER` to look with, which the unix socket lets in (default: root)")
	f.StringVarP(&i.output, "output", "o", "replssl.yaml", "the inventory `FILE` to write")
	f.BoolVar(&i.force, "force", false, "replace the file, if it is there")
	f.DurationVar(&s.timeout, "connect-timeout", 10*time.Second, "the `TIME` that a host may take to let us in")
	completesFile(cmd, "output", "yaml", "yml")
	completesFile(cmd, "hosts", "ini", "yaml", "yml", "json")
	completesFile(cmd, "identity")
	completesFile(cmd, "known-hosts")
}

func runInit(cmd *cobra.Command, s *settings, flags *initFlags) error {
	if err := flags.mayWrite(); err != nil {
		return err
	}
	texts, err := templates.Load()
	if err != nil {
		return err
	}
	draft, around, err := flags.prepare(s)
	if err != nil {
		return err
	}
	dialer := s.dialer()
	defer func() { _ = dialer.Close() }()
	survey := &discover.Survey{
		Way:  func(host string) (topology.Server, error) { return draft.Way(host, texts, around) },
		Dial: access.Over(dialer),
		Tell: func(host string) { fmt.Fprintf(cmd.ErrOrStderr(), "looking at %s\n", host) },
	}
	if draft.Hosts != "" {
		if survey.List, err = around.Hosts(draft.Hosts); err != nil {
			return fmt.Errorf("--hosts: %w", err)
		}
	}
	interview := interview{out: cmd.ErrOrStderr()}
	if isTerminal(s.world.Stdin) {
		interview.in = bufio.NewReader(s.world.Stdin)
	}
	draft.Found, err = interview.find(cmd, flags.wanted, survey)
	if err != nil {
		return err
	}
	text, err := draft.Text(texts)
	if err != nil {
		return err
	}
	if _, err := topology.Parse(flags.output, []byte(text), around); err != nil {
		return fmt.Errorf("what was found is no inventory, and nothing was written: %w", err)
	}
	if err := flags.write(text); err != nil {
		return err
	}
	return flags.tell(cmd.OutOrStdout(), draft.Found)
}

// prepare completes the draft by what the command line says, with files as the inventory will have to name them.
func (i *initFlags) prepare(s *settings) (discover.Draft, topology.Defaults, error) {
	around, err := s.surroundings(i.output)
	if err != nil {
		return i.draft, around, err
	}
	draft := i.draft
	draft.By = "replssl init " + i.wanted.Primary
	for _, file := range []*string{&draft.Hosts, &draft.Identity, &draft.KnownHosts} {
		if *file == "" || filepath.Dir(i.output) == "." {
			continue
		}
		if *file, err = filepath.Abs(*file); err != nil {
			return draft, around, err
		}
	}
	return draft, around, nil
}

func (i *initFlags) mayWrite() error {
	_, err := os.Lstat(i.output)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && i.force:
		return nil
	case err != nil:
		return err
	}
	return &codeError{
		code: exitError, text: fmt.Sprintf("%s is there already, and is left alone", i.output),
		hint: "write another file by -o FILE, or replace this one by --force",
	}
}

// write writes the file as a whole or not at all. Without --force it replaces none, also not one that came meanwhile.
func (i *initFlags) write(text string) error {
	file, err := os.CreateTemp(filepath.Dir(i.output), ".replssl-init-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", i.output, err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = io.WriteString(file, text)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	switch {
	case err != nil:
	case i.force:
		err = os.Rename(file.Name(), i.output)
	default:
		err = os.Link(file.Name(), i.output)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", i.output, err)
	}
	return nil
}

// tell prints what was found and what comes next.
func (i *initFlags) tell(out io.Writer, found discover.Found) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "server\treplicates from\tport\tserver id\tversion")
	for _, s := range found.Servers {
		source := s.Source
		if source == "" {
			source = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", s.Name, source, s.Port, s.ID, s.Version)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\naccount: %s\n", found.Account)
	fmt.Fprintf(out, "note: %s\n", discover.OnlyConnected)
	for _, note := range found.Notes {
		fmt.Fprintf(out, "note: %s\n", note)
	}
	next := "replssl plan"
	if i.output != "replssl.yaml" {
		next += " -i " + shell.Quote(i.output)
	}
	fmt.Fprintf(out, "\nwrote %s; next: %s\n", i.output, next)
	return nil
}

// interview finds the cluster, and asks a person for what cannot be found out.
type interview struct {
	in  *bufio.Reader // nil: nobody is there to be asked
	out io.Writer
}

func (v interview) find(cmd *cobra.Command, wanted discover.Wanted, look discover.Lookout) (discover.Found, error) {
	for {
		found, err := discover.Find(cmd.Context(), wanted, look)
		switch {
		case cmd.Context().Err() != nil:
			return found, &codeError{code: exitInterrupted, text: "interrupted; nothing was written"}
		case err != nil:
			return found, err
		case len(found.Open) == 0:
			return found, nil
		case v.in == nil:
			return found, untold(found.Open)
		}
		for _, question := range next(found.Open) {
			if err := v.ask(cmd.Context(), question, &wanted); err != nil {
				return found, err
			}
		}
	}
}

// next are the questions to ask now: where an answer was wrong, what it was meant for is asked once.
func next(open []discover.Question) []discover.Question {
	wrong := slices.DeleteFunc(slices.Clone(open), func(q discover.Question) bool { return q.Wrong == "" })
	if len(wrong) > 0 {
		return wrong
	}
	return open
}

// untold says what has to be told, and how.
func untold(open []discover.Question) error {
	lines := make([]string, 0, len(open))
	for _, q := range open {
		lines = append(lines, fmt.Sprintf("%s: give %s", plain.Cause(errors.New(q.Text)), q.Flag))
	}
	return &codeError{
		code: exitError, text: "nothing was written, since not everything could be found out:\n  " + strings.Join(lines, "\n  "),
		hint: "call it again with these flags, or at a terminal, where it asks",
	}
}

func (v interview) ask(ctx context.Context, q discover.Question, wanted *discover.Wanted) error {
	fmt.Fprintf(v.out, "\n%s\n%s", q.Text, q.Ask)
	if q.Default != "" {
		fmt.Fprintf(v.out, " [%s]", q.Default)
	}
	fmt.Fprint(v.out, ": ")
	line, err := v.line(ctx)
	if ctx.Err() != nil {
		fmt.Fprintln(v.out)
		return &codeError{code: exitInterrupted, text: "interrupted; nothing was written"}
	}
	answer := strings.TrimSpace(line)
	if answer == "" && err == nil {
		answer = q.Default
	}
	if answer == "" {
		return &codeError{code: exitError, text: "not told; nothing was written", hint: q.Flag + " tells it too"}
	}
	return take(q, answer, wanted)
}

// line waits for a line, or for the end of the context. The wait for a terminal cannot be ended, so it may outlive this call.
func (v interview) line(ctx context.Context) (line string, err error) {
	read := make(chan struct{})
	var typed string
	var failed error
	go func() {
		defer close(read)
		typed, failed = v.in.ReadString('\n')
	}()
	select {
	case <-read:
		return typed, failed
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func take(q discover.Question, answer string, wanted *discover.Wanted) error {
	switch q.About {
	case discover.TheAccount:
		wanted.Account = answer
	case discover.AReplica:
		wanted.Replicas = slices.DeleteFunc(slices.Clone(wanted.Replicas), func(host string) bool { return host == q.Wrong || host == answer })
		wanted.Replicas = append(wanted.Replicas, answer)
	case discover.TheSocket:
		wanted.Socket = answer
	case discover.ThePort:
		port, err := strconv.Atoi(answer)
		if err != nil {
			return &codeError{code: exitError, text: fmt.Sprintf("%q is no port; nothing was written", answer)}
		}
		wanted.Port = port
	}
	return nil
}
