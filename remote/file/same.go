package file

import (
	"fmt"
	"path"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// SameFolder compares a folder with others as the kernel knows them, whatever links or mounts lead there; [ParseSameFolder] reads what it
// prints. It starts no program.
func SameFolder(folder string, others ...string) shell.Line {
	for _, name := range append([]string{folder}, others...) {
		if !path.IsAbs(name) {
			return shell.Refuse(fmt.Errorf("%q is not the absolute path of a folder", name))
		}
	}
	return shell.Script(sameFolderScript, append([]string{folder}, others...)...)
}

const sameFolderScript = frame.Shell + `
answer() {
	folder=$1
	shift
	for other; do
		if [ "$folder" -ef "$other" ]; then
			say same
		elif [ -d "$folder" ] && [ -d "$other" ]; then
			say other
		else
			say "unknown"
		fi
	done
}
` + frame.Open + "answer \"$@\"\n" + frame.Close

// ParseSameFolder says of each of the others whether it is the folder, by its path; unknown is one that may not be looked at.
func ParseSameFolder(printed []byte, others ...string) (map[string]seen.Value[bool], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return nil, err
	}
	if len(lines) != len(others) {
		return nil, errNonsense
	}
	same := map[string]seen.Value[bool]{}
	for i, name := range others {
		switch lines[i] {
		case "same", "other":
			same[name] = seen.Known(lines[i] == "same")
		case "unknown":
			same[name] = seen.Unknown[bool](name + " cannot be looked at")
		default:
			return nil, fmt.Errorf("%w: %.80q", errNonsense, strings.TrimSpace(lines[i]))
		}
	}
	return same, nil
}
