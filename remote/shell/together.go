package shell

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// togetherScript runs each argument in a shell of its own, forked off this one, and marks the end of what it printed. No line can know the
// mark beforehand, so nothing that it prints, such as a file that somebody else wrote, can pass for one.
const togetherScript = `
fresh=
{ read -r fresh </proc/sys/kernel/random/uuid; } 2>/dev/null
mark=${fresh:-$mark$$}
printf '\n` + opening + `%s` + closing + `\n' "$mark"
for body; do
	(eval "$body")
	printf '\n` + ending + `%s` + closing + `\n' "$mark"
done
`

const (
	opening = "=== replssl answers "
	ending  = "=== replssl end of one of the answers "
	closing = " ==="
)

// Together runs lines one after the other in one command; [Apart] takes apart what they print. A line that fails does not keep the later ones
// from running, and what the lines change of their shell ends with them. The command succeeds whatever its lines do: what each did must be
// seen in what it printed. They share its input, and what they complain of.
func Together(lines ...Line) Line {
	if len(lines) == 0 {
		return Refuse(errors.New("no command lines to run together"))
	}
	bodies := make([]string, 0, len(lines))
	for _, line := range lines {
		if err := line.Err(); err != nil {
			return Refuse(err)
		}
		bodies = append(bodies, line.body)
	}
	return Script(togetherScript, bodies...)
}

// Apart gives for each of n lines that ran [Together] what it printed. It fails when not all of them came to their end.
func Apart(printed []byte, n int) ([][]byte, error) {
	_, rest, begun := bytes.Cut(append([]byte("\n"), printed...), []byte("\n"+opening))
	mark, rest, marked := bytes.Cut(rest, []byte(closing+"\n"))
	if !begun || !marked || bytes.ContainsAny(mark, " \n") {
		return nil, errors.New("the host gave no answers")
	}
	portions := bytes.Split(rest, []byte("\n"+ending+string(mark)+closing+"\n"))
	if found := len(portions) - 1; found != n { // behind the last mark, login shells say good-bye
		return nil, fmt.Errorf("the host gave %d of %d answers", found, n)
	}
	return portions[:n], nil
}

// scriptBody is a script as a text for a shell that runs already.
func scriptBody(text string, args []string) string {
	words := []string{"set", "--"}
	for _, arg := range args {
		words = append(words, Quote(arg))
	}
	return strings.Join(words, " ") + "\n" + text
}
