// Package file reads, writes and removes one small file on a host, such as an include of my.cnf or master.info.
//
// It does no IO: it makes command lines, and parses what they print.
package file

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/shell"
)

// MaxSize is the largest file that is read or written.
const MaxSize = 1 << 20

// Content is a file that was read. Its text is a secret because such files hold passwords; a link was followed.
type Content struct {
	Text  secret.Text
	Mode  fs.FileMode // permission bits
	Owner string
	Group string
}

// Attributes are what a written file gets besides its content.
type Attributes struct {
	Mode  fs.FileMode // permission bits
	Owner string      // user or user:group, as root only; empty to leave it to whoever writes
}

// Write replaces a file in one rename, or makes it. Its folder must be there. The command knows how long the content is, so a
// connection that breaks on the way cannot publish a part of it.
//
// A symbolic link or anything else that is not a regular file is not replaced.
func Write(name string, content secret.Text, attributes Attributes) remote.Command {
	text := content.Reveal()
	switch owner := attributes.Owner; {
	case len(text) > MaxSize:
		return remote.Command{Line: shell.Refuse(fmt.Errorf("%s would have %d bytes, more than the %d allowed", name, len(text), MaxSize))}
	case attributes.Mode&^fs.ModePerm != 0:
		return remote.Command{Line: shell.Refuse(fmt.Errorf("%v is not a mode of permission bits", attributes.Mode))}
	case owner != strings.TrimSpace(owner) || strings.HasPrefix(owner, "-"):
		return remote.Command{Line: shell.Refuse(fmt.Errorf("%q is not the name of an owner", owner))}
	}
	mode := fmt.Sprintf("%04o", attributes.Mode)
	line := named(writeScript, name, path.Dir(name), path.Base(name), strconv.Itoa(len(text)), mode, attributes.Owner)
	return remote.Command{Line: line, Stdin: bytes.NewReader([]byte(text))}
}

// Remove removes a file, or a symbolic link. One that is not there is fine; a folder is refused.
func Remove(name string) shell.Line { return named(removeScript, name, path.Dir(name)) }

func named(script, name string, args ...string) shell.Line {
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" {
		return shell.Refuse(fmt.Errorf("%q is not the absolute path of a file in its plain form", name))
	}
	return shell.Script(script, append([]string{name}, args...)...)
}
