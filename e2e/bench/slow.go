package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/replssl/replssl/e2e/lab"
)

// slowLab is a lab whose hosts seem to be far away: every packet of an SSH connection arrives late, half of the round trip in each
// direction. Opening the TCP connection itself takes no time, and replication is not slowed.
type slowLab struct {
	*lab.Lab
	dir     string // has the inventory, the host keys and whatever replssl puts beside them
	proxies []*toxiproxy.Proxy
}

// slow puts a proxy before each sshd of a lab.
func slow(l *lab.Lab, roundTrip time.Duration) (*slowLab, error) {
	s := &slowLab{Lab: l, dir: filepath.Join(l.Dir, "slow")}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, err
	}
	var ports, names []string
	for _, server := range l.Servers {
		port, err := s.proxy(server, roundTrip)
		if err != nil {
			s.stop()
			return nil, err
		}
		ports = append(ports, sshPort(strconv.Itoa(server.SSHPort)), sshPort(port))
		names = append(names, hostKeyName(server.Address, strconv.Itoa(server.SSHPort)), hostKeyName(server.Address, port))
	}
	inventory := strings.NewReplacer(append(ports, l.KnownHostsFile(), s.hostKeysFile())...)
	hostKeys := strings.NewReplacer(names...)
	return s, errors.Join(rewrite(l.Inventory(), s.inventory(), inventory), rewrite(l.KnownHostsFile(), s.hostKeysFile(), hostKeys))
}

func sshPort(port string) string              { return "ssh: {port: " + port + "}" }
func hostKeyName(address, port string) string { return "[" + address + "]:" + port }

func (s *slowLab) inventory() string    { return filepath.Join(s.dir, "replssl.yaml") }
func (s *slowLab) hostKeysFile() string { return filepath.Join(s.dir, "known_hosts") }

// proxy starts the proxy of a server and gives its port.
func (s *slowLab) proxy(server lab.Server, roundTrip time.Duration) (port string, err error) {
	silent := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(silent, server.Name, net.JoinHostPort(server.Address, "0"), server.SSHAddress())
	for _, direction := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"type": "latency", "stream": %q, "attributes": {"latency": %d}}`, direction, (roundTrip / 2).Milliseconds())
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return "", fmt.Errorf("%s: slow down %s: %w", server.Name, direction, err)
		}
	}
	if err := p.Start(); err != nil {
		return "", fmt.Errorf("%s: start the proxy: %w", server.Name, err)
	}
	s.proxies = append(s.proxies, p)
	_, port, err = net.SplitHostPort(p.Listen)
	return port, err
}

func (s *slowLab) stop() {
	for _, p := range s.proxies {
		p.Stop()
	}
}

func rewrite(from, to string, r *strings.Replacer) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, []byte(r.Replace(string(text))), 0o600) //nolint:gosec // both are files of a lab
}

// onSlowLab lets work run on a fresh cluster in plaintext that seems to be far away.
func (w *workshop) onSlowLab(ctx context.Context, replicas int, roundTrip time.Duration, work func(*slowLab) error) error {
	return w.onFreshLab(ctx, replicas, func(l *lab.Lab) error {
		s, err := slow(l, roundTrip)
		if err != nil {
			return err
		}
		defer s.stop()
		return work(s)
	})
}
