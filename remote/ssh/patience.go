package ssh

import (
	"context"
	"sync"
	"time"

	"github.com/replssl/replssl/remote/plain"
)

// patience is the time that a login may take. It stands still while a person is asked for something.
type patience struct {
	ctx    context.Context //nolint:containedctx // of the login, which lives as long: the library's signers are given none
	cancel context.CancelCauseFunc
	within time.Duration

	mu     sync.Mutex // guards what follows
	timer  *time.Timer
	since  time.Time // when the timer last ran on
	left   time.Duration
	pauses int
	paused bool // there was a pause
}

func newPatience(ctx context.Context, within time.Duration) *patience {
	p := &patience{within: within, left: within, since: time.Now()}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	p.timer = time.AfterFunc(within, p.expire)
	return p
}

func (p *patience) expire() { p.cancel(&plain.Late{Within: p.within}) }

// end gives up what was waited for.
func (p *patience) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
	p.cancel(nil)
}

func (p *patience) ended() bool { return p.ctx.Err() != nil }

// pause lets the time stand still until the resume.
func (p *patience) pause() (resume func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = true
	if p.pauses++; p.pauses == 1 && p.timer.Stop() {
		p.left -= time.Since(p.since)
	}
	return p.resume
}

func (p *patience) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pauses--; p.pauses == 0 && p.ctx.Err() == nil {
		p.since = time.Now()
		p.timer.Reset(max(p.left, time.Millisecond))
	}
}

// wasPaused says that a person was asked.
func (p *patience) wasPaused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused
}
