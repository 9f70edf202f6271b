package process_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/process"
)

// TestOnlyWhatFindsOptionFilesLeavesTheHost looks at a process whose environment holds a password, and lines that look like ours.
func TestOnlyWhatFindsOptionFilesLeavesTheHost(t *testing.T) {
	for name, c := range map[string]struct {
		given []string
		want  map[string]string
	}{
		"nothing": {nil, map[string]string{}},
		"none":    {[]string{"PASSWORD=hidden", "XMYSQL_HOME=/hidden"}, map[string]string{}},
		"all": {
			[]string{"PASSWORD=hidden\nHOME=hidden", "MYSQL_HOME=/a b\nc", "MARIADB_HOME=/d", "HOME=", "MYSQL_GROUP_SUFFIX=.x", "MARIADB_GROUP_SUFFIX=é", "Z=1"},
			map[string]string{"MYSQL_HOME": "/a b\nc", "MARIADB_HOME": "/d", "HOME": "", "MYSQL_GROUP_SUFFIX": ".x", "MARIADB_GROUP_SUFFIX": "é"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cat := exec.CommandContext(t.Context(), "cat")
			cat.Env = append([]string{}, c.given...)
			input, err := cat.StdinPipe()
			must(t, err)
			must(t, cat.Start())
			defer func() {
				_ = input.Close()
				_ = cat.Wait()
			}()
			printed := run(t, byPID(t, cat.Process.Pid))
			found, err := process.ParseLook(printed, process.Process{})
			must(t, err)
			one, _ := found.Get()
			if got, ok := one.Environment.Get(); !ok || !maps.Equal(got, c.want) {
				t.Errorf("got %q, %s; want %q", got, one.Environment.Why(), c.want)
			}
			if strings.Contains(everything(printed), "hidden") {
				t.Errorf("the host tells what it should not:\n%s", everything(printed))
			}
		})
	}
}

// everything is an answer together with what is encoded in it.
func everything(printed []byte) string {
	text := string(printed)
	for _, word := range strings.Fields(text) {
		if decoded, err := base64.StdEncoding.DecodeString(word); err == nil {
			text += string(decoded)
		}
	}
	return text
}

func TestAnEnvironmentThatCannotBeRead(t *testing.T) {
	for said, want := range map[string]string{
		"":                           "the host did not tell it",
		"grep: Permission denied\n2": "grep: Permission denied",
		"A=1\x00":                    "the host did not tell it",
		"1":                          "",
	} {
		encoded := base64.StdEncoding.EncodeToString([]byte(said))
		found, err := process.ParseLook(answer(sample(), "process 42", "environ "+encoded), process.Process{})
		must(t, err)
		one, _ := found.Get()
		if got := one.Environment.Why(); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
	found, err := process.ParseLook(answer(sample(), "process 42", "environ ?"), process.Process{})
	must(t, err)
	if one, _ := found.Get(); !strings.Contains(fmt.Sprint(one.Environment), "decoded") {
		t.Errorf("got %v", one.Environment)
	}
}
