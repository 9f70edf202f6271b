# shellcheck shell=sh disable=SC2154 # read by servers.sh, whose variables these are: tree, root, version
# Makes $tree of what was unpacked to $root, and checks it.

# first_of PATH...: the first file below $root that is there.
first_of() {
    for path; do
        found=$(find "$root" -path "$root/$path" \( -type f -o -type l \) -size +0 | head -n 1)
        if [ -n "$found" ]; then echo "$found"; return; fi
    done
}

make_tree() {
    need patchelf
    rm -rf "$tree"
    mkdir -p "$tree/usr/sbin" "$tree/usr/bin" "$tree/usr/share/mysql" "$tree/usr/lib/mysql/plugin" "$tree/usr/lib/mysql/private"
    take_programs
    take_share
    take_plugins
    take_libraries
    patch
}

take_programs() {
    server=$(first_of '*sbin/mariadbd' '*sbin/mysqld' '*bin/mariadbd' '*bin/mysqld' '*/mysqld')
    [ -n "$server" ] || fail "no server was brought"
    cp -L "$server" "$tree/usr/sbin/"
    client=$(first_of 'usr/bin/mariadb' 'usr/bin/mysql' '*bin/mariadb' '*bin/mysql')
    [ -z "$client" ] || cp -L "$client" "$tree/usr/bin/"
    chmod 755 "$tree"/usr/*bin/*
}

# Of the messages, those in English will do.
take_share() {
    english=$(first_of '*share/english/errmsg.sys' '*share/*/english/errmsg.sys')
    [ -n "$english" ] || fail "no messages came with the server"
    share=$(dirname "$(dirname "$english")")
    cp -R "$share/english" "$tree/usr/share/mysql/"
    [ ! -d "$share/charsets" ] || cp -R "$share/charsets" "$tree/usr/share/mysql/"
    for sql in "$share"/*.sql; do
        case $sql in *'*.sql' | *fill_help_tables* | *_test_*) ;; *) cp "$sql" "$tree/usr/share/mysql/" ;; esac
    done
}

# A receiver loads those of the client library from the folder of the server's own.
take_plugins() {
    find "$root" -path '*/plugin/*.so' ! -path '*/debug/*' ! -name '*mecab*' ! -name '*memcached*' ! -name 'ha_*' -type f \
        -exec cp '{}' "$tree/usr/lib/mysql/plugin/" \;
    galera=$(first_of 'usr/lib/galera/libgalera_smm.so')
    [ -z "$galera" ] || { mkdir "$tree/usr/lib/galera" && cp -L "$galera" "$tree/usr/lib/galera/"; }
}

binaries() { find "$tree/usr/sbin" "$tree/usr/bin" "$tree/usr/lib" -type f ! -path '*/private/*'; }

# What all of these are linked with is taken along, as far as it was brought: with a C library comes its loader, too.
take_libraries() {
    private=$tree/usr/lib/mysql/private
    folders=$(find "$root" -name 'lib*.so*' ! -path '*/plugin/*' -exec dirname '{}' \; | sort -u | paste -s -d :)
    loader=$(find "$root" -name 'ld-linux*.so*' -o -name 'ld-*.so' -type f | head -n 1)
    [ -z "$loader" ] || cp -L "$loader" "$private/"
    [ ! -d "$root/lib/private/icudt69l" ] || { cp -R "$root/lib/private/icudt69l" "$private/" && ln -s mysql/private "$tree/usr/lib/private"; }
    listing=${loader:-$(patchelf --print-interpreter "$tree"/usr/sbin/*)}
    binaries | while read -r binary; do
        "$listing" --library-path "$folders" --list "$binary" 2>/dev/null || true
    done | sed -n 's/^.* => \(.*\) (0x.*)$/\1/p' | sort -u | while read -r library; do
        case $library in
        "$root"/*/ld-*) ;;
        "$root"/*) cp -L "$library" "$private/" ;;
        esac
    done
    # Those that a C library loads by itself.
    [ -z "$loader" ] || find "$root" -name 'libnss_files.so*' -o -name 'libnss_dns.so*' -o -name 'libresolv.so*' | while read -r library; do
        cp -L "$library" "$private/"
    done
}

# The programs find their loader and their libraries in the tree, and so run as any other, under their own name.
patch() {
    binaries | while read -r binary; do
        ! command -v strip >/dev/null || strip --strip-unneeded "$binary"
        patchelf --force-rpath --set-rpath "$private" "$binary"
    done
    [ -n "$loader" ] || return 0
    for program in "$tree"/usr/sbin/* "$tree"/usr/bin/*; do
        patchelf --set-interpreter "$private/$(basename "$loader")" "$program"
    done
}

# It counts when it says its version, has filled a data folder, and serves it.
check_tree() {
    server=$(echo "$tree"/usr/sbin/*)
    said=$("$server" --no-defaults --version) || fail "the server does not run"
    case $said in
    *" Ver $version"[!0-9]*) ;;
    *) fail "the server says it is $said, and not $version" ;;
    esac
    for client in "$tree"/usr/bin/*; do
        [ ! -e "$client" ] || "$client" --no-defaults --version >/dev/null || fail "the client does not run"
    done
    trial=$(mktemp -d)
    trap 'rm -rf "$trial"' EXIT
    if [ "$(id -u)" = 0 ]; then chown nobody "$trial"; fi
    fill >"$trial/log" 2>&1 || { tail -n 20 "$trial/log" >&2; fail "the server fills no data folder"; }
    serve || { tail -n 20 "$trial/log" >&2; fail "the server does not serve the data folder that it has filled"; }
    rm -rf "$trial"
    trap - EXIT
}

run_server() {
    as=
    [ "$(id -u)" != 0 ] || as=--user=nobody
    # shellcheck disable=SC2086 # no word, or one
    "$server" --no-defaults $as --datadir="$trial/data" --tmpdir="$trial" --basedir="$tree/usr" --lc-messages-dir="$tree/usr/share/mysql" \
        --character-sets-dir="$tree/usr/share/mysql/charsets" --plugin-dir="$tree/usr/lib/mysql/plugin" --secure-file-priv= "$@"
}

# Servers that cannot fill a data folder by themselves read the statements for it.
fill() {
    tables=$(find "$tree/usr/share/mysql" -name 'm*_system_tables.sql')
    case $said in
    *MariaDB* | *' Ver 5.6.'*) ;;
    *) run_server --initialize-insecure && return ;;
    esac
    mkdir "$trial/data"
    [ "$(id -u)" != 0 ] || chown nobody "$trial/data"
    { printf 'CREATE DATABASE mysql;\nUSE mysql;\n' && cat "$tables" "${tables%.sql}_data.sql"; } | run_server --bootstrap
}

serve() {
    run_server --skip-networking --socket="$trial/sock" --pid-file="$trial/pid" >"$trial/log" 2>&1 9>&- &
    pid=$!
    patience=150
    until grep -q 'ready for connections' "$trial/log" || [ $((patience -= 1)) = 0 ] || ! kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
    done
    served=0
    grep -q 'ready for connections' "$trial/log" || served=1
    kill "$pid" 2>/dev/null || true
    { wait "$pid" || true; } 2>/dev/null
    return $served
}
