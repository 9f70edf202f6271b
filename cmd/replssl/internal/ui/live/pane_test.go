package live_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
)

// pane is a real terminal: a window of a tmux server of its own, in which a shell runs.
type pane struct {
	t    *testing.T
	dir  string
	cues *os.File
}

func newPane(t *testing.T, size live.Size) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed, and no other real terminal is here: apt-get install tmux")
	}
	dir, err := os.MkdirTemp("", "pane") // a socket needs a short path
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t: t, dir: dir}
	if err := unix.Mkfifo(filepath.Join(dir, "cues"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.tmux("-f", "/dev/null", "-u", "new-session", "-d", "-x", fmt.Sprint(size.Width), "-y", fmt.Sprint(size.Height), "-c", dir, "PS1='% ' sh -i")
	t.Cleanup(func() {
		p.tmux("kill-server")
		_ = os.RemoveAll(dir)
	})
	p.seesPrompt()
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("tmux", args...)
	cmd.Env = append(os.Environ(), "TMUX=", "TMUX_TMPDIR="+p.dir, "LC_ALL=C.UTF-8", "NO_COLOR=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

func (p *pane) types(line string) { p.tmux("send-keys", "-l", line); p.presses("Enter") }

func (p *pane) presses(key string) { p.tmux("send-keys", key) }

// shows lets the program of these tests begin, and opens the pipe of its cues.
func (p *pane) shows(environment string) {
	p.t.Helper()
	program, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.types(fmt.Sprintf("LIVE_STAGE=%s %s %s", p.dir, environment, program))
	if p.cues, err = os.OpenFile(filepath.Join(p.dir, "cues"), os.O_WRONLY, 0); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cues.Close() })
}

func (p *pane) cue(text any) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.cues, text); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pane) resize(size live.Size) {
	p.tmux("resize-window", "-x", fmt.Sprint(size.Width), "-y", fmt.Sprint(size.Height))
}

// screen is what a person sees, without the empty rest.
func (p *pane) screen() string { return trimmed(p.tmux("capture-pane", "-p")) }

// scroll is all that a person can scroll back to as well.
func (p *pane) scroll() string { return trimmed(p.tmux("capture-pane", "-p", "-S", "-")) }

func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// sees waits until the screen is as it should be.
func (p *pane) sees(what string, holds func(screen string) bool) {
	p.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		screen := p.screen()
		if holds(screen) {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline.C:
			p.t.Fatalf("it does not show %s:\n%s", what, screen)
		}
	}
}

// seesPrompt waits for the shell.
func (p *pane) seesPrompt() {
	p.t.Helper()
	p.sees("a prompt", func(screen string) bool { return strings.HasSuffix(screen, "%") })
}

func (p *pane) seesAll(parts ...string) {
	p.t.Helper()
	p.sees(fmt.Sprint(parts), func(screen string) bool {
		for _, part := range parts {
			if !strings.Contains(screen, part) {
				return false
			}
		}
		return true
	})
}

// seesPicture waits for exactly these lines: whatever else there is would be left over from another picture.
func (p *pane) seesPicture(lines []string) {
	p.t.Helper()
	want := trimmed(ansi.Strip(strings.Join(lines, "\n")))
	p.sees("exactly this:\n"+want+"\nbut", func(screen string) bool { return screen == want })
}

// isAsBefore: the terminal is the shell's again, with its cursor.
func (p *pane) isAsBefore() {
	p.t.Helper()
	p.types("echo as $((1+1)) before")
	p.seesAll("as 2 before")
	modes := strings.TrimSpace(p.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}"))
	if modes != "0 1 1" {
		p.t.Errorf("alternate screen, cursor and wrapping are %s", modes)
	}
}

func (p *pane) keeps(records []event.Record) {
	p.t.Helper()
	file, err := os.Create(filepath.Join(p.dir, "records"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, r := range records {
		if err := json.NewEncoder(file).Encode(r); err != nil {
			p.t.Fatal(err)
		}
	}
}
