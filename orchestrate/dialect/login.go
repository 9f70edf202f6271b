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

// SendsPasswords says that a login over TLS may send the password itself, as caching_sha2_password does at the first login of an account: so
// it goes to nobody whose certificate is not trusted.
func (d Dialect) SendsPasswords() bool { return d.sendsPasswords }
