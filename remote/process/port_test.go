package process_test

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/replssl/replssl/remote/process"
)

func portOf(t *testing.T, number int) process.Port {
	t.Helper()
	found, err := process.ParsePort(run(t, process.LookPort(number)))
	must(t, err)
	port, ok := found.Get()
	if !ok {
		t.Fatal(found)
	}
	return port
}

func TestWhoHasAPort(t *testing.T) {
	plain := net.ListenConfig{}
	plain.SetMultipathTCP(false) // whose socket the kernel lists is not the one that is given away below
	listener, err := plain.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = listener.Close() }()
	number := listener.Addr().(*net.TCPAddr).Port
	conn, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	defer func() { _ = conn.Close() }()
	accepted, err := listener.Accept()
	must(t, err)
	defer func() { _ = accepted.Close() }()

	port := portOf(t, number)
	if port.Asking != os.Geteuid() || len(port.Ends) != 2 {
		t.Fatalf("got %+v", port)
	}
	for _, end := range port.Ends {
		if end.Address != netip.MustParseAddr("127.0.0.1") || end.Owner.ID != os.Geteuid() || end.Owner.Name.IsUnknown() || end.Server {
			t.Errorf("got %+v", end)
		}
	}
	if port.Ends[0].Listening == port.Ends[1].Listening {
		t.Errorf("one of the two listens: %+v", port.Ends)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a socket to another user")
	}
	raw, err := listener.(*net.TCPListener).SyscallConn()
	must(t, err)
	const other = 12345
	must(t, raw.Control(func(fd uintptr) { err = syscall.Fchown(int(fd), other, other) }))
	must(t, err)
	for _, end := range portOf(t, number).Ends {
		if end.Listening && (end.Owner.ID != other || !end.Owner.Name.IsUnknown()) {
			t.Errorf("got %+v", end)
		}
	}
}

func TestAPortThatNobodyHas(t *testing.T) {
	if port := portOf(t, 1); len(port.Ends) != 0 {
		t.Errorf("got %+v", port)
	}
}

func TestAnswersAboutPorts(t *testing.T) {
	const table = "asking 0\ntable sl local_address\n" +
		"table 0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000 27 0 4711 1 x\n"
	look := func(lines string) (process.Port, error) {
		found, err := process.ParsePort([]byte("=== replssl begin ===\n" + lines + "=== replssl end ===\n"))
		port, ok := found.Get()
		if err == nil && !ok {
			t.Logf("%q: %v", lines, found)
		}
		return port, err
	}
	for lines, want := range map[string]bool{
		"server 27\nholds lrwx 1 27 27 64 Nov 1 10:00 3 -> socket:[4711]\n": true,
		"server 0\nholds lrwx 1 27 27 64 Nov 1 10:00 3 -> socket:[4711]\n":  true, // it listened before it became another user
		"server 27\nholds lrwx 1 27 27 64 Nov 1 10:00 3 -> socket:[471]\n":  false,
		"server 27\nhidden\n": true,
		"server 28\nhidden\n": false,
		"server 27\n":         false,
		"":                    false,
	} {
		port, err := look(table + "user 27 mysql\n" + lines)
		if err != nil || len(port.Ends) != 1 {
			t.Errorf("%q gives %+v, %v", lines, port, err)
			continue
		}
		if name, _ := port.Ends[0].Owner.Name.Get(); port.Ends[0].Server != want || name != "mysql" {
			t.Errorf("%q gives %+v", lines, port)
		}
	}
	for _, lines := range []string{"", "asking 0\n", "unknown no such table\n", "table sl\n"} {
		if port, err := look(lines); err != nil || port.Ends != nil {
			t.Errorf("%q gives %+v, %v", lines, port, err)
		}
	}
	for _, lines := range []string{
		"asking x\n", "server x\n", "holds 3\n", "hidden\n", "user x y\n", "hello\n", table + "table 0: 0100007F:0CEA\n",
	} {
		if port, err := look(lines); err == nil {
			t.Errorf("%q is accepted: %+v", lines, port)
		}
	}
}
