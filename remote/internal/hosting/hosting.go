// Package hosting is what every implementation of remote.Host shares, so that no two of them can differ in it.
package hosting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/plain"
)

// Streams collects what a command prints, each stream up to remote.MaxOutput.
type Streams struct {
	Stdout, Stderr *Buffer
}

// NewStreams makes empty streams; over is called once for each stream that is about to exceed the limit.
func NewStreams(over func()) Streams {
	return Streams{Stdout: &Buffer{over: over}, Stderr: &Buffer{over: over}}
}

// Output is what was collected.
func (s Streams) Output() remote.Output {
	return remote.Output{Stdout: s.Stdout.bytes(), Stderr: s.Stderr.bytes()}
}

// Buffer is one stream. It takes every Write, so that the writer never stalls, and drops what is beyond the limit.
type Buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
	full bool
	over func()
}

// Write takes a part of the stream.
func (b *Buffer) Write(part []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.full:
	case b.data.Len()+len(part) > remote.MaxOutput:
		b.full = true
		b.over()
	default:
		_, _ = b.data.Write(part)
	}
	return len(part), nil
}

func (b *Buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Bytes()
}

// ExitError is the error of a command that ended with this code.
func ExitError(host string, cmd remote.Command, code int, out remote.Output) error {
	failed := &remote.ExitError{Host: host, Code: code, Stderr: string(out.Stderr)}
	if cmd.Confidential {
		failed.Stderr = ""
	}
	return failed
}

// ContextError is the error of what was under way when the context ended; it wraps the context's error and its cause.
func ContextError(ctx context.Context, host, doing string) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	ended := &endedError{host: host, doing: doing, reasons: []error{cause}}
	if !errors.Is(cause, err) {
		ended.reasons = append(ended.reasons, err)
	}
	return ended
}

// endedError is told with the first of its reasons.
type endedError struct {
	host, doing string
	reasons     []error
}

func (e *endedError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.host, e.doing, plain.Cause(e.reasons[0]))
}

func (e *endedError) Unwrap() []error { return e.reasons }
