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

// answer frames texts as a host sends them; lines without a colon are sent as they are.
func answer(lines map[string]string, plain ...string) []byte {
	var all strings.Builder
	all.WriteString("motd\n=== replssl begin ===\n")
	for _, line := range plain {
		all.WriteString(line + "\n")
	}
	for name, text := range lines {
		all.WriteString(name + " text " + base64.StdEncoding.EncodeToString([]byte(text)) + "\n")
	}
	return []byte(all.String() + "=== replssl end ===\n")
}

func sample() map[string]string {
	stat := "42 (my) sqld\n) S" + strings.Repeat(" 0", 18) + " 777 0 0\n"
	return map[string]string{
		"stat": stat, "stat-after": stat, "status": "Name:\tmysqld\nUid:\t0\t27\t27\t27\n", "cmdline": "mysqld\x00--x=a b\x00\x00",
		"fd": "total 0\nlrwx------ 1 m m 64 Nov 1 10:00 3 -> socket:[100]\nls: cannot read symbolic link '/proc/42/fd/9': No such file or directory\n",
		"tcp": tcpHead + "   0: 0100007F:0CEA 0201A8C0:D431 01 00000000:00000000 00:00000000 00000000    27        0 100 1\n" +
			"   1: 0100007F:0CEA 0201A8C0:D432 01 00000000:00000000 00:00000000 00000000    27        0 999 1\n" +
			"   2: 00000000:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000    27        0 100 1\n",
		"tcp6": tcpHead + "   0: 0000000000000000FFFF00000100007F:0CEA 0000000000000000FFFF00000201A8C0:0001 01 " +
			"00000000:00000000 00:00000000 00000000    27        0 100 1\n",
	}
}

func TestParseLook(t *testing.T) {
	found, err := process.ParseLook(answer(sample(), "process 42", "user 27 known mysql"))
	must(t, err)
	got, _ := found.Get()
	name, _ := got.Effective.Name.Get()
	if got.PID != 42 || got.Start != 777 || got.Real.ID != 0 || got.Effective.ID != 27 || name != "mysql" || !got.Real.Name.IsUnknown() {
		t.Errorf("got %+v", got)
	}
	if args, _ := got.Args.Get(); fmt.Sprintf("%q", args) != `["mysqld" "--x=a b" ""]` {
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
	for name, c := range map[string][2]string{
		"a descriptor": {"fd", "ls: cannot read symbolic link '/proc/42/fd/9': Permission denied\n"},
		"the folder":   {"fd", "ls: cannot open directory '/proc/42/fd': Permission denied\n"},
		"the table":    {"tcp", tcpHead + "0: zz:1 0:0 01 0 0 0 0 0 100\n"},
	} {
		texts := sample()
		texts[c[0]] = c[1] + strings.ReplaceAll(texts[c[0]], "total 0\n", "")
		found, err := process.ParseLook(answer(texts, "process 42"))
		must(t, err)
		if got, ok := found.Get(); !ok || !got.Connections.IsUnknown() {
			t.Errorf("%s: %+v", name, got)
		}
	}
	texts := sample()
	texts["stat-after"] = strings.Replace(texts["stat"], "777", "778", 1)
	if found, err := process.ParseLook(answer(texts, "process 42")); err != nil || !strings.Contains(found.Why(), "ended while") {
		t.Errorf("another process of the same ID: %v, %v", found, err)
	}
	if found, err := process.ParseLook(answer(nil, "process unknown denied")); err != nil || found.Why() != "denied" {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := process.ParseLook(answer(nil)); err == nil {
		t.Error("an empty answer is accepted")
	}
}

func FuzzParseLook(f *testing.F) {
	f.Add("777", sample()["status"], sample()["fd"], sample()["tcp"], "process 42")
	f.Add("", "", "", "", "process absent")
	f.Fuzz(func(t *testing.T, stat, status, fd, tcp, head string) {
		texts := map[string]string{"stat": stat, "stat-after": stat, "status": status, "fd": fd, "tcp": tcp, "tcp6": tcp, "unix": tcp}
		found, err := process.ParseLook(answer(texts, head))
		if got, ok := found.Get(); ok && (err != nil || got.PID < 1) {
			t.Errorf("got %+v beside %v", got, err)
		}
		_, _ = process.ParseSockets(answer(texts))
	})
}
