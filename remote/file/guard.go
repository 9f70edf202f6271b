package file

import (
	"fmt"
	"path"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/internal/warden"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Guard asks who else than root and the user who works there could put another file into a folder, or another folder in its place: [Write]
// refuses such a folder. [ParseGuard] reads what it prints.
func Guard(folder string) shell.Line {
	if !path.IsAbs(folder) {
		return shell.Refuse(fmt.Errorf("%q is not the absolute path of a folder", folder))
	}
	return shell.Script(guardScript, folder)
}

const guardScript = frame.Shell + warden.Look + frame.Open + "watched \"$1\"\n" + frame.Close

// ParseGuard is absent where nobody else could.
func ParseGuard(printed []byte) (seen.Value[seen.Risk], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[seen.Risk]{}, err
	}
	if len(lines) != 1 {
		return seen.Value[seen.Risk]{}, errNonsense
	}
	return warden.Parse(lines[0])
}
