package frame_test

import (
	"os/exec"
	"slices"
	"testing"

	"github.com/replssl/replssl/remote/internal/frame"
)

func TestNoiseAroundTheAnswerIsLeftOut(t *testing.T) {
	text := "printf 'motd without newline'\n" + frame.Shell + frame.Open + `say one; say "two $(flat "a
b")"; printf abc | encode; say` + "\n" + frame.Close + "echo bye\n"
	out, err := exec.Command("/bin/sh", "-c", text).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := frame.Lines(out)
	if want := []string{"one", "two a b", "YWJj"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("got %q, %v", lines, err)
	}
}

func TestAnAnswerWithoutItsMarksIsRefused(t *testing.T) {
	for _, printed := range []string{"", "dir absent\n", "=== replssl begin ===\ndir absent\n", "x=== replssl begin ===\n=== replssl end ===\n"} {
		if lines, err := frame.Lines([]byte(printed)); err == nil {
			t.Errorf("%q gives %q", printed, lines)
		}
	}
	if lines, err := frame.Lines([]byte("=== replssl begin ===\n=== replssl end ===\n")); err != nil || len(lines) != 0 {
		t.Errorf("an empty answer gives %q, %v", lines, err)
	}
}

func TestABodyMayHoldMarks(t *testing.T) {
	const mark, end = "=== replssl begin ===\n", "=== replssl end ===\n"
	for printed, want := range map[string]string{
		"motd\n" + mark + "a\x00\n\n" + end + "bye\n":                "a\x00\n",
		mark + mark + end + "b\n" + end:                              mark + end + "b",
		mark + "=== replssl end ===\nx=== replssl end ===\n\n" + end: "=== replssl end ===\nx=== replssl end ===\n",
	} {
		if got, err := frame.Body([]byte(printed)); err != nil || got != want {
			t.Errorf("%q gives %q, %v", printed, got, err)
		}
	}
	for _, printed := range []string{"", mark, mark + "a" + end, "a\n" + end} {
		if got, err := frame.Body([]byte(printed)); err == nil {
			t.Errorf("%q gives %q", printed, got)
		}
	}
}
