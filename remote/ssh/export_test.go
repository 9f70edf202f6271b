package ssh

import "time"

// Idle counts the sessions that wait for a command, and Sessions all of them.
func (c *Client) Idle() int {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	return len(c.sessions.idle)
}

// Sessions counts the sessions that are there or on their way.
func (c *Client) Sessions() int {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	return c.sessions.count
}

// HurrySessions shortens the wait for sessions that opened commands hold.
func (c *Client) HurrySessions(patience time.Duration) { c.sessions.patience = patience }

// The limits of a connection.
const (
	MaxSessions = maxSessions
	Spare       = spare
)
