#!/bin/sh
# Makes the files of this folder, as openssl makes them: sh make.sh. Certificates are valid from 2000 to 2100, unless they are not to be, so
# that the tests hold under any clock. The keys protect nothing.
set -eu
umask 022
cd "$(dirname "$0")"
rm -f ./*.pem ./*.der ./*.p12
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export OPENSSL_CONF="$work/openssl.cnf"

cat >"$OPENSSL_CONF" <<'CONFIG'
[ca]
default_ca = it
[it]
database = ${ENV::WORK}/index
new_certs_dir = ${ENV::WORK}
rand_serial = yes
policy = policy
default_md = sha256
unique_subject = no
default_crl_days = 36500
default_days = 365
[policy]
commonName = supplied
[any]
organizationName = optional
commonName = optional
[second]
authorityKeyIdentifier = keyid
[authorities]
issuingDistributionPoint = critical, @only_authorities
[only_authorities]
onlyCA = TRUE
[req]
prompt = no
distinguished_name = dn
string_mask = utf8only
[dn]
CN = unused
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[weakroot]
basicConstraints = critical, CA:TRUE
keyUsage = critical, cRLSign
subjectKeyIdentifier = hash
[shortroot]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
[clients]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = clientAuth
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
[server]
extendedKeyUsage = serverAuth
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
[signer]
keyUsage = critical, keyCertSign
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
[star]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:*.example.com, IP:127.0.0.1
[noname]
extendedKeyUsage = serverAuth, clientAuth
[limited]
basicConstraints = critical, CA:TRUE
nameConstraints = critical, permitted;DNS:.corp.example
[nobody]
basicConstraints = critical, CA:TRUE
nameConstraints = critical, permitted;dirName:somebody
[somebody]
O = Somebody
[netscape]
nsCertType = server
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
[unheard]
1.2.3.4.5 = critical, ASN1:UTF8String:unheard of
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
[cross]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[identified]
authorityKeyIdentifier = keyid
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
[self]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:db1.example.com, IP:127.0.0.1
CONFIG
export WORK="$work"
: >"$work/index"

always="-startdate 20000101000000Z -enddate 20991231235959Z"

# request NAME SUBJECT: a request with the key NAME-key.pem.
request() { openssl req -new -key "$1-key.pem" -subj "$2" -out "$work/$1.csr"; }

# issue FILE REQUEST BY EXTENSIONS [options]
issue() {
    file=$1 request=$2 by=$3 extensions=$4
    shift 4
    # shellcheck disable=SC2086 # two options with their words
    openssl ca -batch -notext -cert "$by.pem" -keyfile "$by-key.pem" -extensions "$extensions" -in "$work/$request.csr" -out "$file" $always "$@" 2>"$work/log" ||
        { cat "$work/log" >&2; return 1; }
}

# selfsigned NAME EXTENSIONS [options]
selfsigned() {
    name=$1 extensions=$2
    shift 2
    # shellcheck disable=SC2086
    openssl ca -batch -notext -selfsign -keyfile "$name-key.pem" -extensions "$extensions" -in "$work/$name.csr" -out "$name.pem" $always "$@" 2>"$work/log" ||
        { cat "$work/log" >&2; return 1; }
}

for name in root other middle leaf; do openssl genrsa -traditional -out "$name-key.pem" 2048 2>/dev/null; done
request root "/CN=test root" && selfsigned root root
request other "/CN=other root" && selfsigned other root
request middle "/CN=test intermediate" && issue middle.pem middle root root
request leaf "/CN=db1"
issue leaf.pem leaf root leaf
issue below.pem leaf middle leaf
openssl genrsa -traditional -out weakroot-key.pem 2048 2>/dev/null
request weakroot "/CN=root that may not sign" && selfsigned weakroot weakroot
issue by-weakroot.pem leaf weakroot leaf

openssl genrsa -traditional -out short-key.pem 2048 2>/dev/null
request short "/CN=root of no other authority" && selfsigned short shortroot
issue "$work/short-middle.pem" middle short root
issue clients.pem middle root clients
cp middle-key.pem "$work/short-middle-key.pem"
cp middle-key.pem clients-key.pem
issue "$work/below-short.pem" leaf "$work/short-middle" leaf
cat "$work/below-short.pem" "$work/short-middle.pem" >chain-too-long.pem
issue "$work/below-clients.pem" leaf clients leaf
cat "$work/below-clients.pem" clients.pem >chain-clients.pem
rm clients.pem clients-key.pem

# Forms of keys, all of the same key but for those of curves.
openssl pkcs8 -topk8 -nocrypt -in leaf-key.pem -out key-pkcs8.pem
openssl rsa -traditional -aes128 -passout pass:test -in leaf-key.pem -out key-sealed-traditional.pem 2>/dev/null
openssl pkcs8 -topk8 -passout pass:test -in leaf-key.pem -out key-sealed-pkcs8.pem
openssl ecparam -name prime256v1 -genkey -out key-ec-parameters.pem
openssl ec -in key-ec-parameters.pem -out key-ec.pem 2>/dev/null
openssl genpkey -algorithm ed25519 -out key-ed25519.pem
openssl dsaparam -genkey -out key-dsa-both.pem 2048 2>/dev/null
openssl pkey -in key-dsa-both.pem -out key-dsa.pem
openssl rsa -in leaf-key.pem -outform DER -out key.der 2>/dev/null
cat leaf-key.pem other-key.pem >key-two.pem

# Forms of certificates.
openssl x509 -in leaf.pem -text -out cert-text.pem
sed 's/$/\r/' leaf.pem >cert-crlf.pem
{ printf '\357\273\277' && cat leaf.pem; } >cert-bom.pem
openssl pkcs12 -export -inkey leaf-key.pem -in leaf.pem -certfile root.pem -passout pass:test -out cert.p12
openssl pkcs12 -in cert.p12 -passin pass:test -nokeys -clcerts -out cert-bag.pem
openssl pkcs12 -in cert.p12 -passin pass:test -nocerts -nodes -out key-bag.pem
openssl x509 -in leaf.pem -addtrust serverAuth -trustout -out cert-trusted.pem
openssl x509 -in leaf.pem -outform DER -out cert.der
cat leaf.pem leaf-key.pem >cert-and-key.pem
head -c 600 leaf.pem >cert-cut.pem
: >empty.pem

# Chains: the right order, the wrong ones, and with the root.
cat below.pem middle.pem >chain.pem
cat middle.pem below.pem >chain-wrong-order.pem
cat below.pem root.pem middle.pem >chain-root-between.pem
cat root.pem other.pem >bundle.pem
cat root.pem middle.pem >bundle-middle.pem
cat root.pem leaf.pem >bundle-leaf.pem

# Faults of certificates.
issue cert-sha1.pem leaf root leaf -md sha1
issue cert-md5.pem leaf root leaf -md md5
issue cert-server-only.pem leaf root server
issue cert-signer.pem leaf root signer
issue cert-star.pem leaf root star
issue cert-no-names.pem leaf root noname
issue cert-expired.pem leaf root leaf -enddate 20010101000000Z
issue cert-early.pem leaf root leaf -startdate 20990101000000Z
issue cert-outlives.pem leaf root leaf -enddate 21500101000000Z
openssl req -new -key leaf-key.pem -subj "/CN=test root" -out "$work/name-of-ca.csr" && issue cert-name-of-ca.pem name-of-ca root leaf
openssl genrsa -traditional -out weak-key.pem 1024 2>/dev/null
request weak "/CN=weak" && issue cert-weak.pem weak root leaf
openssl req -new -key key-dsa.pem -subj "/CN=dsa" -out "$work/dsa.csr" && issue cert-dsa.pem dsa root leaf
openssl req -new -key key-ec.pem -subj "/CN=ec" -out "$work/ec.csr" && issue cert-ec.pem ec root leaf
openssl req -new -key key-ed25519.pem -subj "/CN=ed25519" -out "$work/ed25519.csr" && issue cert-ed25519.pem ed25519 root leaf

# Subjects that are not plain, and one by an authority whose own is not. Some differ in nothing but how a text is encoded.
subject() {
    file=$1 subject=$2
    shift 2
    openssl req -new -utf8 -key leaf-key.pem -subj "$subject" -out "$work/$file.csr" "$@"
    issue "subject-$file.pem" "$file" root leaf -preserveDN
}
subject utf8 "/C=DE/O=Bäckerei Müller/CN=db1"
subject slash '/O=Sales \/ West/CN=db1'
subject plus '/O=A\+B/CN=db1'
subject set "/O=Example/CN=db1+UID=7+serialNumber=12" -multivalue-rdn
subject mail "/DC=com/DC=example/OU=DBA/CN=db1/emailAddress=dba@example.com"
subject quotes "/O=O'Neil \"x\" \\\\ = y,z/CN=db1"
subject long "/O=$(printf '%064d' 7)/OU=$(printf '%064d' 8)/CN=db1"
sed 's/^string_mask.*/string_mask = nombstr/' "$OPENSSL_CONF" >"$work/nombstr.cnf"
subject printable "/O=Example West/CN=db1" -config "$work/nombstr.cnf"
subject latin "/O=Bäckerei/CN=db1" -config "$work/nombstr.cnf"
sed 's/^string_mask.*/string_mask = MASK:0x0800/' "$OPENSSL_CONF" >"$work/bmp.cnf"
subject bmp "/O=Bäckerei/CN=db1" -config "$work/bmp.cnf"
openssl genrsa -traditional -out strange-key.pem 2048 2>/dev/null
openssl req -new -utf8 -key strange-key.pem -subj '/O=Zürich \/ Bern/CN=a\+b root' -out "$work/strange.csr" && selfsigned strange root -preserveDN
issue by-strange.pem leaf strange leaf

# Lists of revoked certificates.
list() {
    file=$1 by=$2
    shift 2
    openssl ca -gencrl -cert "$by.pem" -keyfile "$by-key.pem" -crl_lastupdate 20000101000000Z -crl_nextupdate 20991231235959Z "$@" -out "$file" 2>"$work/log" ||
        { cat "$work/log" >&2; return 1; }
}
: >"$work/index"
list crl.pem root
list crl-middle.pem middle -crlexts second
cat crl.pem crl-middle.pem >crl-both.pem
list crl-other.pem other
list crl-sha1.pem root -md sha1
list crl-expired.pem root -crl_nextupdate 20010101000000Z
list crl-early.pem root -crl_lastupdate 20990101000000Z
openssl crl -in crl.pem -outform DER -out crl.der
openssl ca -batch -cert root.pem -keyfile root-key.pem -revoke leaf.pem 2>/dev/null
list crl-revoked.pem root
: >"$work/index"

# Lists with signatures of other kinds.
list crl-sha384.pem root -md sha384
list crl-sha512.pem root -md sha512
for curve in ec ed25519; do
    cp "key-$curve.pem" "$work/$curve-key.pem"
    openssl req -new -key "key-$curve.pem" -subj "/CN=$curve root" -out "$work/$curve.csr"
    (cd "$work" && selfsigned "$curve" root)
    list "crl-$curve.pem" "$work/$curve"
done

# A list by an authority of the same name with another key.
cp other-key.pem "$work/forged-key.pem"
openssl req -new -key other-key.pem -subj "/CN=test root" -out "$work/forged.csr"
(cd "$work" && selfsigned forged root)
list crl-forged.pem "$work/forged"

# What servers refuse beyond the signatures: names, uses and extensions.
for name in limited nobody; do
    cp other-key.pem "$work/$name-key.pem"
    openssl req -new -key other-key.pem -subj "/CN=$name root" -out "$work/$name.csr"
    (cd "$work" && selfsigned "$name" "$name")
    cp "$work/$name.pem" .
    issue "by-$name.pem" leaf "$work/$name" leaf
done
issue cert-netscape.pem leaf root netscape
issue cert-unheard.pem leaf root unheard
list crl-authorities.pem root -crlexts authorities

# A root that changed its key and kept its name: its new key by the old one, and what the new one issued.
cp other-key.pem "$work/cross-key.pem"
openssl req -new -key other-key.pem -subj "/CN=test root" -out "$work/cross.csr"
issue "$work/cross.pem" cross root cross
issue cert-renewed.pem leaf "$work/cross" identified
cp "$work/cross.pem" new-with-old.pem
cat cert-renewed.pem new-with-old.pem >chain-renewed.pem

# Names that are an authority's in part alone, and an authority that is a server's certificate at once.
cp other-key.pem "$work/unnamed-key.pem"
openssl req -new -key other-key.pem -subj "/O=Example" -out "$work/unnamed.csr"
(cd "$work" && selfsigned unnamed root -policy any)
cp "$work/unnamed.pem" .
openssl req -new -key leaf-key.pem -subj "/O=db1" -out "$work/unnamed-leaf.csr"
issue by-unnamed.pem unnamed-leaf "$work/unnamed" leaf -policy any
openssl req -new -key leaf-key.pem -subj "/O=Example/CN=test root" -out "$work/half.csr"
issue cert-half-name-of-ca.pem half root leaf -policy any
cp leaf-key.pem "$work/self-key.pem"
openssl req -new -key leaf-key.pem -subj "/CN=self" -out "$work/self.csr"
(cd "$work" && selfsigned self self)
cp "$work/self.pem" .

# An expired list of an authority that is not here, and a list of one week.
list "$work/crl-away.pem" other -crl_nextupdate 20010101000000Z
cat crl.pem "$work/crl-away.pem" >crl-and-foreign.pem
list crl-week.pem root -crl_lastupdate 20300101000000Z -crl_nextupdate 20300108000000Z

# An intermediate authority that has expired, and a curve that few know.
issue "$work/middle-expired.pem" middle root root -enddate 20010101000000Z
cat below.pem "$work/middle-expired.pem" >chain-expired.pem
cp "$work/middle-expired.pem" middle-expired.pem
openssl ecparam -name brainpoolP256r1 -genkey -noout -out key-brainpool.pem
openssl req -new -key key-brainpool.pem -subj "/CN=brainpool" -out "$work/brainpool.csr" && issue cert-brainpool.pem brainpool root leaf

rm -f key-dsa-both.pem
chmod 0600 ./*key*.pem
