package main

import (
	"slices"
	"testing"
	"time"
)

func made(host, what string, begin, end int) wait {
	return wait{host: host, what: what, begin: ms(begin), end: ms(end)}
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func names(waits []wait) []string {
	var list []string
	for _, w := range waits {
		list = append(list, w.what)
	}
	return list
}

func TestChainFollowsTheWaitThatWasOverLast(t *testing.T) {
	waits := []wait{
		made("a", "login", 0, 100), made("b", "other login", 0, 90),
		made("a", "short", 101, 150), made("b", "long", 102, 300),
		made("a", "at the end", 301, 400),
		made("a", "nothing", 350, 350),
	}
	if got, want := names(chain(waits, 401*time.Millisecond)), []string{"login", "long", "at the end"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestChainStaysOnAHostWhereTwoWereOverAtAboutTheSameTime(t *testing.T) {
	waits := []wait{made("a", "mine", 0, 100), made("b", "a little later", 0, 101), made("a", "next", 102, 200)}
	if got, want := names(chain(waits, 200*time.Millisecond)), []string{"mine", "next"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

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
