package host

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/e2e/lab"
)

// Missing says why hosts cannot run here; it is empty where they can.
func Missing(ctx context.Context) string {
	if os.Geteuid() != 0 {
		return "whole hosts need root"
	}
	for _, program := range []string{"debootstrap", "systemd-nspawn", "nsenter", "unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			return "whole hosts need " + program + ": scripts/setup.sh ci installs it"
		}
	}
	k, err := keep(ctx)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = k.end(ctx) }()
	const trial = `mkdir -p /run/a /run/b /run/u/up /run/u/work; mount -t overlay overlay -o lowerdir=/run/a,upperdir=/run/u/up,workdir=/run/u/work /run/b
ip link add vb-trial type veth; mkdir "/sys/fs/cgroup/$1"`
	if _, err := output(k.command(ctx, "sh", "-eu", "-c", trial, "trial", "replssl-hosts-"+k.group+"trial"), "this machine"); err != nil {
		return "whole hosts need overlayfs, veth and control groups: " + err.Error()
	}
	return ""
}

// Start boots a cluster for a test, which is skipped where that cannot be, and ends it with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if why := Missing(t.Context()); why != "" {
		t.Skip(why)
	}
	c, err := up(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func up(t testing.TB, o Options) (*Cluster, error) {
	t.Helper()
	ctx := t.Context()
	tree, err := base(ctx)
	if err != nil {
		return nil, err
	}
	if err := sweep(ctx); err != nil {
		return nil, err
	}
	c := design(o)
	if c.keeper, err = keep(ctx, c.bridge()...); err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.end(t) })
	for _, h := range c.Hosts {
		h.keeper = c.keeper
	}
	began := time.Now()
	if err := errors.Join(c.each(func(h *Host) error { return h.mount(ctx, tree) }), c.furnish()); err != nil {
		return nil, err
	}
	err = c.each(func(h *Host) error {
		if err := h.prepare(ctx, o.Prepare+"\n"+o.PrepareHost[h.Name]); err != nil {
			return err
		}
		return h.boot(ctx)
	})
	if err != nil {
		return nil, err
	}
	t.Logf("%d hosts booted in %s; look into one: nsenter -t PID -a, PID %s", len(c.Hosts), time.Since(began).Round(100*time.Millisecond), c.leaders())
	if o.NoReplication {
		return c, nil
	}
	return c, c.replicate(ctx)
}

func design(o Options) *Cluster {
	o.Replicas = max(0, cmp.Or(o.Replicas, 1))
	o.Unit, o.Socket, o.Port = cmp.Or(o.Unit, "mariadb.service"), cmp.Or(o.Socket, "/run/mysqld/mysqld.sock"), cmp.Or(o.Port, 3306)
	c := &Cluster{Account: lab.Account{User: "repl", Password: newPassword()}, options: o}
	for n := range o.Replicas + 1 {
		c.add(fmt.Sprintf("db%d", n+1), o.Unit)
	}
	for _, name := range o.Extra {
		c.add(name, "")
	}
	return c
}

func (c *Cluster) add(name, unit string) {
	n := 11 + len(c.Hosts)
	h := &Host{Name: name, Number: n, Address6: fmt.Sprintf("fd77::%d", n), unit: unit}
	if !c.options.IPv6Only {
		h.Address = fmt.Sprintf("10.77.0.%d", n)
	}
	c.Hosts = append(c.Hosts, h)
}

func (c *Cluster) bridge() []string {
	if c.options.IPv6Only {
		return []string{"fd77::1/64"}
	}
	return []string{"10.77.0.1/24", "fd77::1/64"}
}

// names is /etc/hosts, the same for everybody: one address a name.
func (c *Cluster) names() string {
	text := "127.0.0.1 localhost\n::1 localhost\n"
	for _, h := range c.Hosts {
		text += cmp.Or(h.Address, h.Address6) + " " + h.Name + "\n"
	}
	return text + strings.Split(c.bridge()[0], "/")[0] + " client\n"
}

// furnish writes what each host has of its own, and the home of the clients with a key that root of each host lets in.
func (c *Cluster) furnish() error {
	identity, public, err := newKey("admin@client")
	if err != nil {
		return err
	}
	known := ""
	for _, h := range c.Hosts {
		hostKey, hostPublic, err := newKey(h.Name)
		if err != nil {
			return err
		}
		known += fmt.Sprintf("%s,%s %s", h.Name, cmp.Or(h.Address, h.Address6), ssh.MarshalAuthorizedKey(hostPublic))
		err = errors.Join(
			h.WriteFile("/etc/hosts", c.names(), 0o644),
			h.WriteFile("/etc/hostname", h.Name+"\n", 0o644),
			h.WriteFile("/etc/machine-id", h.machineID()+"\n", 0o444), // without one systemd would enable every unit
			h.WriteFile("/etc/ssh/ssh_host_ed25519_key", hostKey, 0o600),
			h.WriteFile("/root/.ssh/authorized_keys", string(ssh.MarshalAuthorizedKey(public)), 0o600),
			h.WriteFile("/etc/systemd/system/address.service", h.addressUnit(), 0o644),
			os.Symlink("../address.service", mkdirFor(h.Tree()+"/etc/systemd/system/sysinit.target.wants/address.service")),
		)
		if h.unit != "" {
			err = errors.Join(err, h.WriteFile("/etc/mysql/mariadb.conf.d/60-replication.cnf", h.serverConfig(), 0o644))
		} else {
			err = errors.Join(err, os.Symlink("/dev/null", h.Tree()+"/etc/systemd/system/mariadb.service"))
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(
		writePrivate(c.Home()+"/hosts", c.names()),
		c.Write(".ssh/id_ed25519", identity), c.Write(".ssh/id_ed25519.pub", string(ssh.MarshalAuthorizedKey(public))),
		c.Write(".ssh/known_hosts", known), c.bindNames(),
	)
}

// bindNames lets the clients find the hosts by name.
func (c *Cluster) bindNames() error {
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(c.keeper.cmd.Process.Pid), "-m", "--", "mount", "--bind", home+"/hosts", "/etc/hosts") //nolint:noctx // a moment
	_, err := output(cmd, "hosts: the clients' /etc/hosts")
	return err
}

func (h *Host) addressUnit() string {
	commands := ""
	if h.Address != "" {
		commands = "ExecStart=/usr/sbin/ip address add " + h.Address + "/24 dev host0\n"
	}
	return "[Unit]\nDefaultDependencies=no\nBefore=sysinit.target network.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
		commands + "ExecStart=/usr/sbin/ip address add " + h.Address6 + "/64 dev host0 nodad\nExecStart=/usr/sbin/ip link set host0 up\n"
}

func (h *Host) serverConfig() string {
	return fmt.Sprintf("[mariadbd]\nserver_id = %d\nbind_address = *\nlog_bin = %s-bin\nlog_slave_updates\nreport_host = %s\n", h.Number, h.Name, h.Name)
}

// end ends the machines; of a test that failed it shows their logs before.
func (c *Cluster) end(t testing.TB) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if t.Failed() {
		for _, h := range c.Hosts {
			if h.running() != nil {
				t.Logf("%s: the end of its journal:\n%s", h.Name, h.Log(ctx))
			}
		}
	}
	if err := c.keeper.end(ctx); err != nil {
		t.Error(err)
	}
}

// each does something to all hosts at once.
func (c *Cluster) each(do func(h *Host) error) error {
	errs := make([]error, len(c.Hosts))
	var all sync.WaitGroup
	for i, h := range c.Hosts {
		all.Go(func() { errs[i] = do(h) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (c *Cluster) leaders() string {
	var text []string
	for _, h := range c.Hosts {
		pid, _ := h.leader()
		text = append(text, fmt.Sprintf("%s %d", h.Name, pid))
	}
	return strings.Join(text, ", ")
}

func newKey(comment string) (private string, public ssh.PublicKey, err error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return "", nil, err
	}
	public, err = ssh.NewPublicKey(key.Public())
	return string(pem.EncodeToMemory(block)), public, err
}

func writePrivate(path, content string) error {
	return os.WriteFile(mkdirFor(path), []byte(content), 0o600)
}

// mkdirFor makes the folder of a file, whose write fails where that cannot be.
func mkdirFor(path string) string {
	_ = os.MkdirAll(filepath.Dir(path), 0o700)
	return path
}
