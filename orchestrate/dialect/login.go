package dialect

import "github.com/replssl/replssl/remote/secret"

// KeepsLoginsInTable says that a receiver's password is asked for by [Dialect.ReceiverPassword]; others keep it in files.
func (d Dialect) KeepsLoginsInTable() bool { return d.loginsInTable }

// ReceiverPassword asks for the password by which a channel logs in, empty for none. It needs SELECT on mysql.slave_master_info.
func (Dialect) ReceiverPassword(channel string) Query[secret.Text] {
	return Query[secret.Text]{
		ask:  statement("SELECT User_password AS password FROM mysql.slave_master_info WHERE Channel_name = %s", literal(channel)),
		read: single(func(s *scan) secret.Text { return secret.New(s.text("password")) }),
	}
}
