#!/bin/sh
# Makes the operator's key at the first start, shows its public half to the hosts, and learns theirs. The healthy hosts have written them.
set -eu
mkdir -p ssh
[ -e ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C control -f ssh/id_ed25519
cp ssh/id_ed25519.pub /operator/authorized_keys
cat /hosts/* >ssh/known_hosts
ln -sf /etc/replssl/replssl.yaml replssl.yaml
exec tail -f /dev/null
