package whole_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

func TestSocketAndPortElsewhere(t *testing.T) {
	const elsewhere = `
install -d -o mysql /srv/db
systemctl mask --quiet mariadb.socket
printf '[mariadbd]\nport = 3307\nsocket = /srv/db/server.sock\npid_file = /srv/db/server.pid\ndatadir = /srv/db/data\n' >/etc/mysql/mariadb.conf.d/65-elsewhere.cnf
mv /var/lib/mysql /srv/db/data
printf '[client]\nsocket = /srv/db/server.sock\n' >/etc/mysql/mariadb.conf.d/65-client.cnf
`
	s := start(t, host.Options{Prepare: elsewhere, Socket: "/srv/db/server.sock", Port: 3307}, plain+asRoot+"mysql: {port: 3307}\n")
	s.want(3, "plan").says(t, "3307", "hint", "socket") // neither its name nor its folder tells whose socket it is
	s.file(inventoryFile, plain+asRoot+"mysql: {port: 3307, socket: /srv/db/server.sock}\n")
	s.mainJob()
}

// instances makes a second server on each host, from the template of the package: the one that replicates. The package's own server goes
// on beside it.
const instances = `
cat >/etc/mysql/mariadb.conf.d/80-instances.cnf <<'END'
[mariadbd.orders]
datadir = /var/lib/mysql-orders
socket = /run/mysqld/orders.sock
pid_file = /run/mysqld/orders.pid
tmpdir = /var/tmp/orders
port = 3307
END
install -d -o mysql -m 700 /var/lib/mysql-orders /var/tmp/orders
systemctl enable --quiet mariadb@orders.service
`

func TestTwoServersOnOneHost(t *testing.T) {
	s := start(t, host.Options{Prepare: instances, Unit: "mariadb@orders.service", Socket: "/run/mysqld/orders.sock", Port: 3307},
		plain+asRoot+"mysql: {port: 3307}\n")
	s.want(3, "plan").says(t, "anonymous row") // the template fills its folder with them
	for _, h := range s.Servers() {
		s.on(h.Name, "mariadb -S /run/mysqld/orders.sock -e \"SET SESSION sql_log_bin = 0; DROP USER ''@'localhost', ''@'"+h.Name+"'\"")
	}
	const other = "systemctl show -P MainPID mariadb.service; mariadb -S /run/mysqld/mysqld.sock -NBe 'SELECT @@ssl_cert, @@port'"
	before := s.on("db1", other) + s.on("db2", other)
	if !strings.Contains(before, "3306") {
		t.Fatal(before)
	}
	s.mainJob()
	if after := s.on("db1", other) + s.on("db2", other); after != before {
		t.Errorf("the other servers were touched: %s, before %s", after, before)
	}
}
