#!/bin/sh
# Installs what the lab and the tests of scripts are made of: a MariaDB server and client, OpenSSH and busybox, without leaving one running.
# `setup.sh ci` installs what building and testing need on a bare machine as well, and brings the other servers that are tested against; only
# Go itself must be there. `setup.sh servers` brings all servers that servers.sh knows, with what that needs.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { echo "setup: $*" >&2; }

# The packages of the programs that are not there.
missing() {
    command -v mariadbd >/dev/null || echo mariadb-server-core
    command -v mariadb >/dev/null || echo mariadb-client-core
    command -v sshd >/dev/null || echo openssh-server
    command -v ssh >/dev/null || echo openssh-client
    command -v openssl >/dev/null || echo openssl
    command -v busybox >/dev/null || echo busybox # the small shell and tools that a host may have
    case ${1-} in ci | servers) ;; *) return 0 ;; esac
    command -v patchelf >/dev/null || echo patchelf # what makes programs of the servers that servers.sh brings
    command -v strip >/dev/null || echo binutils
    command -v mvn >/dev/null || echo maven # where some of them come from
    command -v unzip >/dev/null || echo unzip
    [ "$1" = ci ] || { command -v npm >/dev/null || echo npm; return 0; }
    command -v make >/dev/null || echo make
    command -v git >/dev/null || echo git
    command -v sudo >/dev/null || echo sudo
    command -v socat >/dev/null || echo socat # what relays to sockets
    command -v nc.openbsd >/dev/null || echo netcat-openbsd
    command -v perl >/dev/null || echo perl-base
    [ -x /usr/bin/python3 ] || echo python3-minimal
    command -v tmux >/dev/null || echo tmux # a real terminal, in which the live view is looked at
    command -v zsh >/dev/null || echo zsh # the shells that complete commands, and what reads manual pages
    command -v fish >/dev/null || echo fish
    [ -e /usr/share/bash-completion/bash_completion ] || echo bash-completion
    command -v mandoc >/dev/null || echo mandoc
    command -v debootstrap >/dev/null || echo debootstrap # whole hosts, for the suites that boot them
    command -v systemd-nspawn >/dev/null || echo systemd-container
    command -v ip >/dev/null || echo iproute2
    command -v dockerd >/dev/null || echo docker.io # containers, for docker-compose.yml
    command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || echo docker-compose
    command -v iptables >/dev/null || echo iptables
    command -v rpm >/dev/null || echo rpm # what opens the packages
    command -v cpio >/dev/null || echo cpio
    command -v file >/dev/null || echo file
    command -v lintian >/dev/null || echo lintian
    command -v gcc >/dev/null || echo gcc libc6-dev # the race detector is linked by it
    [ -d /etc/ssl/certs ] || echo ca-certificates
}

# The tests play these beside the MariaDB of this machine, one of which may be that.
bring_servers() {
    case ${1-} in
    servers) "$(dirname "$0")/servers.sh" all ;;
    ci)
        case $(mariadbd --version) in *' Ver 10.11.'*) own='' ;; *) own=mariadb-10.11 ;; esac
        # shellcheck disable=SC2086 # one word, or none
        "$(dirname "$0")/servers.sh" mysql-5.7 mysql-8.0 mysql-9.7 mariadb-11.8 $own >/dev/null
        ;;
    esac
}

packages=$(missing "$@" | tr '\n' ' ')
[ -n "$packages" ] || { bring_servers "$@"; exit 0; }

if ! command -v apt-get >/dev/null; then
    say "these packages, or what your system calls them, must be installed first: $packages"
    say "the programs needed are mariadbd, mariadb, sshd, ssh, openssl and busybox"
    exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "run this as root, it has to install: $packages"; exit 1; }
    as_root=sudo
fi

# Some releases have the server under a name with its version only.
available() {
    for package in $packages; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            echo "$package"
        else
            apt-cache pkgnames "$package-" | grep -E "^$package-[0-9.]+\$" | sort -V | tail -n 1
        fi
    done
}

# While this file says no, a package's own set-up starts no service.
policy=/usr/sbin/policy-rc.d
restore() {
    $as_root rm -f "$policy"
    if [ -e "$policy.replssl" ] || [ -L "$policy.replssl" ]; then $as_root mv "$policy.replssl" "$policy"; fi
}
deny() {
    if [ -e "$policy" ] || [ -L "$policy" ]; then $as_root mv "$policy" "$policy.replssl"; fi
    trap restore EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
}

say "installing $packages"
$as_root apt-get update -q
packages=$(available | tr '\n' ' ')
deny
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages

case " $packages " in
*' openssh-server '*)
    if command -v systemctl >/dev/null; then
        $as_root systemctl disable -q ssh.service ssh.socket 2>/dev/null || true
    else # the links alone decide, on a machine that may get its systemd later
        $as_root rm -f /etc/systemd/system/multi-user.target.wants/ssh.service /etc/systemd/system/sockets.target.wants/ssh.socket
    fi
    say "OpenSSH's server is installed for the lab and does not start with this machine (systemctl enable ssh changes that)"
    ;;
esac

left=$(missing "$@" | tr '\n' ' ')
[ -z "$left" ] || { say "still missing after the installation: $left"; exit 1; }
bring_servers "$@"
