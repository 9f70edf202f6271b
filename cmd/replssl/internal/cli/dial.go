package cli

import "github.com/replssl/replssl/remote/ssh"

// dialer makes the SSH connections of a session.
func (s *settings) dialer() *ssh.Dialer {
	return &ssh.Dialer{AgentSocket: s.world.Getenv("SSH_AUTH_SOCK"), DialTimeout: s.timeout}
}
