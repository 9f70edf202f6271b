#!/bin/sh
# Makes dist/: binaries in archives, deb and rpm packages, and SHA256SUMS. The same commit and Go give the same bytes. It publishes nothing.
#   NFPM=... scripts/packages.sh
set -eu
cd "$(dirname "$0")/.."
GO=${GO:-go}
umask 022

vcs=$(git rev-parse -q --verify HEAD >/dev/null 2>&1 && echo true || echo false)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y go.mod)} # also of a source tree without git
export SOURCE_DATE_EPOCH
stage=dist/stage

build() { # an operating system and a processor
    CGO_ENABLED=0 GOOS=$1 GOARCH=$2 $GO build -trimpath -buildvcs="$vcs" -ldflags='-s -w' -o "$stage/$1_$2/replssl" ./cmd/replssl
}

# What the program says of itself, without the v: a tag, or the time and commit that come after one.
version_of() {
    version=$($GO version -m "$1" | awk '$1 == "mod" {print $3}')
    case $version in v*) echo "${version#v}" ;; *) echo 0.0.0-devel ;; esac
}

lay_out() {
    mkdir -p $stage/completions $stage/man
    CGO_ENABLED=0 $GO run -trimpath ./cmd/replssl/internal/man --dir $stage/man
    gzip -n9 $stage/man/*.1
    native=$stage/$($GO env GOHOSTOS)_$($GO env GOHOSTARCH)/replssl
    $native completion bash >$stage/completions/replssl.bash
    $native completion zsh >$stage/completions/_replssl
    $native completion fish >$stage/completions/replssl.fish
    debian_changelog | gzip -n9 >$stage/changelog.Debian.gz
}

debian_changelog() {
    printf 'replssl (%s-1) unstable; urgency=medium\n\n  * What changed is told in CHANGELOG.md.\n\n -- %s  %s\n' \
        "$(echo "$VERSION" | sed 's/-/~/')" "$(sed -n 's/^maintainer: //p' nfpm.yaml)" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

archive() { # an operating system and a processor
    name=replssl_${VERSION}_$1_$2
    mkdir "$stage/$name"
    cp -R "$stage/$1_$2/replssl" $stage/man $stage/completions README.md CHANGELOG.md LICENSE "$stage/$name/"
    tar -C $stage --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" | gzip -n9 >"dist/$name.tar.gz"
}

package() { # a processor
    for packager in deb rpm; do
        ARCH=$1 VERSION=$VERSION "$NFPM" package --config nfpm.yaml --packager $packager --target dist/
    done
}

rm -rf dist
for system in linux darwin; do
    for processor in amd64 arm64; do build $system $processor; done
done
VERSION=$(version_of $stage/linux_amd64/replssl)
lay_out
for system in linux darwin; do
    for processor in amd64 arm64; do archive $system $processor; done
done
package amd64
package arm64
rm -rf $stage
(cd dist && sha256sum -- * >.sums && mv .sums SHA256SUMS && cat SHA256SUMS)
