package hosting

import (
	"strings"
	"sync"
	"time"

	"github.com/replssl/replssl/remote"
)

// Grace is how long a command that was opened and closed has to end by itself once its input has ended.
const Grace = 2 * time.Second

// Ends keeps both ends of a stream, each up to remote.MaxComplaint bytes, and takes every Write.
type Ends struct {
	mu   sync.Mutex
	head []byte
	tail []byte
	cut  bool // something between them was dropped
}

// Write takes a part of the stream.
func (e *Ends) Write(part []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := min(len(part), remote.MaxComplaint-len(e.head))
	e.head = append(e.head, part[:n]...)
	e.tail = append(e.tail, part[n:]...)
	if over := len(e.tail) - remote.MaxComplaint; over > 0 {
		e.tail, e.cut = append([]byte(nil), e.tail[over:]...), true
	}
	return len(part), nil
}

// String is what was kept.
func (e *Ends) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.cut {
		return string(e.head) + string(e.tail)
	}
	return strings.ToValidUTF8(string(e.head), "") + " […] " + strings.ToValidUTF8(string(e.tail), "")
}
