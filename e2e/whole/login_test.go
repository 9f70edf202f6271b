package whole_test

import (
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

func TestRootLogin(t *testing.T) {
	s := start(t, host.Options{Replicas: 2}, "primary: db1\nreplicas: [db2, db3]\naccount: {user: repl}\nssh: {user: root, identity_file: ~/.ssh/id_ed25519}\n")
	s.want(3, "apply", "--yes").says(t, "restart") // it needs leave
	s.mainJob()
}
