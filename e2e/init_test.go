package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// list writes an inventory of Ansible's that leads to the hosts of the lab, by names of its own.
func (c *cluster) list() {
	c.t.Helper()
	var b strings.Builder
	for _, s := range c.Servers {
		fmt.Fprintf(&b, "the-%s ansible_host=%s ansible_port=%d\n", s.Name, s.Address, s.SSHPort)
	}
	fmt.Fprintf(&b, "[all:vars]\nansible_user=%s\nansible_ssh_private_key_file=%s\n", c.SSHUser, c.IdentityFile())
	file := filepath.Join(c.Dir, "hosts.ini")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// init runs replssl init for the primary, as nobody who could be asked.
func (c *cluster) init(output string, more ...string) outcome {
	c.t.Helper()
	cmd := exec.Command(binary, append([]string{
		"init", "the-primary", "--hosts", filepath.Join(c.Dir, "hosts.ini"), "--known-hosts", c.KnownHostsFile(), "--admin", c.Admin, "-o", output,
	}, more...)...)
	cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK=")
	return c.finish(cmd)
}

// state is what would change if anything was written on a server.
func (c *cluster) state() string {
	c.t.Helper()
	var b bytes.Buffer
	for _, s := range c.Servers {
		for _, query := range []string{"SELECT @@gtid_binlog_pos, @@gtid_slave_pos", "SELECT user, host, ssl_type FROM mysql.user ORDER BY user, host"} {
			table, err := c.Query(c.t.Context(), s.Name, query)
			if err != nil {
				c.t.Fatal(err)
			}
			fmt.Fprint(&b, s.Name, ": ", table)
		}
		if _, err := os.Stat(s.TLSDir); err == nil {
			fmt.Fprintln(&b, s.TLSDir)
		}
	}
	return b.String()
}

// addRestarts adds to what was found what no service manager of the lab's machine can tell.
func (c *cluster) addRestarts() {
	c.t.Helper()
	text, err := os.ReadFile(c.inventory)
	if err != nil {
		c.t.Fatal(err)
	}
	found := string(text)
	for _, s := range c.Servers {
		head := "\n  the-" + s.Name + ":\n"
		if !strings.Contains(found, head) {
			c.t.Fatalf("%s is not among the servers of\n%s", s.Name, found)
		}
		found = strings.Replace(found, head, head+"    restart: "+s.RestartCommand+"\n", 1)
	}
	if err := os.WriteFile(c.inventory, []byte(found), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// TestInit: of a primary alone it finds a cluster with a chain, and plan takes what it wrote.
func TestInit(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 3, ReplicatesFrom: map[string]string{"replica3": "replica2"}})
	c.list()
	before := c.state()
	output := filepath.Join(c.Dir, "found.yaml")
	o := c.init(output)
	if o.code != 1 {
		t.Fatalf("exit code %d though the host has several servers", o.code)
	}
	o.says(t, "the-primary has servers with the ports", "give --port PORT")
	if _, err := os.Stat(output); err == nil {
		t.Error("half an inventory is written")
	}

	port := strconv.Itoa(c.Primary().Port)
	o = c.init(output, "--port", port)
	if o.code != 0 {
		t.Fatalf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	o.says(t, "account: repl", "name stopped ones by --replica HOST", "wrote "+output+"; next: replssl plan -i "+output)
	if text, err := os.ReadFile(output); err != nil || strings.Contains(string(text), c.Account.Password) {
		t.Errorf("%v\n%s", err, text)
	}
	c.inventory = output
	c.addRestarts()
	o = c.want(2, "plan", "--allow-restart")
	o.says(t, "the-primary", "the-replica1", "the-replica2", "the-replica3")
	if after := c.state(); after != before {
		t.Errorf("looking changed\n%s to\n%s", before, after)
	}
	if o := c.init(output, "--port", port); o.code != 1 {
		t.Errorf("an inventory that is there is replaced: exit code %d", o.code)
	}
}

// TestInitFindsAStoppedReplicaThatIsNamed: its source does not see it.
func TestInitFindsAStoppedReplicaThatIsNamed(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	c.list()
	if err := c.Exec(t.Context(), "replica1", "STOP SLAVE"); err != nil {
		t.Fatal(err)
	}
	if err := lab.Until(t.Context(), "the dump thread ends", func() (bool, error) {
		if err := c.Exec(t.Context(), "primary", "INSERT INTO shop.orders (note) VALUES ('sweets')"); err != nil { // it sees the end when it writes
			return false, err
		}
		table, err := c.Query(t.Context(), "primary", "SHOW SLAVE HOSTS")
		return err == nil && len(table.Rows) == 0, err
	}); err != nil {
		t.Fatal(err)
	}
	output, port := filepath.Join(c.Dir, "found.yaml"), strconv.Itoa(c.Primary().Port)
	o := c.init(output, "--port", port)
	if o.code != 1 {
		t.Fatalf("exit code %d without a replica", o.code)
	}
	o.says(t, "no replica is connected to the-primary: give --replica HOST")
	if o = c.init(output, "--port", port, "--replica", "the-replica1"); o.code != 0 {
		t.Fatalf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	o.says(t, "the-replica1 replicates from the-primary and is not connected to it now", "account: repl")
	if o := c.init(output, "--port", port, "--replica", "the-replica1", "--force"); o.code != 0 {
		t.Errorf("--force: exit code %d\n%s", o.code, o.stderr)
	}
}
