package file

import (
	"fmt"
	"path"
	"strings"

	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Pick names files to read: one file of a folder, or with one star in its name all that fit.
type Pick struct {
	Folder string
	Name   string
}

// One picks a file by its path.
func One(name string) Pick { return Pick{Folder: path.Dir(name), Name: path.Base(name)} }

// Found is a file that was picked.
type Found struct {
	Path    string
	Content seen.Value[Content]
}

// ReadMany prints many files in one command; [ParseReadMany] reads what it printed. Run it as a Confidential command.
func ReadMany(picks ...Pick) shell.Line {
	var args []string
	for _, pick := range picks {
		before, after, star := strings.Cut(pick.Name, "*")
		if !path.IsAbs(pick.Folder) || pick.Name == "" || strings.Contains(pick.Name, "/") || strings.Contains(after, "*") {
			return shell.Refuse(fmt.Errorf("%q in %q cannot be picked to be read", pick.Name, pick.Folder))
		}
		mark := ""
		if star {
			mark = "star"
		}
		args = append(args, path.Clean(pick.Folder), before, after, mark)
	}
	return shell.Script(readManyScript, args...)
}
