package observe

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/seen"
)

// TestAFolderOfSetsThatOthersMayWriteTo can be closed in place where a set is in use, and its owner is the server's user or root.
func TestAFolderOfSetsThatOthersMayWriteTo(t *testing.T) {
	const open = "others than its owner may write to versions (mode 0777)"
	one := []fileset.Version{{Number: 1, Folder: seen.Known(fileset.Folder{Kind: fileset.Directory, Mode: 0o755})}}
	for _, file := range []*seen.Value[fileset.File]{&one[0].CA, &one[0].Cert, &one[0].Key, &one[0].CRL} {
		*file = seen.Absent[fileset.File]()
	}
	link := seen.Known(fileset.Link{Kind: fileset.Symlink, Target: "versions/1"})
	for name, c := range map[string]struct {
		owner string
		link  seen.Value[fileset.Link]
		kind  facts.DirKind
		open  string
	}{
		"the server's own": {"mysql", link, facts.DirReal, open},
		"that of root":     {"root", link, facts.DirReal, open},
		"a stranger's":     {"eve", link, facts.DirOther, ""},
		"nothing in use":   {"mysql", seen.Absent[fileset.Link](), facts.DirOther, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, why := tlsDir(fileset.State{
				Dir:      seen.Known(fileset.Folder{Kind: fileset.Directory, Mode: 0o755, Owner: "root"}),
				Root:     seen.Known(fileset.Folder{Kind: fileset.Directory, Mode: 0o777, Owner: c.owner}),
				Versions: seen.Known(one), Current: c.link,
			}, "mysql")
			if why != "" || dir.Kind != c.kind || dir.Open != c.open || (c.kind == facts.DirOther) != (dir.Fault == open) {
				t.Errorf("got %+v, %s", dir, why)
			}
		})
	}
}
