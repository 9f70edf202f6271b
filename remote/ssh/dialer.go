package ssh

import (
	"context"
	"time"
)

// Dialer makes the SSH connections of a run. Its fields say what holds for all of them where a [Config] leaves it open, and are not changed
// after the first Dial. The zero value is ready.
type Dialer struct {
	AgentSocket string
	DialTimeout time.Duration // see [Config]
	KeepAlive   time.Duration // see [Config]
}

// Dial connects to a host, checks its key and logs in.
func (d *Dialer) Dial(ctx context.Context, config Config) (*Client, error) {
	return Dial(ctx, d.complete(config))
}

// Close ends what the dialer keeps for several hosts. The hosts that it reached have to be closed before.
func (d *Dialer) Close() error { return nil }

func (d *Dialer) complete(config Config) Config {
	if config.AgentSocket == "" {
		config.AgentSocket = d.AgentSocket
	}
	if config.DialTimeout <= 0 {
		config.DialTimeout = d.DialTimeout
	}
	if config.KeepAlive <= 0 {
		config.KeepAlive = d.KeepAlive
	}
	return config.withDefaults()
}
