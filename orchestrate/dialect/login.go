package dialect

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/secret"
)

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

// ChannelLogin is what a server keeps of the login of a channel.
type ChannelLogin struct {
	facts.KeptLogin

	Channel string
}

// Logins asks for what is kept of the logins of all channels, of a server that keeps them in a table ([facts.Instance.LoginsInTable]). It needs
// SELECT on mysql.slave_master_info, and no password is sent.
func (d Dialect) Logins() Query[[]ChannelLogin] {
	channel := "Channel_name"
	if d.words.naming == unnamed {
		channel = "''"
	}
	return Query[[]ChannelLogin]{
		ask: statement("SELECT %s AS channel, User_name AS user, COALESCE(User_password, '') <> '' AS has_password, %s AS moves FROM mysql.slave_master_info",
			channel, d.words.moves),
		read: each(func(s *scan) ChannelLogin {
			return ChannelLogin{Channel: s.text("channel"), KeptLogin: facts.KeptLogin{User: s.text("user"), Password: s.yes("has_password"), Moves: s.yes("moves")}}
		}),
	}
}
