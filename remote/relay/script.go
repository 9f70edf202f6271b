package relay

import (
	"fmt"
	"net"

	"github.com/replssl/replssl/remote/shell"
)

// script runs the first program of the host that can connect it, in the order of how much they tell: perl and python3 say when the connection
// stands and why it does not, and end with it. Of nc only one will do that hands the end of its input on (-N) and can unix sockets (-U), the
// one of OpenBSD, and it does not hear of the end of a TCP connection. That of nmap does not hear of any (tried: netcat-openbsd 1.219, ncat
// 7.93, netcat-traditional 1.10, busybox 1.35).
//
// The time of socat (-t) runs from when one side has ended, whichever it is.
const script = `
LC_ALL=C
export LC_ALL
fail() {
	printf '\n` + opening + `: %s` + closing + `\n' "$1" >&2
	exit 4
}
has() { command -v "$1" >/dev/null 2>&1; }
begin() { printf '\n` + opening + ` %s` + started + closing + `\n' "$$"; }
if [ "$1" = unix ]; then
	why=$(ls -d -- "$2" 2>&1 >/dev/null) || fail "${why##*: }"
fi
has perl && perl -MSocket -e 1 2>/dev/null && exec perl -e "$4" "$1" "$2" "$3"
for python in python3 /usr/libexec/platform-python; do
	has "$python" && exec "$python" -IS -c "$5" "$1" "$2" "$3"
done
if has socat; then
	begin
	[ "$1" = tcp ] && exec socat -t 2 - "TCP:$6,nodelay"
	exec socat -t 2 - "UNIX-CONNECT:$2"
fi
if [ "$1" = unix ]; then
	help=$(nc -h 2>&1)
	case $help in
	*-N*-U*)
		begin
		exec nc -v -N -U "$2"
		;;
	esac
fi
fail '` + noProgram + `'
`

const (
	opening = "=== replssl relay"
	closing = " ==="

	connected = " is connected"
	started   = " has started" // of a program that does not say when it is connected

	noProgram = "none of the programs"
)

// perlProgram copies in two processes, so that neither direction waits for the other. The second ends with the input, which the end of the
// session ends.
const perlProgram = `
use strict;
use Socket;
my ($network, $host, $port) = @ARGV;
sub fail {
	syswrite STDERR, "\n` + opening + `: $_[0]` + closing + `\n";
	exit 4;
}
sub unix {
	my $s;
	socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un($host)) or fail("$!");
	return $s;
}
sub tcp {
	my ($why, @found) = Socket::getaddrinfo($host, $port, {socktype => SOCK_STREAM});
	fail("$why") if $why;
	for my $to (@found) {
		my $s;
		socket($s, $to->{family}, SOCK_STREAM, 0) && connect($s, $to->{addr}) && return $s;
	}
	fail("$!");
}
sub copy {
	my ($from, $to) = @_;
	while (sysread $from, my $data, 65536) {
		for (my $at = 0; $at < length $data;) {
			my $n = syswrite $to, $data, length($data) - $at, $at;
			return unless defined $n;
			$at += $n;
		}
	}
}
$SIG{PIPE} = "IGNORE";
my $s = $network eq "unix" ? unix() : tcp();
syswrite STDOUT, "\n` + opening + ` $$` + connected + closing + `\n";
my $up = fork;
fail("$!") unless defined $up;
unless ($up) {
	copy(\*STDIN, $s);
	shutdown $s, 1;
	exit 0;
}
copy($s, \*STDOUT);
kill "KILL", $up;
waitpid $up, 0;
`

const pythonProgram = `
import os, socket, sys, threading
network, host, port = sys.argv[1:]
def fail(why):
    os.write(2, ("\n` + opening + `: %s` + closing + `\n" % why).encode())
    os._exit(4)
try:
    if network == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.fsencode(host))
    else:
        s = socket.create_connection((host, int(port)))
except OSError as e:
    fail(e.strerror or e)
os.write(1, ("\n` + opening + ` %d` + connected + closing + `\n" % os.getpid()).encode())
def up():
    try:
        data = os.read(0, 65536)
        while data:
            s.sendall(data)
            data = os.read(0, 65536)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass
threading.Thread(target=up, daemon=True).start()
try:
    data = s.recv(65536)
    while data:
        while data:
            data = data[os.write(1, data):]
        data = s.recv(65536)
except OSError:
    pass
os._exit(0)
`

// endScript ends a relay that has not ended by itself. The number may be another process's by then.
const endScript = `
tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF -e "$2" -e "UNIX-CONNECT:$2" && kill "$1"
:
`

// Line is the command that connects its standard input and output to a unix socket, or to a TCP address as host:port.
func Line(network, address string) shell.Line {
	switch network {
	case "unix":
		return shell.Script(script, network, address, "", perlProgram, pythonProgram)
	case "tcp":
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return shell.Refuse(err)
		}
		return shell.Script(script, network, host, port, perlProgram, pythonProgram, address)
	}
	return shell.Refuse(fmt.Errorf("network %q is neither unix nor tcp", network))
}
