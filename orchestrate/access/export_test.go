package access

import "github.com/replssl/replssl/orchestrate/topology"

// Lives says that the kept connection of a server is not known to have ended.
func (s *Servers) Lives(name topology.ServerName) bool {
	l, err := s.line(name)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pool != nil && l.pool.last.Load().lives()
}
