package file_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/secret"
)

// busybox runs command lines by its shell and its tools alone.
type busybox struct {
	program string
	tools   string
}

func newBusybox(t *testing.T) busybox {
	t.Helper()
	program, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("busybox is missing: scripts/setup.sh installs it where apt-get can")
	}
	tools := place(t)
	if out, err := exec.CommandContext(t.Context(), program, "--install", "-s", tools).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return busybox{program, tools}
}

func (b busybox) run(t *testing.T, command remote.Command) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), b.program, "sh", "-c", command.Line.String())
	cmd.Stdin, cmd.Stderr, cmd.Env = command.Stdin, &stderr, []string{"PATH=" + b.tools}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return out
}

// TestABusybox runs each command by the shell and the tools of busybox.
func TestABusybox(t *testing.T) {
	b, folder := newBusybox(t), place(t)
	name, text := filepath.Join(folder, "zz file.cnf"), "[mysqld]\nssl\n"
	for range 2 {
		b.run(t, file.Write(name, secret.New(text), file.Attributes{Mode: 0o640}))
		found, err := file.ParseReadMany(b.run(t, remote.Command{Line: file.ReadMany(file.One(name), file.One(name+".none"), file.Pick{Folder: folder, Name: "*.cnf"})}))
		must(t, err)
		if len(found) != 3 || tell(found[0]) != "zz file.cnf=[mysqld]\nssl" || tell(found[1]) != "zz file.cnf.none=absent" || tell(found[2]) != tell(found[0]) {
			t.Errorf("got %v", found)
		}
		if files, _ := found[0].Get(); len(files) == 1 {
			if content, _ := files[0].Content.Get(); content.Mode != 0o640 || content.Owner == "" || content.Group == "" || content.Text.Reveal() != text {
				t.Errorf("got %v", content)
			}
		}
	}
	same, err := file.ParseSameFolder(b.run(t, remote.Command{Line: file.SameFolder(folder, folder+"/.", b.tools)}), folder+"/.", b.tools)
	must(t, err)
	if one, _ := same[folder+"/."].Get(); !one {
		t.Errorf("got %v", same)
	}
	b.seesCertificates(t, folder)
	for range 2 {
		b.run(t, remote.Command{Line: file.Remove(name)})
		if _, err := os.Lstat(name); !os.IsNotExist(err) {
			t.Errorf("it is there yet: %v", err)
		}
	}
}

// seesCertificates looks where there is no openssl, which busybox has not.
func (b busybox) seesCertificates(t *testing.T, folder string) {
	t.Helper()
	key, cert := filepath.Join(folder, "key.pem"), filepath.Join(folder, "cert.pem")
	out, err := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=x").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(cert)
	must(t, err)
	names := []string{cert, key, cert + ".none"}
	found, err := file.ParseCertificates(b.run(t, remote.Command{Line: file.LookAtCertificates(names...)}), names...)
	must(t, err)
	one, _ := found[cert].Get()
	two, _ := found[key].Get()
	if one.Certs != string(want) || two.Public.Why() != "openssl is not installed" || !found[names[2]].IsAbsent() {
		t.Errorf("got %v", found)
	}
}
