package topology

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxName is the longest host name that a receiver keeps, in bytes.
	maxName = 255

	// maxServerPath is the longest path that a server keeps for a TLS file, in bytes: it cuts longer ones without a word.
	maxServerPath = 511

	// maxSocket is the longest path of a unix socket on Linux, in bytes.
	maxSocket = 107

	// longestFile is the longest of the paths that a server is given within its TLS folder.
	longestFile = "/current/cert.pem"
)

// checkName looks at a name that is used as a host name, a folder's name and a word of messages alike.
func checkName(s *source, what string, name setting[string]) bool {
	fault := nameFault(name.value)
	if name.value == "" || !name.given() || fault == "" {
		return name.value != ""
	}
	s.fault(name.line, "%s %q %s", what, oneLine(name.value), fault)
	return false
}

func nameFault(name string) string {
	switch {
	case strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }):
		return "has a character other than A-Z, a-z, 0-9, dot, colon, hyphen and underscore"
	case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-"):
		return "begins with a dot or a hyphen"
	case len(name) > maxName:
		return "is longer than the 255 bytes of a host name"
	}
	return ""
}

func isNameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:-", r)
}

// isControl tells what must not reach a terminal, a statement or a file of settings: control characters, line separators and
// marks that turn the direction of the text.
func isControl(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func checkPrintable(s *source, what string, text setting[string]) {
	if strings.ContainsFunc(text.value, isControl) || !utf8.ValidString(text.value) {
		s.fault(text.line, "%s has a control character", what)
	}
}

// checkDir looks at a folder whose files a server is told of, in a statement and in a file of settings.
func checkDir(s *source, what string, dir setting[string]) {
	if !dir.given() || dir.value == "" {
		return
	}
	switch name := dir.value; {
	case strings.ContainsFunc(name, isControl) || !utf8.ValidString(name):
		s.fault(dir.line, "%s has a control character", what)
	case strings.ContainsAny(name, "'\"`\\#"):
		s.fault(dir.line, "%s has a quote, a backslash or a #, which a file of settings cannot hold", what)
	case !path.IsAbs(name):
		s.fault(dir.line, "%s must be an absolute path, as in /etc/mysql-ssl", what)
	case slices.Contains(strings.Split(name, "/"), "..") || path.Clean(name) == "/":
		s.fault(dir.line, "%s must be a folder of its own, without ..", what)
	case len(path.Clean(name)+longestFile) > maxServerPath:
		s.fault(dir.line, "%s is too long: with %s it has %d bytes, and a server keeps %d",
			what, longestFile, len(path.Clean(name)+longestFile), maxServerPath)
	}
}

// checkChoice looks at a value that is one of a few words.
func checkChoice(s *source, what string, word setting[string], served []string) {
	switch near, ok := closest(word.value, served); {
	case word.value == "" || slices.Contains(served, word.value):
	case ok:
		s.fault(word.line, "%s must be %s (did you mean %q?)", what, strings.Join(served, " or "), near)
	default:
		s.fault(word.line, "%s must be %s", what, strings.Join(served, " or "))
	}
}

func checkPort(s *source, what string, port setting[int]) {
	if port.given() && (port.value < 1 || port.value > 65535) {
		s.fault(port.line, "%s must be from 1 to 65535", what)
	}
}

// checkLocalPath looks at a file on the machine that runs the tool.
func checkLocalPath(s *source, what string, file setting[string], env Defaults) {
	if !file.given() {
		return
	}
	checkPrintable(s, what, file)
	switch rest, home := strings.CutPrefix(file.value, "~"); {
	case home && rest != "" && !strings.HasPrefix(rest, "/"):
		s.fault(file.line, "%s: ~ with a name is not expanded, write the whole path", what)
	case home && env.Home == "":
		s.fault(file.line, "%s: the home folder is not known, write the whole path", what)
	}
}

func (s sshSection) check(text *source, what string, env Defaults) {
	if user := s.user; user.given() && (strings.ContainsFunc(user.value, isControl) ||
		strings.ContainsAny(user.value, " @") || strings.HasPrefix(user.value, "-")) {
		text.fault(user.line, "%s.user has a space, an @ or a control character, or begins with a hyphen", what)
	}
	checkPort(text, what+".port", s.port)
	checkLocalPath(text, what+".identity_file", s.identityFile, env)
	checkLocalPath(text, what+".known_hosts", s.knownHosts, env)
	checkPrintable(text, what+".passphrase_command", s.passphraseCommand)
	s.checkJump(text, what+".jump")
}

func (s sshSection) checkJump(text *source, what string) {
	for _, name := range hops(s.jump.value) {
		hop := hop(name)
		if hop.Address == "" || nameFault(hop.Address) != "" || strings.ContainsFunc(hop.User, isControl) ||
			strings.HasPrefix(hop.User, "-") || hop.Port > 65535 || hop.Port < 0 {
			text.fault(s.jump.line, "%s: %q is not [user@]host[:port]", what, oneLine(name))
		}
	}
}

// hasPassword says that the section tells where the password of the administrator is.
func (s mysqlSection) hasPassword() bool {
	return s.passwordFile.given() || s.passwordEnv.given() || s.passwordCommand.given()
}

func (s mysqlSection) checkPassword(text *source, what string, env Defaults) {
	given := 0
	for _, place := range []setting[string]{s.passwordFile, s.passwordEnv, s.passwordCommand} {
		if !place.given() {
			continue
		}
		if given++; given == 2 {
			text.fault(place.line, "%s: give one of password_file, password_env and password_command", what)
		}
	}
	checkLocalPath(text, what+".password_file", s.passwordFile, env)
	checkPrintable(text, what+".password_env", s.passwordEnv)
	checkPrintable(text, what+".password_command", s.passwordCommand)
	if strings.Contains(s.passwordEnv.value, "=") {
		text.fault(s.passwordEnv.line, "%s.password_env is the name of a variable, without its value", what)
	}
}

func (s mysqlSection) check(text *source, what string, env Defaults) {
	s.checkPassword(text, what+".admin", env)
	checkPort(text, what+".port", s.port)
	checkPrintable(text, what+".admin.user", s.admin)
	switch socket := s.socket.value; {
	case !s.socket.given() || socket == "" || socket == socketAuto:
	case !path.IsAbs(socket):
		text.fault(s.socket.line, "%s.socket must be an absolute path, or auto", what)
	case strings.ContainsFunc(socket, isControl):
		text.fault(s.socket.line, "%s.socket has a control character", what)
	case len(socket) > maxSocket:
		text.fault(s.socket.line, "%s.socket has %d bytes, and a path of a socket at most %d", what, len(socket), maxSocket)
	}
}
