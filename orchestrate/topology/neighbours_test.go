package topology

import "testing"

// TestServersOfOneHost: each has what tells it from the others.
func TestServersOfOneHost(t *testing.T) {
	text := `primary: db1
replicas: [db2, db3]
account: {user: repl}
servers:
  db1: {ssh: {address: host-a}}
  db2: {ssh: {address: host-a}, mysql: {port: 3307}, tls: {dir: /etc/mysql-ssl/db2}}
  db3: {ssh: {address: host-a}, mysql: {socket: /run/db3.sock}, tls: {dir: /etc/mysql-ssl/db3}}
`
	cluster, err := Parse("replssl.yaml", []byte(text), person())
	if err != nil || cluster.Servers[1].MySQL.Port != 3307 || cluster.Servers[2].MySQL.Socket != "/run/db3.sock" {
		t.Errorf("%+v, %v", cluster, err)
	}
}
