package process_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// TestWhatASecurityModuleEnforces runs the function of the real script over files of a folder, since a kernel has one security module, if any.
func TestWhatASecurityModuleEnforces(t *testing.T) {
	closed := "unknown FOLDER/proc/7/attr/current cannot be read"
	for name, c := range map[string]struct {
		files map[string]string
		said  string
		want  seen.Value[confine.Label]
	}{
		"no module": {map[string]string{"proc/7/attr/current": ""}, "label - ", seen.Known(confine.Label{})},
		"AppArmor, enforced": {
			map[string]string{"proc/7/attr/current": "/usr/sbin/mysqld (enforce)\n", "sys/module/apparmor/parameters/enabled": "Y\n"},
			"label - /usr/sbin/mysqld (enforce)", seen.Known(confine.Label{Profile: "/usr/sbin/mysqld"}),
		},
		"beside another module": {
			map[string]string{"proc/7/attr/current": "_\n", "proc/7/attr/apparmor/current": "mariadbd (enforce)\n"},
			"label - mariadbd (enforce)", seen.Known(confine.Label{Profile: "mariadbd"}),
		},
		"AppArmor, complaining": {map[string]string{"proc/7/attr/current": "mysqld (complain)\n"}, "label - mysqld (complain)", seen.Known(confine.Label{})},
		"AppArmor, not confined": {
			map[string]string{"proc/7/attr/current": "unconfined\n", "sys/module/apparmor/parameters/enabled": "Y\n"},
			"label - unconfined", seen.Known(confine.Label{}),
		},
		"AppArmor, hidden": {
			map[string]string{"proc/7/attr/current": "", "sys/module/apparmor/parameters/enabled": "Y\n"},
			"label - " + closed, seen.Unknown[confine.Label]("proc/7/attr/current cannot be read"),
		},
		"AppArmor, switched off": {
			map[string]string{"proc/7/attr/current": "", "sys/module/apparmor/parameters/enabled": "N\n"}, "label - ", seen.Known(confine.Label{}),
		},
		"SELinux, enforcing": {
			map[string]string{"proc/7/attr/current": "system_u:system_r:mysqld_t:s0\x00", "sys/fs/selinux/enforce": "1"},
			"label 1 system_u:system_r:mysqld_t:s0", seen.Known(confine.Label{Type: "mysqld_t"}),
		},
		"SELinux, permissive": {
			map[string]string{"proc/7/attr/current": "system_u:system_r:mysqld_t:s0\x00", "sys/fs/selinux/enforce": "0"},
			"label 0 system_u:system_r:mysqld_t:s0", seen.Known(confine.Label{}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			said := label(t, c.files)
			if said != c.said {
				t.Fatalf("the host says %q, want %q", said, c.said)
			}
			if got := ofLabel(t, said); got.String() != c.want.String() && !strings.Contains(got.Why(), c.want.Why()) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// label is what the script says of process 7 on a host with these files.
func label(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		name = filepath.Join(folder, name)
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, []byte(text), 0o600))
	}
	function := regexp.MustCompile(`(?s)label\(\) \{\n.*?\n\}\n`).FindString(process.LookScript)
	if function == "" {
		t.Fatal("the script has no such function")
	}
	function = strings.NewReplacer("=/proc/", "="+folder+"/proc/", "</sys/", "<"+folder+"/sys/").Replace(function)
	out, err := remotetest.RunLocal(t.Context(), remote.Command{Line: shell.Script("say() { printf '%s\\n' \"$*\"; }\npid=7\n" + function + "label\n")})
	must(t, err)
	return strings.ReplaceAll(strings.TrimSuffix(string(out.Stdout), "\n"), folder, "FOLDER")
}

// ofLabel is the label of this process, had its host said that.
func ofLabel(t *testing.T, said string) seen.Value[confine.Label] {
	t.Helper()
	answer := regexp.MustCompile(`(?m)^label .*$`).ReplaceAllLiteralString(string(run(t, byPID(t, os.Getpid()))), said)
	found, err := process.ParseLook([]byte(answer), process.Process{})
	must(t, err)
	p, ok := found.Get()
	if !ok {
		t.Fatal(found)
	}
	return p.Label
}
