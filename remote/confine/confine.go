// Package confine tells what a security module lets a server read, by the label of its process and the texts of its profile.
//
// It does no IO: it reads what a host told. What it knows of AppArmor's language is that of apparmor.d(5), as far as it bears on reading a
// file; what it does not know makes the answer unknown, never a yes.
package confine

import (
	"path"
	"slices"
	"strings"

	"github.com/replssl/replssl/remote/seen"
)

// Folder is where AppArmor's profiles stand, and what their includes are relative to.
const Folder = "/etc/apparmor.d"

// Label is what a security module enforces on a process. The zero value is nothing.
type Label struct {
	Profile string // of AppArmor, where it is enforced
	Type    string // of SELinux: the third part of the context, such as mysqld_t
}

// ReadLabel reads the text of /proc/PID/attr/current. A profile that only complains and a process that is not confined are nothing.
func ReadLabel(text string) Label {
	text = strings.TrimRight(text, "\x00\n ")
	if profile, mode, found := cutLast(text, " ("); found {
		if mode == "enforce)" || mode == "kill)" {
			return Label{Profile: profile}
		}
		return Label{}
	}
	if parts := strings.Split(text, ":"); len(parts) >= 3 && !strings.HasPrefix(parts[2], "unconfined_") {
		return Label{Type: parts[2]}
	}
	return Label{}
}

// FileType is the type in the context of a file, such as mysqld_etc_t; empty where the text is no context.
func FileType(context string) string {
	if parts := strings.Split(context, ":"); len(parts) >= 3 {
		return parts[2]
	}
	return ""
}

// MayReadType says whether a process with the label may read a file of the type, by SELinux's reference policy. Its module mysql
// 1.9.2 was read; of the interfaces that it calls, and of newer names, the types are taken without that, rather one too many. Nothing of it was
// tried, and a host's own policy may say more. Unknown is any other domain.
func (l Label) MayReadType(fileType string) seen.Value[bool] {
	switch {
	case l.Type != "mysqld_t":
		return seen.Unknown[bool]("what the policy lets " + l.Type + " read is not known here")
	case fileType == "":
		return seen.Unknown[bool]("the type of the file was not told")
	}
	switch fileType {
	case "mysqld_etc_t", "mysqld_db_t", "mysqld_log_t", "mysqld_tmp_t", "mysqld_var_run_t", "mysqld_runtime_t",
		"cert_t", "etc_t", "etc_runtime_t", "usr_t", "locale_t", "user_home_t":
		return seen.Known(true)
	}
	return seen.Known(false)
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// File is one that stands in [Folder] itself: profiles are looked for in these.
type File struct{ Path, Text string }

// Included is what an include of a path brings: one text where a file stands there, those of its files where it is a folder.
type Included map[string]seen.Value[[]string]

// Profile is one profile, with the file that it stands in.
type Profile struct {
	Path  string
	nodes []node // of the whole file: what comes before the profile holds its variables
	block node
}

// Find finds a profile by its name, or tells why it cannot.
func Find(files []File, name string) (found Profile, why string) {
	if strings.Contains(name, "//") {
		return Profile{}, "it is made of several profiles (" + name + ")"
	}
	for _, file := range files {
		nodes := parse(file.Text)
		for _, n := range nodes {
			if n.kind != profileNode || n.name() != name {
				continue
			}
			if found.Path != "" {
				return Profile{}, "both " + found.Path + " and " + file.Path + " have it"
			}
			found = Profile{Path: file.Path, nodes: nodes, block: n}
		}
	}
	if found.Path == "" {
		return Profile{}, "no file in " + Folder + " has it"
	}
	return found, ""
}

// Place is where a rule of one's own belongs: the included file in the folder local, else the profile itself.
func (p Profile) Place() string {
	for _, n := range p.block.nodes {
		if n.kind == includeNode && path.Dir(n.path) == Folder+"/local" {
			return n.path
		}
	}
	return p.Path
}

// Missing are the paths that the profile includes and that have not been read, sorted.
func (p Profile) Missing(from Included) []string {
	e := newEvaluation(from)
	e.take(p)
	slices.Sort(e.missing)
	return slices.Compact(e.missing)
}

// MayRead says whether the profile lets a process read all of the files, by their resolved paths. They are taken to belong to the user of the
// process, as rules for its owner ask.
func (p Profile) MayRead(from Included, paths ...string) seen.Value[bool] {
	e := newEvaluation(from)
	e.take(p)
	answer := seen.Known(true)
	for _, one := range paths {
		may := e.mayRead(one)
		switch can, ok := may.Get(); {
		case ok && !can:
			return may
		case !ok:
			answer = may
		}
	}
	return answer
}
