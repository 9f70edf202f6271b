package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestTurnsOfAConnection(t *testing.T) {
	at := func(n int) time.Duration { return time.Duration(n) }
	passages := []passage{
		{at(2), ""}, {at(3), "login"}, {at(5), ""}, {at(6), "SELECT 1"}, {at(7), "SELECT 2"}, {at(8), ""}, {at(9), ""}, {at(10), "quit"},
	}
	want := []wait{
		{host: "a", kind: "ask", what: "greeting", begin: 1, end: 2},
		{host: "a", kind: "ask", what: "login", begin: 3, end: 5},
		{host: "a", kind: "ask", what: "SELECT 1", begin: 6, end: 9},
	}
	if got := turns("a", 1, passages); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := turns("a", 1, nil); got != nil {
		t.Errorf("got %v of a silent connection", got)
	}
	spoken := []passage{{at(4), "hello"}, {at(6), ""}}
	if got, want := turns("a", 1, spoken), []wait{{host: "a", kind: "ask", what: "hello", begin: 4, end: 6}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v, where the client speaks first", got, want)
	}
}

func TestPacketsAreNamed(t *testing.T) {
	for packet, want := range map[string]string{
		"\x09\x00\x00\x00\x03SELECT  1": "SELECT 1",
		"\x01\x00\x00\x00\x0e":          "ping",
		"\x20\x00\x00\x01\x85\xa6\x03":  "login",
		"\x16\x03\x01\x00\xf0":          "TLS handshake",
		"\x17\x03\x03\x00\x20":          "something within TLS",
		"\x01\x00":                      "something short",
		"\x01\x00\x00\x00\x1b":          "something else",
	} {
		if got := packetName([]byte(packet)); got != want {
			t.Errorf("%q: got %q, want %q", packet, got, want)
		}
	}
}

func TestCommandsAreNamedByTheirFiles(t *testing.T) {
	const look = "/bin/sh -c 'a long script' sh /tmp/lab/replica12/tls /tmp/lab/replica12/run/mysqld.pid /tmp/lab/replica12/tls /tmp/lab/replica12"
	for command, want := range map[string]string{
		look:       fmt.Sprintf("./tls ./run/mysqld.pid . (%d bytes)", len(look)),
		"id   -un": "id -un",
	} {
		if got := commandName(command); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
