// Package templates holds the texts that replssl writes for people, with gaps to be filled in.
//
// What stands in a text is only where things go and which words are around them. What is decided about a server is decided by the
// one who fills it in: no statement of SQL stands here, and every value that a shell is going to read comes through "q".
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"

	"github.com/replssl/replssl/remote/shell"
)

//go:embed *.tmpl
var files embed.FS

// Texts are all templates, ready to be filled in.
type Texts struct{ templates *template.Template }

// Load reads the templates that were built into the program.
func Load() (Texts, error) { return parse(files) }

func parse(files fs.FS) (Texts, error) {
	all, err := template.New("").Option("missingkey=error").Funcs(functions()).ParseFS(files, "*.tmpl")
	if err != nil {
		return Texts{}, fmt.Errorf("templates: %w", err)
	}
	return Texts{all}, nil
}

// Fill fills in the template of that name.
func (t Texts) Fill(name string, data any) (string, error) {
	var text strings.Builder
	if err := t.templates.ExecuteTemplate(&text, name, data); err != nil {
		return "", fmt.Errorf("templates: %w", err)
	}
	return text.String(), nil
}

func functions() template.FuncMap {
	return template.FuncMap{
		"q":    shell.Quote,
		"line": line,
		"join": strings.Join,
		"add":  func(a, b int) int { return a + b },
	}
}

// line keeps a text that came from elsewhere on one line, so that it can be a comment or an item of a list.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
