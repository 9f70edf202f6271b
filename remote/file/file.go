// Package file reads, writes and removes one small file on a host, such as an include of my.cnf or master.info.
//
// It does no IO: it makes command lines, and parses what they print.
package file

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
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

func parseOne(lines []string) (seen.Value[Content], error) {
	if len(lines) == 0 {
		return seen.Value[Content]{}, errNonsense
	}
	switch word, why := frame.Word(lines[0]); {
	case word == "absent" && len(lines) == 1:
		return seen.Absent[Content](), nil
	case word == "unknown" && len(lines) == 1:
		return seen.Unknown[Content](why), nil
	case word == "file" && len(lines) == 4:
		content, err := parseContent(why, lines[1:])
		if err != nil {
			return seen.Value[Content]{}, err
		}
		return seen.Known(content), nil
	default:
		return seen.Value[Content]{}, errNonsense
	}
}

// errNonsense quotes nothing of the answer, which may hold a secret.
var errNonsense = errors.New("the host's answer about the file makes no sense")

func parseContent(head string, lines []string) (Content, error) {
	mode, size := frame.Word(head)
	bits, modeErr := strconv.ParseUint(mode, 8, 12)
	want, sizeErr := strconv.Atoi(size)
	text, textErr := base64.StdEncoding.DecodeString(lines[2])
	if errors.Join(modeErr, sizeErr, textErr) != nil {
		return Content{}, errNonsense
	}
	if want != len(text) {
		return Content{}, errors.New("the file changed while it was read")
	}
	return Content{
		Text: secret.New(text), Mode: fs.FileMode(bits) & fs.ModePerm, Owner: lines[0], Group: lines[1],
	}, nil
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
