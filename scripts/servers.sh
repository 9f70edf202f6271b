#!/bin/sh
# Brings a server that this Debian has not, as an unpacked tree for the lab: servers.sh mysql-9.7 [DIR]; prints where the tree is.
# Nothing is installed, and nothing but DIR is written. What is there is left alone; what was cut short is taken up where it was.
# REPLSSL_DEBIAN names another mirror of Debian than that of the machine's own sources.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { echo "servers: $*" >&2; }
fail() { say "$*"; exit 1; }

# Where the suites look, too: e2e/lab/labtest.
cache() {
    if [ "$(id -u)" = 0 ]; then echo /var/cache/replssl/servers; else echo "${XDG_CACHE_HOME:-$HOME/.cache}/replssl/servers"; fi
}

server=${1-} dir=${2-$(cache)}
case $server in
mysql-9.7) suite=sid version=9.7 packages='mysql-server-core mysql-client-core' programs='sbin/mysqld bin/mysql' ;;
*) fail "usage: servers.sh mysql-9.7 [DIR]" ;;
esac

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
tree=$dir/$server
state=$dir/apt-$suite

# One at a time, for all share the folder.
exec 9>"$dir/lock"
flock 9

if [ -e "$tree/whole" ]; then
    echo "$tree"
    exit 0
fi
for program in apt-get dpkg-deb patchelf; do
    command -v "$program" >/dev/null || fail "$program is not on this machine; scripts/setup.sh ci installs it"
done

# The mirror that this machine takes Debian from.
mirror() {
    if [ -n "${REPLSSL_DEBIAN-}" ]; then echo "$REPLSSL_DEBIAN"; return; fi
    # shellcheck disable=SC2016 # it is apt that fills it in
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# An apt of its own: other sources, other lists, and a system on which nothing is installed. A mirror that stands still is taken, since what
# comes from it is signed all the same and serves nobody but tests.
prepare() {
    from=$(mirror)
    [ -n "$from" ] || fail "the sources of apt name no mirror of Debian; name one in REPLSSL_DEBIAN"
    mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/etc/preferences.d" "$state/etc/apt.conf.d" "$state/etc/trusted.gpg.d"
    : >"$state/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main" >"$state/etc/sources.list"
    cat >"$state/apt.conf" <<END_OF_CONF
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state";
Dir::Etc "$state/etc";
Dir::Etc::sourcelist "$state/etc/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
APT::Sandbox::User "";
END_OF_CONF
    export APT_CONFIG="$state/apt.conf"
}

download() {
    apt-get update -q >&2
    apt-get autoclean -qq >&2 # packages of a former try that the mirror has in a newer version by now
    # shellcheck disable=SC2086 # a list of words
    found=$(apt-cache policy ${packages%% *} | sed -n 's/^ *Candidate: *//p')
    case $found in
    "$version".*) ;;
    *) fail "$suite has ${packages%% *} ${found:-in no version} and no $version" ;;
    esac
    # shellcheck disable=SC2086
    apt-get install -q -y --download-only --no-install-recommends $packages >&2
}

unpack() {
    rm -rf "$tree"
    mkdir -p "$tree"
    for deb in "$state"/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" --keep-directory-symlink --no-same-owner
    done
}

# The programs find their loader and their libraries in the tree, and so run as any other, under their own name.
patch() {
    machine=$(basename "$(dirname "$(find "$tree/usr/lib" -mindepth 2 -maxdepth 2 -name libc.so.6)")")
    loader=$(find "$tree/usr/lib/$machine" -maxdepth 1 -name 'ld-linux*.so*' | head -n 1)
    [ -n "$loader" ] || fail "the tree has no loader"
    libraries=$tree/usr/lib/$machine:$tree/usr/lib/mysql/private
    for program in $programs; do
        patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$tree/usr/$program"
    done
}

# It counts when it has filled a data folder and says its version.
check() {
    said=$("$tree/usr/sbin/mysqld" --no-defaults --version) || fail "the server does not run"
    case $said in
    *" Ver $version."*) ;;
    *) fail "the server says it is $said" ;;
    esac
    trial=$(mktemp -d)
    trap 'rm -rf "$trial"' EXIT
    as=
    if [ "$(id -u)" = 0 ]; then as=--user=nobody; chown nobody "$trial"; fi
    # shellcheck disable=SC2086
    "$tree/usr/sbin/mysqld" --no-defaults $as --initialize-insecure --datadir="$trial/data" --basedir="$tree/usr" --secure-file-priv= \
        --lc-messages-dir="$tree/usr/share/mysql" --character-sets-dir="$tree/usr/share/mysql/charsets" \
        --plugin-dir="$tree/usr/lib/mysql/plugin" >"$trial/log" 2>&1 || { tail -n 20 "$trial/log" >&2; fail "the server fills no data folder"; }
}

say "bringing $server from Debian $suite"
prepare
download
unpack
patch
check
: >"$tree/whole"
rm -rf "$state"
echo "$tree"
