// Package plain says to people what the Go library says to programmers: why something could not be done, and how long something takes.
package plain

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Cause is the text of an error in which the words of the Go library are put into those of a person. What a host, a server or the
// operating system said stays as it is.
func Cause(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, found := range sayable(err) {
		text = strings.Replace(text, found.raw, found.said, 1)
	}
	return text
}

// saying is a part of an error's text, and what to say instead.
type saying struct{ raw, said string }

// sayable are the outermost errors of the tree that have a saying.
func sayable(err error) []saying {
	if said, ok := say(err); ok {
		return []saying{{err.Error(), said}}
	}
	switch wrapped := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		if inner := wrapped.Unwrap(); inner != nil {
			return sayable(inner)
		}
	case interface{ Unwrap() []error }:
		var all []saying
		for _, inner := range wrapped.Unwrap() {
			all = append(all, sayable(inner)...)
		}
		return all
	}
	return nil
}

const (
	noAnswer = "no answer in time"
	ended    = "the other end closed the connection"
)

func say(err error) (said string, ok bool) {
	switch e := err.(type) { //nolint:errorlint // one link of the tree at a time
	case *net.DNSError:
		return unresolved(e), true
	case *net.AddrError:
		return e.Addr + " is not host:port (" + e.Err + ")", true
	case *net.OpError:
		return Cause(e.Err), true // operation and address are told by whoever wanted the connection
	case *os.SyscallError:
		return Cause(e.Err), true
	case syscall.Errno:
		return "", false // the operating system's own text is as plain as can be
	case interface{ Timeout() bool }:
		if e.Timeout() {
			return noAnswer, true
		}
	}
	switch err { //nolint:errorlint // one link of the tree at a time
	case context.Canceled:
		return "interrupted", true
	case io.EOF, io.ErrUnexpectedEOF:
		return ended, true
	case net.ErrClosed, io.ErrClosedPipe:
		return "the connection is closed", true
	}
	return "", false
}

func unresolved(e *net.DNSError) string {
	if e.IsTimeout || e.IsTemporary {
		return "the name " + e.Name + " cannot be resolved now: " + strings.TrimSpace(e.Err)
	}
	return "the name " + e.Name + " does not resolve"
}
