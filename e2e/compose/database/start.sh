#!/bin/sh
# Starts a database host. At its first start it makes the host key and the data, and has the server replicate, in plaintext.
set -eu
host=$(hostname)
password_file=/account/password

make_host_key() {
    install -d -m 700 /srv/ssh
    [ -e /srv/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -C "$host" -f /srv/ssh/ssh_host_ed25519_key
    printf '%s %s\n' "$host" "$(cat /srv/ssh/ssh_host_ed25519_key.pub)" >"/hosts/$host"
}

make_data() {
    install -d /srv/conf.d
    printf '[mariadbd]\nserver_id = %s\nreport_host = %s\n' "$SERVER_ID" "$host" >/srv/conf.d/server-id.cnf
    [ ! -e /srv/data ] || return 0
    rm -rf /srv/new
    mariadb-install-db --no-defaults --user=mysql --datadir=/srv/new --auth-root-authentication-method=socket --skip-test-db >/dev/null
    mv /srv/new /srv/data
}

make_password() {
    [ -e "$password_file" ] || (umask 077; head -c 18 /dev/urandom | base64 >"$password_file.new"; mv "$password_file.new" "$password_file")
}

primary_sql() {
    cat <<SQL
CREATE USER IF NOT EXISTS repl@'%' IDENTIFIED BY '$(cat "$password_file")';
GRANT REPLICATION SLAVE ON *.* TO repl@'%';
CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(100) NOT NULL);
SQL
}

replica_sql() {
    cat <<SQL
STOP SLAVE;
CHANGE MASTER TO MASTER_HOST = '$REPLICATES_FROM', MASTER_USER = 'repl', MASTER_PASSWORD = '$(cat "$password_file")',
    MASTER_USE_GTID = slave_pos;
START SLAVE;
SQL
}

set_up() {
    until [ -p /etc/service/mariadb/supervise/ok ]; do sleep 0.1; done
    sv -w 60 check mariadb >/dev/null
    if [ -n "${REPLICATES_FROM-}" ]; then
        replica_sql | mariadb
    else
        make_password
        primary_sql | mariadb
    fi
    touch /srv/complete
}

stop() {
    sv -w 60 force-stop mariadb sshd >/dev/null
    exit 0
}

make_host_key
make_data
trap stop TERM INT
runsvdir -P /etc/service &
[ -e /srv/complete ] || set_up
wait
