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
