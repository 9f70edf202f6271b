package fileset_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote/fileset"
)

// withCRL is a set of four files.
func withCRL(t *testing.T, name string) fileset.Files {
	t.Helper()
	files := set(t, name)
	files.CRL = []byte("crl of " + name + "\n")
	return files
}

func TestASetMayHaveACRL(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	plain, revoking := set(t, "one"), withCRL(t, "two")
	owner := ""
	if isRoot() {
		owner = "nobody"
	}
	sh(t, installAndSwitch(t, dir, 1, plain, owner))
	sh(t, installAndSwitch(t, dir, 2, revoking, owner))
	before := snapshot(t, dir)
	sh(t, installAndSwitch(t, dir, 2, revoking, owner))
	if after := snapshot(t, dir); after != before {
		t.Errorf("the same again changed something:\n%s\n%s", before, after)
	}
	versions := known(t, look(t, dir, owner).Versions)
	if !versions[0].CRL.IsAbsent() {
		t.Errorf("the first set has %v", versions[0].CRL)
	}
	crl := known(t, versions[1].CRL)
	if known(t, crl.PEM) != "crl of two\n" || crl.Mode != 0o644 || known(t, crl.SHA256) != hexSum(revoking.CRL) || !crl.PublicKey.IsUnknown() {
		t.Errorf("the second set has %+v", crl)
	}
	if folder := known(t, versions[1].Folder); folder.Kind != fileset.Directory || folder.Mode != 0o755 {
		t.Errorf("its folder is %+v", folder)
	}
	if readable, ok := crl.Readable.Get(); owner != "" && (!ok || !readable) {
		t.Errorf("it is %v that the owner reads it", crl.Readable)
	}
}

func TestSetsThatDifferInTheCRLAlone(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	revoking := withCRL(t, "one")
	plain, other := revoking, revoking
	plain.CRL, other.CRL = nil, []byte("another\n")
	sh(t, install(t, dir, 1, revoking, ""))
	refused(t, install(t, dir, 1, plain, ""), "holds other files")
	refused(t, install(t, dir, 1, other, ""), "holds other files")
	sh(t, install(t, dir, 2, plain, ""))
	refused(t, install(t, dir, 2, revoking, ""), "holds other files")
}

func TestACRLThatIsNoFileIsNotSwitchedTo(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 1, set(t, "one"), ""))
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "versions", "1", "crl.pem")))
	refused(t, line(fileset.Switch(dir, 1)), "crl.pem is not a regular file")
}

func TestASetWithoutACRLIsPackedAsBefore(t *testing.T) {
	files := withCRL(t, "one")
	with, err := fileset.Pack(files)
	must(t, err)
	files.CRL = nil
	without, err := fileset.Pack(files)
	must(t, err)
	digests, _, _ := bytes.Cut(without, []byte("\n"))
	if len(digests) != 3*64+2 || bytes.Contains(without, []byte("crl.pem")) {
		t.Errorf("it begins with %s", digests)
	}
	digests, _, _ = bytes.Cut(with, []byte("\n"))
	if len(digests) != 4*64+3 || !bytes.Contains(with, []byte("crl.pem")) {
		t.Errorf("with a CRL it begins with %s", digests)
	}
}
