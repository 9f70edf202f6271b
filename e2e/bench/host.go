package main

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

// traced makes hosts whose every wait is noted.
func traced(r *recorder, dial access.Dial) access.Dial {
	return func(ctx context.Context, server topology.Server) (remote.Host, error) {
		end := r.begin(string(server.Name), "login", "SSH")
		host, err := dial(ctx, server)
		end()
		if err != nil {
			return nil, err
		}
		return &tracedHost{Host: host, recorder: r}, nil
	}
}

type tracedHost struct {
	remote.Host
	recorder *recorder
}

func (h *tracedHost) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	defer h.recorder.begin(h.Name(), "run", commandName(cmd.Line.String()))()
	return h.Host.Run(ctx, cmd)
}

func (h *tracedHost) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	end := h.recorder.begin(h.Name(), "open", network+" "+address)
	conn, err := h.Host.Dial(ctx, network, address)
	end()
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, host: h.Name(), now: h.recorder.now, opened: h.recorder.now()}
	h.recorder.keep(l)
	return l, nil
}

func (h *tracedHost) Close() error {
	defer h.recorder.begin(h.Name(), "close", "SSH")()
	return h.Host.Close()
}

// line is a connection from a host to a server, whose passages are noted.
type line struct {
	net.Conn
	host   string
	now    func() time.Duration
	opened time.Duration

	mu       sync.Mutex
	passages []passage
}

// passage is something that was sent or that has arrived.
type passage struct {
	at   time.Duration
	sent string // what it is; empty for what has arrived
}

func (l *line) Write(packet []byte) (int, error) {
	l.note(passage{at: l.now(), sent: packetName(packet)})
	return l.Conn.Write(packet)
}

func (l *line) Read(buffer []byte) (int, error) {
	n, err := l.Conn.Read(buffer)
	if n > 0 {
		l.note(passage{at: l.now()})
	}
	return n, err
}

// Ended is what the connection itself tells of its end: without it replssl would ask each time.
func (l *line) Ended() bool {
	told, ok := l.Conn.(interface{ Ended() bool })
	return ok && told.Ended()
}

func (l *line) note(p passage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passages = append(l.passages, p)
}

// waits are the turns of the connection: from the first packet that is sent to the last one of the answer. Before anything is sent the
// server greets.
func (l *line) waits() []wait {
	l.mu.Lock()
	defer l.mu.Unlock()
	return turns(l.host, l.opened, l.passages)
}

func turns(host string, opened time.Duration, passages []passage) []wait {
	var list []wait
	turn, answered := wait{host: host, kind: "ask", what: "greeting", begin: opened, end: opened}, false
	for _, p := range passages {
		switch {
		case p.sent == "":
			turn.end, answered = p.at, true
		case answered:
			list = append(list, turn)
			turn, answered = wait{host: host, kind: "ask", what: p.sent, begin: p.at, end: p.at}, false
		case turn.what == "greeting":
			turn.what, turn.begin = p.sent, p.at
		}
	}
	if answered {
		list = append(list, turn)
	}
	return list
}

// packetName tells what a packet to a server asks.
func packetName(packet []byte) string {
	const query, ping, quit, tlsHandshake, tlsData = 0x03, 0x0e, 0x01, 0x16, 0x17
	switch {
	case len(packet) > 0 && packet[0] == tlsHandshake:
		return "TLS handshake"
	case len(packet) > 0 && packet[0] == tlsData:
		return "something within TLS"
	case len(packet) < 5:
		return "something short"
	case packet[3] > 0:
		return "login"
	case packet[4] == query:
		return shorten(string(packet[5:]), 60)
	case packet[4] == ping:
		return "ping"
	case packet[4] == quit:
		return "quit"
	}
	return "something else"
}

// commandName tells a command by the files of the server that it names, since the scripts are long and begin alike.
func commandName(commandLine string) string {
	files := ownFiles(commandLine)
	if len(files) == 0 {
		return shorten(commandLine, 60)
	}
	return fmt.Sprintf("%s (%d bytes)", shorten(strings.Join(files, " "), 90), len(commandLine))
}

// ownFiles are the paths below the folder of a lab's server, without that folder, each once.
func ownFiles(text string) []string {
	var list []string
	for _, found := range regexp.MustCompile(`/(?:primary|replica\d+)((?:/[\w.-]+)*)`).FindAllStringSubmatch(text, -1) {
		if name := "." + found[1]; !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func shorten(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
