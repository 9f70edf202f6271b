package access_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/secret"
)

// between is somebody between a replica and its source, who says what would make a client tell the password, and keeps what it is told.
type between struct {
	greets string            // plugin of the greeting
	over   []tls.Certificate // none: no TLS is offered
	asks   [][]byte          // what is said to each answer
	key    *rsa.PrivateKey

	mu     sync.Mutex
	heard  [][]byte
	logins sync.WaitGroup
}

func switchTo(plugin string) []byte {
	return []byte("\xfe" + plugin + "\x00" + strings.Repeat("s", 20) + "\x00")
}

// TestThePasswordIsToldToNobodyInBetween: whatever is asked for over a certificate that is not trusted, or without TLS. By a trusted one it is
// told, which shows that it was asked for rightly.
func TestThePasswordIsToldToNobodyInBetween(t *testing.T) {
	pair := newAuthority(t).pair(t)
	key := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&key.PublicKey))(t)})
	more := func(text string) []byte { return append([]byte{1}, text...) }
	const full = "\x04"
	sha2, old, clearly := switchTo("caching_sha2_password"), switchTo("sha256_password"), switchTo("mysql_clear_password")
	for name, c := range map[string]struct {
		greets string
		asks   [][]byte
		never  bool // also not to a trusted server
	}{
		"a switch to caching_sha2_password":   {"mysql_native_password", [][]byte{sha2, more(full), more(string(public))}, false},
		"a greeting of caching_sha2_password": {"caching_sha2_password", [][]byte{more(full), more(string(public))}, false},
		"a switch to sha256_password":         {"mysql_native_password", [][]byte{old, more(string(public))}, false},
		"a greeting of sha256_password":       {"sha256_password", [][]byte{more(string(public))}, false},
		"the password in the clear":           {"mysql_native_password", [][]byte{clearly}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, way := range []struct {
				name   string
				over   []tls.Certificate
				client *tls.Config
				told   bool
			}{
				{"trusted", []tls.Certificate{pair}, verdict(nil), !c.never},
				{"not trusted", []tls.Certificate{pair}, verdict(errors.New("no trust")), false},
				{"not offered", nil, verdict(nil), false},
				{"without TLS", nil, nil, false},
			} {
				b := &between{greets: c.greets, over: way.over, asks: c.asks, key: key}
				attempt, err := b.tempt(t, way.client)
				equal(t, way.name+": the password is told", b.wasTold("S3cret-Word"), way.told)
				if way.name == "not trusted" && (err != nil || attempt != (facts.Attempt{Text: "no trust"})) {
					t.Errorf("got %v, %v", attempt, err)
				}
			}
		})
	}
}

func verdict(err error) *tls.Config {
	return &tls.Config{VerifyConnection: func(tls.ConnectionState) error { return err }}
}

// tempt lets a client log in.
func (b *between) tempt(t *testing.T, over *tls.Config) (facts.Attempt, error) {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	var all sync.WaitGroup
	all.Go(func() { b.serve(listener) })
	c := topology.Cluster{Servers: []topology.Server{{Name: "replica1"}}}
	servers := connect(t, c, func(context.Context, topology.Server) (remote.Host, error) {
		return remotetest.NewLocal("replica1"), nil
	})
	account := access.Account{User: "repl", Password: secret.New("S3cret-Word")}
	attempt, err := servers.Login(t.Context(), "replica1", listener.Addr().String(), account, over)
	check(t, servers.Close())
	check(t, listener.Close())
	all.Wait()
	b.logins.Wait()
	return attempt, err
}

func (b *between) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		b.logins.Go(func() {
			_ = b.talk(conn) // which ends as the client likes
			_ = conn.Close()
		})
	}
}

func (b *between) talk(conn net.Conn) error {
	flags := "\xff\xf7" // all but TLS
	if b.over != nil {
		flags = "\xff\xff"
	}
	greeting := "\x0a8.0.0\x00\x01\x00\x00\x00abcdefgh\x00" + flags + "\xff\x02\x00\xff\xdf\x15" + strings.Repeat("\x00", 10) + "abcdefghijkl\x00" + b.greets + "\x00"
	if err := say(conn, 0, []byte(greeting)); err != nil {
		return err
	}
	if b.over != nil {
		if _, _, err := hear(conn); err != nil {
			return err
		}
		conn = tls.Server(conn, &tls.Config{Certificates: b.over})
	}
	for _, question := range b.asks {
		number, err := b.take(conn)
		if err != nil {
			return err
		}
		if err := say(conn, number+1, question); err != nil {
			return err
		}
	}
	number, err := b.take(conn)
	if err != nil {
		return err
	}
	return say(conn, number+1, []byte("\xff\x15\x04#28000Access denied"))
}

func (b *between) take(conn net.Conn) (number byte, err error) {
	number, packet, err := hear(conn)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = append(b.heard, packet)
	return number, err
}

// wasTold looks into all that was heard, also by the key that was given out.
func (b *between) wasTold(password string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, packet := range b.heard {
		if bytes.Contains(packet, []byte(password)) {
			return true
		}
		if len(packet) == b.key.Size() {
			text, err := b.key.Decrypt(rand.Reader, packet, &rsa.OAEPOptions{Hash: crypto.SHA1})
			return err == nil && len(text) > 1 // of the empty password it is the zero at its end
		}
	}
	return false
}

func say(conn net.Conn, number byte, packet []byte) error {
	_, err := conn.Write(append([]byte{byte(len(packet)), byte(len(packet) >> 8), 0, number}, packet...))
	return err
}

func hear(conn net.Conn) (number byte, packet []byte, err error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(conn, head); err != nil {
		return 0, nil, err
	}
	packet = make([]byte, int(head[0])|int(head[1])<<8)
	_, err = io.ReadFull(conn, packet)
	return head[3], packet, err
}
