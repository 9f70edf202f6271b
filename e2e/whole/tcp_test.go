package whole_test

import (
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// TestAdminOverTCP logs in as an account with a password, which the server's socket lets nobody in with.
func TestAdminOverTCP(t *testing.T) {
	s := start(t, host.Options{}, plain+asRoot+"mysql: {admin: {user: dba, password_file: dba.password}}\n")
	s.file("dba.password", "Not-A-Word-9\n")
	s.secrets = append(s.secrets, "Not-A-Word-9")
	for _, h := range s.Servers() {
		s.on(h.Name, `mariadb -e "SET SESSION sql_log_bin = 0; CREATE USER dba@'127.0.0.1' IDENTIFIED BY 'Not-A-Word-9'; GRANT ALL ON *.* TO dba@'127.0.0.1' WITH GRANT OPTION; `+
			`CREATE USER dba@'localhost' IDENTIFIED BY 'Not-A-Word-9'; GRANT ALL ON *.* TO dba@'localhost' WITH GRANT OPTION"`)
	}
	s.mainJob()
}
