package process_test

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/process"
)

const tcpHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// answer frames texts as a host sends them; the plain lines are sent as they are.
func answer(texts map[string]string, plain ...string) []byte {
	var all strings.Builder
	put := func(prefix, text string) {
		for line := range strings.Lines(text) {
			all.WriteString(prefix + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	put("", "motd\n=== replssl begin ===\n"+strings.Join(plain, "\n")+"\n")
	put("stat ", texts["stat"])
	put("cmdline text ", base64.StdEncoding.EncodeToString([]byte(texts["cmdline"])))
	put("", "sockets begin\n")
	put("/proc/42/net/tcp:", texts["tcp"])
	put("/proc/42/net/tcp6:", texts["tcp6"])
	put("(standard input):", texts["fd"])
	put("", texts["complaint"])
	put("sockets end ", texts["status"])
	put("users ", texts["users"])
	put("stat-after ", texts["stat-after"])
	return []byte(all.String() + "=== replssl end ===\n")
}

func sample() map[string]string {
	stat := "42 (my) sqld\n) S" + strings.Repeat(" 0", 18) + " 777 0 0\n"
	return map[string]string{
		"stat": stat, "stat-after": stat, "users": "0 27\n", "status": "0\n", "cmdline": "mysqld\x00--x=a\nb\x00\x00",
		"fd": "total 0\nlrwx------ 1 m m 64 Nov 1 10:00 3 -> socket:[100]\nls: cannot read symbolic link '/proc/42/fd/9': No such file or directory\n",
		"tcp": tcpHead + "   0: 0100007F:0CEA 0201A8C0:D431 01 00000000:00000000 00:00000000 00000000    27        0 100 1\n" +
			"   1: 0100007F:0CEA 0201A8C0:D432 01 00000000:00000000 00:00000000 00000000    27        0 999 1\n" +
			"   2: 00000000:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000    27        0 100 1\n",
		"tcp6": tcpHead + "   0: 0000000000000000FFFF00000100007F:0CEA 0000000000000000FFFF00000201A8C0:0001 01 " +
			"00000000:00000000 00:00000000 00000000    27        0 100 1\n",
	}
}

func TestParseLook(t *testing.T) {
	found, err := process.ParseLook(answer(sample(), "process 42", "user 27 mysql"), process.Process{})
	must(t, err)
	got, _ := found.Get()
	name, _ := got.Effective.Name.Get()
	if got.PID != 42 || got.Start != 777 || got.Real.ID != 0 || got.Effective.ID != 27 || name != "mysql" || !got.Real.Name.IsUnknown() {
		t.Errorf("got %+v", got)
	}
	if args, _ := got.Args.Get(); fmt.Sprintf("%q", args) != `["mysqld" "--x=a\nb" ""]` {
		t.Errorf("args are %q", args)
	}
	connections, _ := got.Connections.Get()
	local := netip.MustParseAddrPort("127.0.0.1:3306")
	want := []process.Connection{
		{Local: local, Remote: netip.MustParseAddrPort("192.168.1.2:1")}, {Local: local, Remote: netip.MustParseAddrPort("192.168.1.2:54321")},
	}
	if fmt.Sprint(connections) != fmt.Sprint(want) {
		t.Errorf("connections are %v, want %v", connections, want)
	}
}

func TestWhatCouldNotBeReadIsUnknown(t *testing.T) {
	for name, c := range map[string][3]string{
		"a descriptor":    {"fd", "ls: cannot read symbolic link '/proc/42/fd/9': Permission denied\n", "Permission denied"},
		"the folder":      {"fd", "ls: cannot open directory '/proc/42/fd': Permission denied\n", "Permission denied"},
		"no folder":       {"fd", "", "nothing is listed"},
		"a table":         {"tcp", tcpHead + "0: zz:1 0:0 01 0 0 0 0 0 100\n", "cannot be understood"},
		"no table":        {"tcp", "", "the table tcp"},
		"no table tcp6":   {"tcp6", "", "the table tcp6"},
		"a complaint":     {"complaint", "grep: /proc/42/net/tcp: Permission denied\n", "Permission denied"},
		"grep was killed": {"status", "137\n", "not tell all"},
	} {
		texts := sample()
		texts[c[0]] = c[1]
		found, err := process.ParseLook(answer(texts, "process 42"), process.Process{})
		must(t, err)
		if got, ok := found.Get(); !ok || !strings.Contains(got.Connections.Why(), c[2]) {
			t.Errorf("%s: %v", name, got.Connections)
		}
	}
	texts := sample()
	texts["tcp6"] = ""
	found, err := process.ParseLook(answer(texts, "process 42", "tcp6 none"), process.Process{})
	must(t, err)
	if got, _ := found.Get(); got.Connections.IsUnknown() {
		t.Errorf("a host without IPv6: %v", got.Connections)
	}
}

func TestAProcessThatEndsMeanwhileIsUnknown(t *testing.T) {
	for after, why := range map[string]string{
		strings.Replace(sample()["stat"], "777", "778", 1): "ended while",
		"":            "ended while",
		"42 (my) S\n": "cannot be understood",
	} {
		texts := sample()
		texts["stat-after"] = after
		if found, err := process.ParseLook(answer(texts, "process 42"), process.Process{}); err != nil || !strings.Contains(found.Why(), why) {
			t.Errorf("%q: %v, %v", after, found, err)
		}
	}
}

func TestAnswersWithoutAProcess(t *testing.T) {
	if found, err := process.ParseLook(answer(nil, "process unknown denied"), process.Process{}); err != nil || found.Why() != "denied" {
		t.Errorf("got %v, %v", found, err)
	}
	for _, lines := range []string{"", "process 0", "process x", "process 1\nhello", "process 1\nuser x y", "process 1\nuser 1"} {
		if found, err := process.ParseLook(answer(nil, lines), process.Process{}); err == nil {
			t.Errorf("%q is accepted: %v", lines, found)
		}
	}
}

func TestParseSockets(t *testing.T) {
	const head = "Num       RefCount Protocol Flags    Type St Inode Path\n"
	for text, want := range map[string]string{
		head: "[]",
		head + "0000000000000000: 00000002 00000000 00010000 0001 01 5 /run/my sqld.sock/mysql\n": "[/run/my sqld.sock/mysql]",
		head + "0000000000000000: 00000003 00000000 00000000 0001 03 6 /run/mysql.sock\n":         "[]",
		"": "unknown (the host did not tell its sockets)",
		"grep: /proc/net/unix: Permission denied\n": "unknown (grep: /proc/net/unix: Permission denied)",
	} {
		found, err := process.ParseSockets([]byte("=== replssl begin ===\n" + text + "=== replssl end ===\n"))
		if err != nil || found.String() != want {
			t.Errorf("%q gives %v, %v", text, found, err)
		}
	}
}

func FuzzParseLook(f *testing.F) {
	f.Add("777", sample()["users"], sample()["fd"], sample()["tcp"], "process 42")
	f.Add("", "", "", "", "process absent")
	f.Fuzz(func(t *testing.T, stat, users, fd, tcp, head string) {
		texts := map[string]string{"stat": stat, "stat-after": stat, "users": users, "fd": fd, "tcp": tcp, "tcp6": tcp}
		found, err := process.ParseLook(answer(texts, head), process.Process{})
		if got, ok := found.Get(); ok && (err != nil || got.PID < 1) {
			t.Errorf("got %+v beside %v", got, err)
		}
		_, _ = process.ParseSockets(answer(texts, tcp))
	})
}
