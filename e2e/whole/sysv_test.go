package whole_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// bareInit is a host without systemd: its first process starts the services by their init scripts, and collects what ends.
const bareInit = `
rm /sbin/init /lib/systemd/systemd
cat >/sbin/init <<'END'
#!/bin/sh
sed -n s/^ExecStart=//p /etc/systemd/system/address.service | sh
service ssh start
service mariadb start
sleep infinity & wait
END
chmod 755 /sbin/init
`

// TestInitScriptRestartsThePrimary has a primary that no unit of systemd runs, and no command for its restart in the inventory.
func TestInitScriptRestartsThePrimary(t *testing.T) {
	s := start(t, host.Options{PrepareHost: map[string]string{"db1": bareInit}}, plain+asRoot)
	if first := s.on("db1", "cat /proc/1/comm; ! test -e /run/systemd/system; ! pidof systemd systemd-journald"); first != "init" {
		t.Fatalf("process 1 is %s", first)
	}
	// The script that started the server is its parent until it ends.
	s.on("db1", `for i in $(seq 300); do [ "$(ps -C mysqld_safe -o ppid= | tr -d ' ')" = 1 ] && exit; sleep 0.1; done; exit 1`)
	before := s.on("db1", "pidof mariadbd")
	s.want(2, "plan", "--allow-restart").says(t, "db1 runs as mariadb", "restart db1 by service mariadb restart", "db1 (mariadb on db1) restarts")
	s.mainJob()
	if after := s.on("db1", "pidof mariadbd"); after == before {
		t.Errorf("the primary has the process of before: %s", after)
	}
	if parent := strings.TrimSpace(s.on("db1", "ps -C mysqld_safe -o ppid=")); parent != "1" {
		t.Errorf("the server's watcher is not process 1's: %q", parent)
	}
	if left := s.on("db1", "ps -A -o stat=,comm= | grep ^Z || true"); left != "" {
		t.Errorf("nobody collects what ended: %s", left)
	}
}
