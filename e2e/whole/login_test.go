package whole_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

func TestRootLogin(t *testing.T) {
	s := start(t, host.Options{Replicas: 2}, "primary: db1\nreplicas: [db2, db3]\naccount: {user: repl}\n"+asRoot)
	before := s.trace()
	s.want(3, "apply", "--yes").says(t, "restart", "allow_restart") // it needs leave
	s.untouched(before)
	s.mainJob()
	if after := s.trace(); strings.Split(before, "\n")[1] == strings.Split(after, "\n")[1] {
		t.Errorf("the primary has the process of before: %s", after)
	}
	s.lasts()
}

// lasts asserts that the work outlives restarts of the machines.
func (s *site) lasts() {
	s.t.Helper()
	s.do(s.Host("db2").Reboot)
	s.do(s.Primary().Reboot)
	if _, err := s.Query(s.t.Context(), "db1", "INSERT INTO shop.orders (note) VALUES ('after the restart')"); err != nil {
		s.t.Fatal(err)
	}
	s.do(s.WaitCaughtUp)
	s.want(0, "verify")
	s.want(0, "apply", "--yes").says(s.t, "nothing to do")
}

// TestNoisyLogins lets everything talk that can talk when somebody logs in, in another language, in shells that are not sh.
func TestNoisyLogins(t *testing.T) {
	const noise = `
echo 'Banner /etc/issue.net' >>/etc/ssh/sshd_config
echo 'Welcome to a banner of several lines;
authorized use only' >/etc/issue.net
echo 'the message of the day' >/etc/motd
echo 'LANG=de_DE.UTF-8' >/etc/default/locale
for file in .bashrc .profile .zshenv .zshrc .config/fish/config.fish; do
	mkdir -p /root/.config/fish
	printf 'echo "noise from '$file'"; echo "complaint from '$file'" >/dev/stderr\n' >/root/$file
done
`
	s := start(t, host.Options{Replicas: 2, Prepare: noise, PrepareHost: map[string]string{
		"db1": "usermod -s /usr/bin/fish root", "db2": "usermod -s /usr/bin/zsh root",
	}}, "primary: db1\nreplicas: [db2, db3]\naccount: {user: repl}\n"+asRoot)
	for shell, name := range map[string]string{".config/fish/config.fish": "db1", ".zshenv": "db2", ".bashrc": "db3"} {
		said, err := s.SSH(t.Context(), "root@"+name, "locale | grep ^LANG=").CombinedOutput()
		if err != nil || !strings.Contains(string(said), "noise from "+shell) || !strings.Contains(string(said), "LANG=de_DE.UTF-8") ||
			!strings.Contains(string(said), "authorized use only") {
			t.Errorf("the login of %s is quiet: %v %s", name, err, said)
		}
	}
	s.mainJob()
}

func TestIPv6Only(t *testing.T) {
	s := start(t, host.Options{IPv6Only: true}, plain+asRoot)
	if routes := s.on("db2", "ip -4 address show dev host0; getent hosts db1"); !strings.HasPrefix(routes, "fd77::") {
		t.Fatal(routes)
	}
	s.mainJob()
}

// TestServersOwnUser needs no root but for the restart, which one line of sudoers allows.
func TestServersOwnUser(t *testing.T) {
	const ownUser = `
usermod --shell /bin/sh --home /srv/mysql mysql
install -d -o mysql -g mysql -m 700 /srv/mysql /srv/mysql/.ssh
install -o mysql -m 600 /root/.ssh/authorized_keys /srv/mysql/.ssh/authorized_keys
install -d -o mysql -g mysql -m 755 /srv/tls
chgrp mysql /etc/mysql/mariadb.conf.d
chmod g+w /etc/mysql/mariadb.conf.d
echo 'PermitRootLogin no' >>/etc/ssh/sshd_config
echo 'mysql ALL=(root) NOPASSWD: /usr/bin/systemctl restart mariadb.service' >/etc/sudoers.d/mysql
`
	s := start(t, host.Options{Prepare: ownUser}, plain+`
ssh: {user: mysql, identity_file: ~/.ssh/id_ed25519}
mysql: {admin: {user: mysql}}
tls: {dir: /srv/tls}
servers: {db1: {restart: sudo -n systemctl restart mariadb.service}}
`)
	s.mainJob()
}
