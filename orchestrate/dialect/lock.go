package dialect

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// lockName is of the lock that a run holds on its primary. It is the server's own: whatever the clusters of two inventories are called, they lead to
// the same lock where they lead to the same server.
const lockName = "'replssl'"

// LockTaken is whether a session has got the lock, and which session that is.
type LockTaken struct {
	Got bool
	ID  uint64
}

// TakeLock asks for the lock for the session, which has it until it ends. A run that has just ended may hold it for a moment.
func TakeLock() Query[LockTaken] {
	return Query[LockTaken]{
		ask:  Statement{"SELECT GET_LOCK(" + lockName + ", 3) AS got, CONNECTION_ID() AS id"},
		read: single(func(s *scan) LockTaken { return LockTaken{Got: s.text("got") == "1", ID: s.number("id", 64)} }),
	}
}

// HoldLock keeps the session busy for a second, with words by which others see in the list of processes whose it is.
func HoldLock(whose string) Statement {
	return Statement{"DO /* " + lockMark + harmless(whose) + " */ SLEEP(1)"}
}

// lockMark begins what the holder of the lock says of itself.
const lockMark = "replssl: "

// harmless leaves out what could end a comment.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '*' || r == '/' || r == '\\' || r == ';' {
			return '_'
		}
		return r
	}, text)
}

// LockHolder is the session that has the lock.
type LockHolder struct {
	ID         uint64
	User, Host string
	Whose      string // what it says of itself; empty between two words, or where it is not shown
}

func (h LockHolder) String() string {
	if h.Whose != "" {
		return h.Whose
	}
	return fmt.Sprintf("connection %d of %s from %s", h.ID, h.User, h.Host)
}

// HolderOfLock asks for the session that has the lock; absent: none has it. To see what another account's session says takes PROCESS.
func HolderOfLock() Query[LockHolder] {
	return Query[LockHolder]{
		ask: Statement{"SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.INFO AS info FROM information_schema.PROCESSLIST AS p" +
			" WHERE p.ID = IS_USED_LOCK(" + lockName + ")"},
		read: func(rows []Row) facts.Value[LockHolder] {
			if len(rows) == 0 {
				return facts.Absent[LockHolder]()
			}
			return single(readHolder)(rows)
		},
	}
}

func readHolder(s *scan) LockHolder {
	holder := LockHolder{ID: s.number("id", 64), User: s.text("user"), Host: s.text("host")}
	_, mark, _ := strings.Cut(s.text("info"), lockMark)
	holder.Whose, _, _ = strings.Cut(mark, " */")
	return holder
}
