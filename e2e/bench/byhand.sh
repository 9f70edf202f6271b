#!/bin/sh
# Takes a cluster from plaintext replication to TLS as a person would who knows how: over ssh, all hosts at once, and without a
# check or a proof. `make bench` holds replssl against it.
#
#	byhand.sh HOSTS CERTIFICATES
#
# HOSTS has a line for each server, the primary first: NAME USER@ADDRESS SSH-PORT SOCKET TLS-DIR CONF-DIR RESTART-COMMAND.
# CERTIFICATES/NAME holds ca.pem, cert.pem and key.pem of a server. SSH is the ssh command, ACCOUNT the replication account, which
# is on the primary alone, and OWNER the OS user of the servers.
set -eu
hosts=$1
certificates=$2

# on PORT USER@ADDRESS COMMAND: SSH is a command with its options, to be split into words
on() {
	# shellcheck disable=SC2086
	$SSH -p "$1" "$2" "$3"
}

# everywhere ACTION: calls it for each server at once, with the fields of its line, and fails where one of them does
everywhere() {
	pids=
	while read -r name login port socket tls conf restart; do
		"$1" </dev/null &
		pids="$pids $!"
	done <"$2"
	failed=0
	for pid in $pids; do
		wait "$pid" || failed=1
	done
	return $failed
}

copy_files() {
	tar -C "$certificates/$name" --owner="$OWNER" --group="$OWNER" -cf - ca.pem cert.pem key.pem |
		on "$port" "$login" "umask 077 && mkdir -p '$tls' && chmod 755 '$tls' && cd '$tls' && tar -xpf - && chmod 644 ca.pem cert.pem && chmod 600 key.pem"
}

serve_tls() {
	printf '[mysqld]\nssl_ca = %s/ca.pem\nssl_cert = %s/cert.pem\nssl_key = %s/key.pem\n' "$tls" "$tls" "$tls" |
		on "$port" "$login" "cat >'$conf/zz-tls.cnf' && $restart && until mariadb --socket='$socket' -e 'DO 1' 2>/dev/null; do sleep 0.1; done"
}

change_channel() {
	on "$port" "$login" "mariadb --socket='$socket'" <<-SQL
		STOP SLAVE;
		CHANGE MASTER TO MASTER_SSL=1, MASTER_SSL_CA='$tls/ca.pem', MASTER_SSL_CERT='$tls/cert.pem', MASTER_SSL_KEY='$tls/key.pem', MASTER_SSL_VERIFY_SERVER_CERT=1;
		START SLAVE;
	SQL
}

# The replicas do not have the account: in the binary log the statement would stop their appliers.
require_tls() {
	on "$port" "$login" "mariadb --socket='$socket'" <<-SQL
		SET SESSION sql_log_bin=0;
		ALTER USER $ACCOUNT REQUIRE SSL;
	SQL
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head -n 1 "$hosts" >"$work/primary"
tail -n +2 "$hosts" >"$work/replicas"

everywhere copy_files "$hosts"
everywhere serve_tls "$work/primary"
everywhere change_channel "$work/replicas"
everywhere require_tls "$work/primary"
