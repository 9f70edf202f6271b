package pki

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/replssl/replssl/remote/shell"
)

// File is the part that a file plays in a set. As a text it is the name that the file has there.
type File string

// itself is the file that a text is about, where the text does not know which part that plays.
const itself File = "FILE"

// Names are what a person calls the files of a set. A file without one is called as it is in a set.
type Names map[File]string

// NamesIn are those of a set that lies in a folder under its own names.
func NamesIn(dir string) Names {
	names := Names{}
	for _, file := range []File{FileCA, FileCert, FileKey, FileChain, FileCRL} {
		names[file] = strings.TrimSuffix(dir, "/") + "/" + string(file)
	}
	return names
}

func (n Names) of(file File) string { return cmp.Or(n[file], string(file)) }

// about are the names where a text is about one of the files.
func (n Names) about(file File) Names {
	names := Names{}
	maps.Copy(names, n)
	names[itself] = n.of(file)
	return names
}

// Text is what is said of files. Whoever reads it says what they are called.
type Text struct{ parts []any }

// say puts a text together: of strings, of files, of files as words of commands, and of other texts.
func say(parts ...any) Text { return Text{parts} }

// In is the text with what the files are called. Whatever else it holds is printable: it may quote certificates of anybody.
func (t Text) In(names Names) string {
	var text strings.Builder
	for _, part := range t.parts {
		switch part := part.(type) {
		case File:
			text.WriteString(names.of(part))
		case word:
			text.WriteString(shell.Quote(names.of(part.file) + part.ending))
		case Text:
			text.WriteString(part.In(names))
		default:
			text.WriteString(Printable(fmt.Sprint(part)))
		}
	}
	return text.String()
}

func (t Text) String() string { return t.In(nil) }

// word is a file in a command that a person pastes; with an ending, the file beside it that the command writes. No command writes over
// what it reads.
type word struct {
	file   File
	ending string
}

func (f File) word() word                { return word{file: f} }
func (f File) beside(ending string) word { return word{file: f, ending: ending} }

// Printable is a text of which a terminal carries nothing out: bytes that are not printable ASCII as \xHH, in the way of [SubjectOneLine].
func Printable(text string) string {
	var line strings.Builder
	for _, char := range []byte(text) {
		if char < ' ' || char > '~' {
			fmt.Fprintf(&line, `\x%02X`, char)
			continue
		}
		line.WriteByte(char)
	}
	return line.String()
}
