package whole_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// failsWithOurSettings is a unit whose start fails with our settings, which the server's own check accepts; and systemd starts it twice within
// ten minutes, the boot included, and no third time.
const failsWithOurSettings = `
install -d /etc/systemd/system/mariadb.service.d
cat >/etc/systemd/system/mariadb.service.d/override.conf <<'END'
[Unit]
StartLimitIntervalSec=10min
StartLimitBurst=2
[Service]
ExecStartPre=/bin/sh -c '! [ -e /etc/broken ] || ! grep -qs ssl_key /etc/mysql/mariadb.conf.d/*replssl*'
END
touch /etc/broken
`

// TestServerThatDoesNotComeBack: the restart with the new settings fails, and systemd has given up on the server by the time of the way back.
func TestServerThatDoesNotComeBack(t *testing.T) {
	s := start(t, host.Options{PrepareHost: map[string]string{"db1": failsWithOurSettings}}, plain+asRoot)
	before := s.on("db1", "pidof mariadbd")
	s.want(4, "apply", "--yes", "--allow-restart").says(t, "serve/db1", "FAILED", "(taken back)")
	if now := s.on("db1", "systemctl is-active mariadb; pidof mariadbd; ls /etc/mysql/mariadb.conf.d"); !strings.HasPrefix(now, "active") ||
		strings.Contains(now, strings.TrimSpace(before)) || strings.Contains(now, "replssl") {
		t.Errorf("the primary is not as before: %s, it was process %s", now, before)
	}
	if row := s.slaveStatus("db2"); row["Slave_IO_Running"] != "Yes" || row["Slave_SQL_Running"] != "Yes" || row["Master_SSL_Allowed"] != "No" {
		t.Errorf("the replica is not as before: %v", row)
	}
	s.on("db1", "rm /etc/broken; systemctl reset-failed mariadb")
	s.want(0, "apply", "--yes", "--allow-restart")
	s.proven()
}

// TestAllServersOfWholeHosts prepares a replica whose threads do not start with it.
func TestAllServersOfWholeHosts(t *testing.T) {
	const stays = "printf '[mariadbd]\\nskip_slave_start\\n' >/etc/mysql/mariadb.conf.d/66-stays.cnf\n"
	s := start(t, host.Options{Replicas: 2, PrepareHost: map[string]string{"db3": stays}}, three+"tls: {servers: all}\n")
	s.mainJob()
	for _, h := range s.Servers() {
		if have := strings.TrimSpace(s.on(h.Name, "mariadb -NBe 'SELECT @@have_ssl'")); have != "YES" {
			t.Errorf("%s: have_ssl is %s", h.Name, have)
		}
	}
}
