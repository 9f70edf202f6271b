package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/topology"
)

// settings are the flags that several commands have. Each command has those that it heeds, and refuses the others.
type settings struct {
	world     World
	inventory string
	pki       string
	journal   string
	timeout   time.Duration
	json      bool

	passphrase topology.PasswordSource // of the authority's key, by the flags
	asking     *prompt
}

// local gives a command the flags of what lies on this machine.
func (s *settings) local(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.StringVarP(&s.inventory, "inventory", "i", "replssl.yaml", "the inventory `FILE`")
	f.StringVar(&s.pki, "pki", "", "folder `DIR` of the certificates (default: pki beside the inventory)")
	completesFile(cmd, "inventory", "yaml", "yml")
	completesFolder(cmd, "pki")
	return cmd
}

// reaching gives a command the flags of one that reaches the servers.
func (s *settings) reaching(cmd *cobra.Command) *cobra.Command {
	f := s.local(cmd).Flags()
	f.StringVar(&s.journal, "journal", "", "folder `DIR` of the journals (default: journal beside the inventory)")
	f.DurationVar(&s.timeout, "connect-timeout", 10*time.Second, "the `TIME` that a host may take to let us in")
	completesFolder(cmd, "journal")
	return cmd
}

// journals gives a command the flags of one that reads journals, and reaches nobody.
func (s *settings) journals(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.StringVarP(&s.inventory, "inventory", "i", "replssl.yaml", "the inventory `FILE`, beside which the journals are")
	f.StringVar(&s.journal, "journal", "", "folder `DIR` of the journals (default: journal beside the inventory)")
	completesFile(cmd, "inventory", "yaml", "yml")
	completesFolder(cmd, "journal")
	return cmd
}

// timing gives a command the flags of one that is to run later.
func (s *settings) timing(cmd *cobra.Command) *cobra.Command {
	f := s.local(cmd).Flags()
	f.StringVar(&s.journal, "journal", "", "folder `DIR` of the journals (default: journal beside the inventory)")
	completesFolder(cmd, "journal")
	return cmd
}

// printing gives a command the choice of how it prints its result.
func (s *settings) printing(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

// load reads the inventory.
func (s *settings) load() (topology.Cluster, error) {
	data, err := os.ReadFile(s.inventory)
	if errors.Is(err, fs.ErrNotExist) {
		return topology.Cluster{}, &codeError{
			code: exitError, text: fmt.Sprintf("there is no inventory %s", s.inventory),
			hint: "name one by --inventory FILE, have it written by replssl init PRIMARY, or write three lines: " +
				"primary: HOST / replicas: [HOST] / account: {user: NAME}",
		}
	}
	var unread *fs.PathError
	if errors.As(err, &unread) {
		return topology.Cluster{}, &codeError{
			code: exitError, text: fmt.Sprintf("the inventory %s cannot be read: %v", s.inventory, unread.Err), hint: "name a file by --inventory FILE",
		}
	}
	if err != nil {
		return topology.Cluster{}, err
	}
	around, err := s.surroundings(s.inventory)
	if err != nil {
		return topology.Cluster{}, err
	}
	return topology.Parse(s.inventory, data, around)
}

// surroundings are what an inventory takes from the person who runs the tool.
func (s *settings) surroundings(inventory string) (topology.Defaults, error) {
	dir, err := filepath.Abs(filepath.Dir(inventory))
	if err != nil {
		return topology.Defaults{}, err
	}
	me, err := user.Current()
	if err != nil {
		return topology.Defaults{}, err
	}
	return topology.Defaults{
		User: me.Username, Home: me.HomeDir, Dir: dir, Hosts: hostsOf(me.HomeDir), SSHConfig: sshConfigOf(me, s.world.Getenv),
	}, nil
}

// open begins a session on the cluster.
func (s *settings) open(cluster topology.Cluster) *session {
	dialer := s.dialer()
	return &session{dialer: dialer, Session: orchestrate.Open(orchestrate.Config{
		Cluster: cluster, Dial: access.Over(dialer),
		PKI: s.beside(s.pki, "pki"), Journal: s.beside(s.journal, "journal"),
		Who: whoami(), Version: version(), Now: time.Now, Getenv: s.world.Getenv, Passphrase: s.passphraseOf(cluster), Seals: !s.sourceOf(cluster).IsZero(),
	})}
}

// session loads the inventory and begins a session on it.
func (s *settings) session() (*session, topology.Cluster, error) {
	cluster, err := s.load()
	if err != nil {
		return nil, cluster, err
	}
	return s.open(cluster), cluster, nil
}

func (s *settings) beside(given, name string) string {
	if given != "" {
		return given
	}
	return filepath.Join(filepath.Dir(s.inventory), name)
}

func whoami() string {
	name := "unknown"
	if me, err := user.Current(); err == nil {
		name = me.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
