#!/bin/sh
# Whether this host is set up, its server answers, and it can be logged in to.
set -e
test -e /srv/complete
sv check mariadb sshd >/dev/null
