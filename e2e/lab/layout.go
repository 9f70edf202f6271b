package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// Server is one database server of a lab with the sshd beside it.
type Server struct {
	Name           string
	ID             int
	Address        string // a loopback address of its own
	Port           int    // of the database
	SSHPort        int
	ReplicatesFrom string // empty for the primary

	Dir            string
	DataDir        string
	TempDir        string // its own, because a server that starts removes the temporary tables of all that share its folder
	Socket         string
	PidFile        string
	ErrorLog       string
	Console        string // what the server says before it opens its error log
	DefaultsFile   string // the server runs with this file and nothing else
	GroupSuffix    string // what its groups there end with; empty where it has the file for itself
	ConfDir        string // *.cnf files here are read after DefaultsFile
	TLSDir         string // for the certificate sets; made by who fills it
	RestartCommand string // ends and starts the server
	HostKeyFile    string
	SSHConfigFile  string
	SSHPidFile     string
	SSHLog         string

	Programs Programs
}

// Inventory is the file that describes the lab to replssl.
func (l *Lab) Inventory() string { return filepath.Join(l.Dir, "replssl.yaml") }

// IdentityFile is the private key that every sshd of the lab lets in.
func (l *Lab) IdentityFile() string { return filepath.Join(l.Dir, "id_ed25519") }

// AuthorizedKeysFile is what the sshds read; it is also the public half of the identity.
func (l *Lab) AuthorizedKeysFile() string { return l.IdentityFile() + ".pub" }

// AdminPasswordFile has the administrator's password, for the servers that do not let it in without one.
func (l *Lab) AdminPasswordFile() string { return filepath.Join(l.Dir, "admin.password") }

// KnownHostsFile lists the host keys of the sshds.
func (l *Lab) KnownHostsFile() string { return filepath.Join(l.Dir, "known_hosts") }

// SSHAddress is the sshd's host:port.
func (s Server) SSHAddress() string { return net.JoinHostPort(s.Address, strconv.Itoa(s.SSHPort)) }

// MySQLAddress is the database's host:port.
func (s Server) MySQLAddress() string { return net.JoinHostPort(s.Address, strconv.Itoa(s.Port)) }

func stateFile(dir string) string { return filepath.Join(dir, "lab.json") }

// runDir is the one folder, beside the data, that the server's OS user may write to, as /run/mysqld is on a host.
func (s Server) runDir() string { return filepath.Join(s.Dir, "run") }

// newServer lays out server number n, where 0 is the primary. Ports are given later.
func newServer(dir string, n int, sources map[string]string) Server {
	name, source := "primary", ""
	if n > 0 {
		name, source = fmt.Sprintf("replica%d", n), "primary"
	}
	if other, ok := sources[name]; ok {
		source = other
	}
	own := filepath.Join(dir, name)
	return Server{
		Name: name, ID: n + 1, Address: fmt.Sprintf("127.0.0.%d", n+2), ReplicatesFrom: source,
		Dir:            own,
		DataDir:        filepath.Join(own, "data"),
		TempDir:        filepath.Join(own, "tmp"),
		Socket:         filepath.Join(own, "run", "mysqld.sock"),
		PidFile:        filepath.Join(own, "run", "mysqld.pid"),
		ErrorLog:       filepath.Join(own, "run", "error.log"),
		Console:        filepath.Join(own, "run", "console.log"),
		DefaultsFile:   filepath.Join(own, "my.cnf"),
		ConfDir:        filepath.Join(own, "conf.d"),
		TLSDir:         filepath.Join(own, "tls"),
		RestartCommand: filepath.Join(own, "restart.sh"),
		HostKeyFile:    filepath.Join(own, "ssh_host_ed25519_key"),
		SSHConfigFile:  filepath.Join(own, "sshd_config"),
		SSHPidFile:     filepath.Join(own, "sshd.pid"),
		SSHLog:         filepath.Join(own, "sshd.log"),
	}
}

func (l *Lab) names() string {
	var names []string
	for _, s := range l.Servers {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// shareHost lets a server be on the host of another.
func (s *Server) shareHost(other Server, dir string) {
	s.Address = other.Address
	s.HostKeyFile, s.SSHConfigFile, s.SSHPidFile, s.SSHLog = other.HostKeyFile, other.SSHConfigFile, other.SSHPidFile, other.SSHLog
	s.DefaultsFile, s.ConfDir, s.GroupSuffix = filepath.Join(dir, "my.cnf"), filepath.Join(dir, "conf.d"), "."+s.Name
}

// settingsFile is where the server's own settings are.
func (s Server) settingsFile() string {
	if s.GroupSuffix == "" {
		return s.DefaultsFile
	}
	return filepath.Join(s.ConfDir, s.Name+".cnf")
}

// arguments are those that the server is started with.
func (s Server) arguments() []string {
	args := []string{"--defaults-file=" + s.DefaultsFile}
	if s.GroupSuffix != "" {
		args = append(args, "--defaults-group-suffix="+s.GroupSuffix)
	}
	return args
}

// each runs f for all servers at once and joins their errors in the order of the servers.
func (l *Lab) each(f func(Server) error) error {
	errs := make([]error, len(l.Servers))
	var wg sync.WaitGroup
	for i, s := range l.Servers {
		wg.Go(func() { errs[i] = f(s) })
	}
	wg.Wait()
	return joinErrors(errs)
}

// givePorts finds free ports on every server's address. They lie below the range of outgoing connections, so that none is
// taken while its server is down. No other lab takes them as long as this one is held by the process that started it.
func (l *Lab) givePorts(ctx context.Context) error {
	for i := range l.Servers {
		s := &l.Servers[i]
		var err error
		if s.Port, err = l.freePort(ctx, s.Address); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if first := l.Servers[0]; i > 0 && s.SSHConfigFile == first.SSHConfigFile {
			s.SSHPort = first.SSHPort
			continue
		}
		if s.SSHPort, err = l.freePort(ctx, s.Address); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func (l *Lab) freePort(ctx context.Context, address string) (int, error) {
	const low, high, tries = 20000, 32000, 100
	var last error
	for range tries {
		port := low + rand.IntN(high-low) //nolint:gosec // nobody gains by guessing it
		if last = l.reserve(ctx, net.JoinHostPort(address, strconv.Itoa(port))); last == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port on %s: %w", address, last)
}

// reserve fails where somebody listens, or where another lab means to: each holds a name in the kernel's abstract namespace, which ends with its
// process.
func (l *Lab) reserve(ctx context.Context, address string) error {
	held, err := new(net.ListenConfig).Listen(ctx, "unix", "@replssl-lab/"+address)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(err, held.Close())
	}
	l.reserved = append(l.reserved, held)
	return listener.Close()
}
