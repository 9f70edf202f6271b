package sudo

import (
	"fmt"
	"regexp"
	"strings"
)

// Why is why sudo did not run a command.
type Why uint8

// The reasons. Sudo asks for the password before it tells a user that sudoers does not name him or does not allow the command (tried on 1.9.13),
// so that Password may stand for both.
const (
	Unclear    Why = iota // the words are in Said
	Missing               // the host has no sudo
	Password              // sudo asks for a password
	Unlisted              // sudoers does not name the user
	NotAllowed            // sudoers names the user, and does not allow the command
	Terminal              // sudo wants a terminal
)

// Error says that sudo did not run a command as root.
type Error struct {
	Host string
	User string
	Why  Why
	Said string // what sudo, or whoever came before it, printed
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: sudo for %s: %s", e.Host, e.User, e.reason())
}

func (e *Error) reason() string {
	switch e.Why {
	case Missing:
		return "the host has no sudo"
	case Password:
		return "it asks for a password; sudoers does not let the user run /bin/sh without one"
	case Unlisted:
		return "sudoers does not name the user"
	case NotAllowed:
		return "sudoers does not allow /bin/sh to the user"
	case Terminal:
		return "it wants a terminal (requiretty)"
	case Unclear:
	}
	if said := lastWords(e.Said); said != "" {
		return "the command was not run: " + said
	}
	return "the command was not run, and no reason was told"
}

// Hint is what a person can do.
func (e *Error) Hint() string {
	const file = "/etc/sudoers.d/replssl"
	lines := e.name() + " ALL=(root) NOPASSWD: /bin/sh"
	switch e.Why {
	case Missing:
		return "install sudo on the host, or log in as root: ssh.user: root, and no ssh.sudo"
	case Password, Unlisted, NotAllowed:
		return fmt.Sprintf("this line lets the user do it, in %s on the host (visudo -f %s): %s", file, file, lines)
	case Terminal:
		return fmt.Sprintf("these lines let the user do it, in %s on the host (visudo -f %s): Defaults:%s !requiretty and %s", file, file, e.name(), lines)
	case Unclear:
	}
	return fmt.Sprintf("see what this says on the host, logged in as %s: sudo -n -u root -- /bin/sh -c id", e.User)
}

// name is the user as sudoers takes it.
func (e *Error) name() string {
	if plainName().MatchString(e.User) {
		return e.User
	}
	return `"` + e.User + `"`
}

func plainName() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`) }

// why reads what sudo says in the C locale: sudo 1.6 to 1.9, and sudo-rs. The second text of a line is what follows a name.
func why(said string, code int) Why {
	const notFound = 127 // of env
	for line := range strings.Lines(said) {
		for _, known := range []struct {
			text string
			why  Why
		}{
			{"you must have a tty to run sudo", Terminal},
			{" is not in the sudoers file", Unlisted},
			{" is not allowed to execute ", NotAllowed},
			{" is not allowed to run sudo on ", NotAllowed},
			{"I'm afraid I can't do that", NotAllowed},
			{"password is required", Password},
			{"interactive authentication is required", Password},
			{"a terminal is required to read the password", Password},
		} {
			if strings.Contains(line, known.text) {
				return known.why
			}
		}
	}
	if code == notFound && strings.Contains(said, "sudo") {
		return Missing
	}
	return Unclear
}

// lastWords is the end of what was said, in one line.
func lastWords(said string) string {
	const most = 300
	text := strings.Join(strings.Fields(said), " ")
	if len(text) <= most {
		return text
	}
	return "…" + strings.ToValidUTF8(text[len(text)-most:], "")
}
