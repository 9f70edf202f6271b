package ssh

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// wire is the TCP connection under SSH. It remembers that reading from it has failed before anything above can notice.
type wire struct {
	net.Conn
	spoken atomic.Bool // a byte came
	ended  atomic.Bool
}

func (w *wire) Read(buffer []byte) (int, error) {
	n, err := w.Conn.Read(buffer)
	if n > 0 {
		w.spoken.Store(true)
	}
	if err != nil {
		w.ended.Store(true)
	}
	return n, err
}

// bind makes every read and write of conn end with the context. The release gives conn its freedom back, and is false when the
// context has ended before.
func bind(ctx context.Context, conn net.Conn) (release func() bool) {
	return context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Unix(1, 0))
	})
}
