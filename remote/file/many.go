package file

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
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

// ParseReadMany gives for each pick the files it found, sorted by path. A pick with a star is absent when its folder is, and
// unknown when its folder could not be listed; a file that was picked by its name is always found, if only as absent.
func ParseReadMany(printed []byte) ([]seen.Value[[]Found], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return nil, err
	}
	var picks []seen.Value[[]Found]
	for _, group := range groups(lines, "pick ") {
		pick, err := parsePick(group)
		if err != nil {
			return nil, err
		}
		picks = append(picks, pick)
	}
	return picks, nil
}

// groups cuts lines before each that begins with the mark.
func groups(lines []string, mark string) [][]string {
	var all [][]string
	for _, line := range lines {
		if strings.HasPrefix(line, mark) || all == nil {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], line)
	}
	return all
}

func parsePick(lines []string) (seen.Value[[]Found], error) {
	rest, ok := strings.CutPrefix(lines[0], "pick ")
	word, why := frame.Word(rest)
	switch {
	case ok && word == "absent" && len(lines) == 1:
		return seen.Absent[[]Found](), nil
	case ok && word == "unknown" && len(lines) == 1:
		return seen.Unknown[[]Found](why), nil
	case !ok || word != "present":
		return seen.Value[[]Found]{}, errNonsense
	}
	found := []Found{}
	for _, group := range groups(lines[1:], "path ") {
		one, err := parseFound(group)
		if err != nil {
			return seen.Value[[]Found]{}, err
		}
		found = append(found, one)
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.Path, b.Path) })
	return seen.Known(found), nil
}

func parseFound(lines []string) (Found, error) {
	encoded, ok := strings.CutPrefix(lines[0], "path ")
	name, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(name) == 0 {
		return Found{}, errNonsense
	}
	content, err := parseOne(lines[1:])
	return Found{Path: strings.TrimSuffix(string(name), "\n"), Content: content}, err
}
