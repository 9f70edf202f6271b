package access

import (
	"bytes"
	"context"
	"errors"
	"net"
)

var errKeyWanted = errors.New("the login ends before it asks for a key to send the password with")

// guarded lets a login without TLS never ask for the server's RSA key, without which no password is sent: the key is nowhere checked. A login
// over TLS asks for none.
func (t *trial) guarded(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		t.server = &greeted{Conn: conn}
		return &keyGuard{t.server, t}, nil
	}
}

type keyGuard struct {
	net.Conn

	trial *trial
}

// The requests for the key are a packet of one byte: of caching_sha2_password, and of sha256_password.
const (
	cachingKeyRequest = 2
	sha256KeyRequest  = 1
)

func (c *keyGuard) Write(data []byte) (int, error) {
	if asksForKey(data) || asksForKeyAtOnce(data, c.trial.account.User) {
		c.trial.keyWanted.Store(true)
		return 0, errKeyWanted
	}
	return c.Conn.Write(data)
}

// asksForKeyAtOnce: so does the first answer to a server that greets with sha256_password, in place of a proof (MySQL manual, "Protocol::
// HandshakeResponse41"). Over TLS the first packet has no name, and the rest is not for these eyes.
func asksForKeyAtOnce(data []byte, user string) bool {
	const toUser = packetHeader + 4 + 4 + 1 + 23
	rest, ok := bytes.CutPrefix(data[min(toUser, len(data)):], append([]byte(user), 0))
	return ok && len(rest) > 1 && rest[0] == 1 && rest[1] == sha256KeyRequest
}

// asksForKey: a packet that answers has a number; the goodbye, which looks the same otherwise, begins anew at 0.
func asksForKey(data []byte) bool {
	if len(data) != packetHeader+1 || data[0] != 1 || data[1] != 0 || data[2] != 0 || data[3] == 0 {
		return false
	}
	return data[packetHeader] == cachingKeyRequest || data[packetHeader] == sha256KeyRequest
}
