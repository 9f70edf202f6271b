package private_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/private"
)

const ample = time.Minute

func file(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheFirstLineIsTheSecret(t *testing.T) {
	for text, want := range map[string]string{"sesame": "sesame", "sesame\n": "sesame", "sesame\r\nmore\n": "sesame", " a b \n": " a b "} {
		got, err := private.FromFile(file(t, text, 0o600))
		if err != nil || got.Reveal() != want {
			t.Errorf("file %q: %v, %v", text, got.Reveal(), err)
		}
		got, err = private.FromCommand(t.Context(), "cat "+file(t, text, 0o400), ample)
		if err != nil || got.Reveal() != want {
			t.Errorf("command %q: %v, %v", text, got.Reveal(), err)
		}
	}
	for _, text := range []string{"", "\n", "\r\n", "\nsesame\n"} {
		_, ofFile := private.FromFile(file(t, text, 0o600))
		_, ofCommand := private.FromCommand(t.Context(), "cat "+file(t, text, 0o600), ample)
		if !errors.Is(ofFile, private.ErrEmpty) || !errors.Is(ofCommand, private.ErrEmpty) {
			t.Errorf("%q: %v, %v", text, ofFile, ofCommand)
		}
	}
}

func TestAFileThatOthersCanReadIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o601} {
		path := file(t, "sesame", mode)
		_, err := private.FromFile(path)
		var open *private.OpenError
		if !errors.As(err, &open) || open.Hint() != "chmod 600 "+path || !strings.Contains(err.Error(), fmt.Sprintf("%04o", mode)) {
			t.Errorf("%04o: %v", mode, err)
		}
	}
	if _, err := private.FromFile("/nonexistent/secret"); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("got %v", err)
	}
}

func TestNothingOfACommandIsTold(t *testing.T) {
	_, err := private.FromCommand(t.Context(), "echo sesame; echo open >&2; exit 3", ample)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || strings.ContainsAny(err.Error(), ";>") ||
		strings.Contains(fmt.Sprintf("%v %+v", err, err), "sesame") || strings.Contains(err.Error(), "open") {
		t.Errorf("got %v", err)
	}
	_, err = private.FromCommand(t.Context(), "sleep 60", 50*time.Millisecond)
	var late *plain.Late
	if !errors.As(err, &late) {
		t.Errorf("got %v", err)
	}
}

func TestWhatACommandLeavesRunningIsNotWaitedFor(t *testing.T) {
	got, err := private.FromCommand(t.Context(), "echo sesame; sleep 20 &", ample)
	if err != nil || got.Reveal() != "sesame" {
		t.Errorf("got %v", err)
	}
}

func TestBlanksAreNoSecret(t *testing.T) {
	for _, text := range []string{"  ", "\t\n", " \r\nsesame"} {
		if _, err := private.FromFile(file(t, text, 0o600)); !errors.Is(err, private.ErrBlank) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOnlyAFileOfUsualLengthIsRead(t *testing.T) {
	if _, err := private.FromFile(file(t, "sesame\n"+strings.Repeat("x", 64<<10), 0o600)); !errors.Is(err, private.ErrTooLong) {
		t.Errorf("got %v", err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/null", t.TempDir()} {
		if _, err := private.FromFile(path); !errors.Is(err, private.ErrNoFile) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
