package confine_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/seen"
)

// mysqld is a profile in the manner of the one that comes with MySQL's packages on Ubuntu.
const mysqld = `# a profile for the database server
include <tunables/global>

/usr/sbin/mysqld {
  #include <abstractions/base>
  include <abstractions/mysql>

  capability dac_override,
  capability setgid, # to become mysql
  network tcp,
  signal (receive) peer=unconfined,

  /etc/mysql/*.pem r,
  /etc/mysql/conf.d/{,*} r,
  /etc/mysql/my.cnf r,
  /usr/sbin/mysqld mr,
  "/usr/share/mysql/**" r,
  owner @{PROC}/@{pid}/status r,
  /var/lib/mysql/ r,
  /var/lib/mysql/** rwk,
  @{run}/mysqld/mysqld.sock w,
  deny /var/lib/mysql/private/** r,
  /bin/helper Cx -> helper,

  profile helper {
    /etc/replssl/** r,
  }

  include if exists <local/usr.sbin.mysqld>
}
`

func known(texts ...string) seen.Value[[]string] { return seen.Known(texts) }

// system are the includes of the profile.
func system(local string) confine.Included {
	return confine.Included{
		"/etc/apparmor.d/tunables/global":        known("include <tunables/home>\n@{PROC}=/proc/\n@{pid}=[0-9]*\n@{run}=/run/ /var/run/\n"),
		"/etc/apparmor.d/tunables/home":          known("@{HOMEDIRS}=/home/\n@{HOME}=@{HOMEDIRS}/*/ /root/\n"),
		"/etc/apparmor.d/abstractions/base":      known("/etc/localtime r,\n/etc/ld.so.cache mr,\n"),
		"/etc/apparmor.d/abstractions/mysql":     known("/var/lib/mysql{,d}/mysql{,d}.sock rw,\n"),
		"/etc/apparmor.d/local/usr.sbin.mysqld":  known(local),
		"/etc/apparmor.d/local/usr.sbin.another": known("/** r,"),
	}
}

func find(t testing.TB, text, name string) confine.Profile {
	t.Helper()
	profile, why := confine.Find([]confine.File{{Path: "/etc/apparmor.d/usr.sbin.mysqld", Text: text}}, name)
	if why != "" {
		t.Fatal(why)
	}
	return profile
}

func answer(v seen.Value[bool]) string {
	can, ok := v.Get()
	switch {
	case !ok:
		return "unknown " + v.Why()
	case can:
		return "yes"
	}
	return "no"
}

func TestLabels(t *testing.T) {
	for text, want := range map[string]confine.Label{
		"/usr/sbin/mysqld (enforce)\n":             {Profile: "/usr/sbin/mysqld"},
		"mysqld (kill)\n":                          {Profile: "mysqld"},
		"a b (c) (enforce)":                        {Profile: "a b (c)"},
		"/usr/sbin/mysqld (complain)\n":            {},
		"unconfined\n":                             {},
		"unconfined (unconfined)":                  {},
		"":                                         {},
		"system_u:system_r:mysqld_t:s0\x00":        {Type: "mysqld_t"},
		"system_u:system_r:mysqld_t:s0:c1,c2":      {Type: "mysqld_t"},
		"unconfined_u:unconfined_r:unconfined_t:0": {},
		"_": {},
	} {
		if got := confine.ReadLabel(text); got != want {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// TestWhatAProfileLetsRead asks for files by what the local file adds.
func TestTypesOfFiles(t *testing.T) {
	server := confine.Label{Type: "mysqld_t"}
	for context, want := range map[string]string{
		"system_u:object_r:mysqld_etc_t:s0":     "yes",
		"system_u:object_r:etc_t:s0":            "yes",
		"system_u:object_r:cert_t:s0:c1,c2":     "yes",
		"unconfined_u:object_r:user_tmp_t:s0":   "no",
		"unconfined_u:object_r:admin_home_t:s0": "no",
		"system_u:object_r:unlabeled_t:s0":      "no",
		"?":                                     "unknown the type of the file was not told",
		"":                                      "unknown the type of the file was not told",
	} {
		if got := answer(server.MayReadType(confine.FileType(context))); got != want {
			t.Errorf("%q: got %s, want %s", context, got, want)
		}
	}
	if got := answer(confine.Label{Type: "container_t"}.MayReadType("user_tmp_t")); got != "unknown what the policy lets container_t read is not known here" {
		t.Errorf("got %s", got)
	}
}

func TestWhatAProfileLetsRead(t *testing.T) {
	for name, c := range map[string]struct{ local, path, want string }{
		"files of the package's own folder":    {"", "/etc/mysql/server-key.pem", "yes"},
		"a star ends at a slash":               {"", "/etc/mysql/ssl/versions/1/key.pem", "no"},
		"the folder of replssl":                {"", "/etc/replssl/versions/1/key.pem", "no"},
		"a rule of the local file":             {"/etc/replssl/** r,", "/etc/replssl/versions/1/key.pem", "yes"},
		"one for the owner":                    {"owner /etc/replssl/** rk,", "/etc/replssl/versions/1/key.pem", "yes"},
		"one that lets write alone":            {"/etc/replssl/** wk,", "/etc/replssl/versions/1/key.pem", "no"},
		"one in a comment":                     {"# /etc/replssl/** r,", "/etc/replssl/versions/1/key.pem", "no"},
		"audited, modes first":                 {"audit allow file r /etc/replssl/**,", "/etc/replssl/versions/1/key.pem", "yes"},
		"all files":                            {"file,", "/etc/replssl/versions/1/key.pem", "yes"},
		"everything":                           {"all,", "/etc/replssl/versions/1/key.pem", "yes"},
		"a quoted path with a blank":           {`"/etc/my ssl/**" r,`, "/etc/my ssl/key.pem", "yes"},
		"alternatives":                         {"/etc/{a,repl{ssl,tls}}/versions/[0-9]/{ca,cert,key}.pem r,", "/etc/repltls/versions/1/key.pem", "yes"},
		"alternatives that leave one out":      {"/etc/replssl/versions/[0-9]/{ca,cert}.pem r,", "/etc/replssl/versions/1/key.pem", "no"},
		"a class that leaves one out":          {"/etc/replssl/versions/[^1]/*.pem r,", "/etc/replssl/versions/1/key.pem", "no"},
		"a question mark":                      {"/etc/replss?/versions/?/*.pem r,", "/etc/replssl/versions/1/key.pem", "yes"},
		"an escaped star":                      {`/etc/\*/** r,`, "/etc/replssl/versions/1/key.pem", "no"},
		"a comma that is not there":            {"/etc/replssl/** r", "/etc/replssl/versions/1/key.pem", "yes"},
		"two rules in a line":                  {"/a r, /etc/replssl/** r,", "/etc/replssl/versions/1/key.pem", "yes"},
		"allowed and forbidden":                {"/etc/replssl/** r, deny /etc/replssl/**/key.pem r,", "/etc/replssl/versions/1/key.pem", "no"},
		"forbidden in the profile":             {"", "/var/lib/mysql/private/key.pem", "no"},
		"forbidden to be written alone":        {"/etc/replssl/** r, deny /etc/replssl/** w,", "/etc/replssl/versions/1/key.pem", "yes"},
		"a home":                               {"@{HOME}/tls/** r,", "/root/tls/key.pem", "yes"},
		"another's home":                       {"@{HOME}/tls/** r,", "/home/a/tls/key.pem", "yes"},
		"a variable of its own":                {"@{TLS}=/etc/a /etc/b\n@{TLS}+=/etc/replssl # ours\n@{TLS}/** r,", "/etc/replssl/versions/1/key.pem", "yes"},
		"a variable that nobody knows":         {"@{NOBODY}/** r,", "/etc/replssl/versions/1/key.pem", "unknown its rule \"@{NOBODY}/** r\": the variable \"NOBODY\" is not known"},
		"forbidden by one that nobody knows":   {"/etc/replssl/** r, deny @{NOBODY}/** r,", "/etc/replssl/versions/1/key.pem", `unknown its rule "deny @{NOBODY}`},
		"a variable of itself":                 {"@{A}=@{A}\n@{A}/** r,", "/etc/replssl/versions/1/key.pem", "unknown its rule"},
		"a condition":                          {"if $x { /etc/replssl/** r, }", "/etc/replssl/versions/1/key.pem", "unknown it has conditions"},
		"an alias":                             {"alias /etc/a -> /etc/replssl,\n/etc/a/** r,", "/etc/replssl/versions/1/key.pem", "unknown it has the rule alias"},
		"a priority":                           {"priority=1 /etc/replssl/** r,", "/etc/replssl/versions/1/key.pem", "unknown its rule"},
		"an include that is gone":              {"include <abstractions/none>", "/etc/replssl/versions/1/key.pem", "unknown /etc/apparmor.d/abstractions/none was not read"},
		"an include of an absolute path":       {`#include "/etc/apparmor.d/local/usr.sbin.another"`, "/etc/replssl/versions/1/key.pem", "yes"},
		"an include without an end":            {"include <local/usr.sbin.mysqld>", "/etc/replssl/versions/1/key.pem", "unknown its includes have no end"},
		"a brace that is not closed":           {"/etc/{a,b/** r,", "/etc/replssl/versions/1/key.pem", "unknown its rule"},
		"a rule that only looks like one":      {"unix (send) peer=(label=/etc/replssl/**),", "/etc/replssl/versions/1/key.pem", "no"},
		"a program that may be started, alone": {"/etc/replssl/** Px -> x,", "/etc/replssl/versions/1/key.pem", "no"},
	} {
		t.Run(name, func(t *testing.T) {
			got := answer(find(t, mysqld, "/usr/sbin/mysqld").MayRead(system(c.local), c.path))
			if got != c.want && (!strings.HasPrefix(c.want, "unknown") || !strings.HasPrefix(got, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAllOfTheFilesMustBeReadable(t *testing.T) {
	profile := find(t, mysqld, "/usr/sbin/mysqld")
	if got := answer(profile.MayRead(system("/etc/r/{ca,cert}.pem r,"), "/etc/r/ca.pem", "/etc/r/cert.pem", "/etc/r/key.pem")); got != "no" {
		t.Errorf("got %s", got)
	}
	if got := answer(profile.MayRead(system("/etc/r/*.pem r,"), "/etc/r/ca.pem", "/etc/r/cert.pem", "/etc/r/key.pem")); got != "yes" {
		t.Errorf("got %s", got)
	}
}

// TestWhereAProfileIs: by its name or its program, in one file alone.
func TestWhereAProfileIs(t *testing.T) {
	files := []confine.File{
		{Path: "/etc/apparmor.d/empty", Text: "# This file says nothing, so that the server is not confined.\n"},
		{Path: "/etc/apparmor.d/a", Text: "profile mariadbd /usr/sbin/mariadbd flags=(attach_disconnected){\n include <local/a>\n}\nprofile \"b c\" /b { }\n"},
		{Path: "/etc/apparmor.d/twice", Text: "/usr/sbin/x { }"},
		{Path: "/etc/apparmor.d/twice.old", Text: "/usr/sbin/x { }"},
	}
	for name, want := range map[string]string{
		"mariadbd": "/etc/apparmor.d/local/a", "b c": "/etc/apparmor.d/a", "/usr/sbin/mariadbd": "no file in /etc/apparmor.d has it",
		"/usr/sbin/x": "both /etc/apparmor.d/twice and /etc/apparmor.d/twice.old have it", "a//&b": "it is made of several profiles (a//&b)",
	} {
		profile, why := confine.Find(files, name)
		if why == "" {
			why = profile.Place()
		}
		if why != want {
			t.Errorf("%s: got %q, want %q", name, why, want)
		}
	}
}

func TestWhatIsToBeReadYet(t *testing.T) {
	profile := find(t, mysqld, "/usr/sbin/mysqld")
	got := strings.Join(profile.Missing(confine.Included{}), " ")
	want := "/etc/apparmor.d/abstractions/base /etc/apparmor.d/abstractions/mysql /etc/apparmor.d/local/usr.sbin.mysqld /etc/apparmor.d/tunables/global"
	if got != want {
		t.Errorf("got %s", got)
	}
	if got := profile.Missing(system("")); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	gone := system("")
	gone["/etc/apparmor.d/local/usr.sbin.mysqld"] = seen.Absent[[]string]()
	if got := answer(profile.MayRead(gone, "/etc/mysql/a.pem")); got != "yes" {
		t.Errorf("a file that may be missing: %s", got)
	}
}

// FuzzAProfile: no text makes it fail, or gives a file free that a last rule forbids.
func FuzzAProfile(f *testing.F) {
	f.Add(mysqld, "/etc/replssl/** r,")
	f.Add("/usr/sbin/mysqld { @{A}=@{A}@{A}\n @{A} r, }", "deny /{a,b}[^c]?\\*/** r,")
	f.Add("/usr/sbin/mysqld{{{ /a r }", "@{A}=@{B}@{B}\n@{B}=@{C}@{C}\n@{C}=xxxxxxx\n@{A} r,")
	f.Fuzz(func(t *testing.T, text, local string) {
		profile, why := confine.Find([]confine.File{{Path: "/p", Text: text}}, "/usr/sbin/mysqld")
		if why != "" {
			return
		}
		const key = "/etc/replssl/versions/1/key.pem"
		included := system(local)
		first, again := answer(profile.MayRead(included, key)), answer(profile.MayRead(included, key))
		if first != again {
			t.Fatalf("%s, then %s", first, again)
		}
		profile, _ = confine.Find([]confine.File{{Path: "/p", Text: "/usr/sbin/mysqld {\ndeny /etc/replssl/** r,\ninclude <local/usr.sbin.mysqld>\n}"}}, "/usr/sbin/mysqld")
		if got := answer(profile.MayRead(included, key)); got == "yes" {
			t.Fatalf("what is forbidden may be read after %q", local)
		}
	})
}
