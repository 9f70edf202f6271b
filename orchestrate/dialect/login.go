package dialect

import "github.com/replssl/replssl/remote/secret"

// ReceiverPassword asks for the password by which a channel logs in, empty for none, of a server that keeps it in a table
// ([facts.Instance.LoginsInTable]). It needs SELECT on mysql.slave_master_info.
func (d Dialect) ReceiverPassword(channel string) Query[secret.Text] {
	which := ""
	if d.words.login != "" {
		which = d.words.login + literal(channel)
	}
	return Query[secret.Text]{
		ask:  statement("SELECT User_password AS password FROM mysql.slave_master_info%s", which),
		read: single(func(s *scan) secret.Text { return secret.New(s.text("password")) }),
	}
}
