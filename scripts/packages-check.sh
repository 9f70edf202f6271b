#!/bin/bash
# Opens everything in dist/ and looks whether it is what docs/installing.md says.
set -euo pipefail
cd "$(dirname "$0")/../dist"
dir=$(mktemp -d /tmp/replssl-packages.XXXXXX)
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C

fail() { echo "packages: $*" >&2; exit 1; }
for program in dpkg-deb rpm rpm2cpio cpio readelf file lintian; do
    command -v $program >/dev/null || fail "$program is not installed: scripts/setup.sh ci installs it where apt-get can"
done
same() { # what it is, what is wanted, what there is
    [ "$2" = "$3" ] || { diff <(echo "$2") <(echo "$3") >&2 || true; fail "$1 is not as wanted (< wanted, > there is)"; }
}

kind() { # of a binary
    case $1 in
        linux_amd64) echo 'ELF 64-bit LSB executable, x86-64' ;;
        linux_arm64) echo 'ELF 64-bit LSB executable, ARM aarch64' ;;
        darwin_amd64) echo 'Mach-O 64-bit x86_64 executable' ;;
        darwin_arm64) echo 'Mach-O 64-bit arm64 executable' ;;
    esac
}
check_binary() { # a file, and the system and processor that it is for
    file -b "$1" | grep -q "^$(kind "$2")" || fail "$1 for $2 is: $(file -b "$1")"
    case $2 in linux_*)
        readelf --dynamic "$1" | grep -q 'There is no dynamic section' || fail "$1 for $2 is not static"
    esac
}
pages() { # the manual pages, one a command, as the program itself lists them
    local names='' name
    for name in $(man_names); do names+="$name.1.gz"$'\n'; done
    sort <<<"${names%$'\n'}"
}
man_names() { "$dir/replssl" __complete '' 2>/dev/null | awk -F'\t' '/^[a-z]/ && $1 != "help" {print "replssl-" $1}'; echo replssl; }

check_archive() {
    local name=$1 target=$2 files
    tar -C "$dir" -xzf "$name.tar.gz"
    files=$(cd "$dir/$name" && find . -type f ! -path './man/*' -printf '%m %P\n' | sort -k2)
    same "the content of $name.tar.gz" "$(printf '%s\n' '644 CHANGELOG.md' '644 LICENSE' '644 README.md' '644 completions/_replssl' \
        '644 completions/replssl.bash' '644 completions/replssl.fish' '755 replssl')" "$files"
    check_binary "$dir/$name/replssl" "$target"
    tar -tvzf "$name.tar.gz" | awk '$2 != "0/0" {exit 1}' || fail "$name.tar.gz has files that are not root's"
}
has_pages() { # a folder
    local page
    for page in $(pages); do [ -s "$1/$page" ] || fail "$1 lacks $page"; done
    gzip -t "$1"/*.gz
}

# The files of a tree that was unpacked as root owns it, without the manual pages.
tree() { (cd "$1" && find . -type f ! -path './usr/share/man/*' -printf '%m /%P\n' | sort -k2); }
common="644 /usr/share/bash-completion/completions/replssl
644 /usr/share/doc/replssl/CHANGELOG.md
644 /usr/share/doc/replssl/README.md
644 /usr/share/fish/vendor_completions.d/replssl.fish
755 /usr/bin/replssl"

check_deb() { # a file, and its processor
    dpkg-deb -x "$1" "$dir/deb-$2"
    same "the content of $1" "$(sort -k2 <<<"$common
644 /usr/share/doc/replssl/changelog.Debian.gz
644 /usr/share/doc/replssl/copyright
644 /usr/share/zsh/vendor-completions/_replssl")" "$(tree "$dir/deb-$2")"
    dpkg-deb -c "$1" | awk '$2 != "root/root" {exit 1}' || fail "$1 has files that are not root's"
    same "who and what $1 is" "replssl $2 openssh-client" "$(dpkg-deb -f "$1" Package) $(dpkg-deb -f "$1" Architecture) $(dpkg-deb -f "$1" Recommends)"
    same "what $1 needs" '' "$(dpkg-deb -f "$1" Depends Pre-Depends)"
    same "the scripts of $1" '' "$(dpkg-deb --ctrl-tarfile "$1" | tar -t | grep -Ev '^\./?$|(control|md5sums|conffiles)$' || true)"
    check_binary "$dir/deb-$2/usr/bin/replssl" "linux_$2"
    has_pages "$dir/deb-$2/usr/share/man/man1"
    lintian --allow-root --display-level error --fail-on error --suppress-tags "$tolerated" "$1" || fail "lintian finds errors in $1"
}
# A Go program is static on purpose; and there is no bug of Debian's that asks for the package.
tolerated=statically-linked-binary,initial-upload-closes-no-bugs

check_rpm() { # a file, its processor, and what rpm calls that
    mkdir "$dir/rpm-$2"
    rpm2cpio "$1" >"$dir/rpm.cpio" || true # it does not find the size of the payload where nfpm has it; rpm's digests decide below
    (cd "$dir/rpm-$2" && cpio --quiet --no-absolute-filenames -idm <"$dir/rpm.cpio" 2>"$dir/cpio.log") || fail "$1 cannot be unpacked: $(cat "$dir/cpio.log")"
    same "the digests of the files in $1" "$(rpm -qp --qf '[%{FILEDIGESTS}  .%{FILENAMES}
]' "$1" | grep -v '^ ')" \
        "$(cd "$dir/rpm-$2" && find . -type f | sort | xargs sha256sum)"
    same "the content of $1" "$(sort -k2 <<<"$common
644 /usr/share/licenses/replssl/LICENSE
644 /usr/share/zsh/site-functions/_replssl")" "$(tree "$dir/rpm-$2")"
    same "who and what $1 is" "replssl $3 Apache-2.0 openssh-clients" "$(rpm -qp --qf '%{NAME} %{ARCH} %{LICENSE} [%{RECOMMENDNAME}]' "$1" 2>/dev/null)"
    same "what $1 needs" '' "$(rpm -qp --requires "$1" | grep -v '^rpmlib(' || true)"
    same "the owners in $1" 'root root' "$(rpm -qp --qf '[%{FILEUSERNAME} %{FILEGROUPNAME}\n]' "$1" | sort -u)"
    same "the scripts of $1" '' "$(rpm -qp --scripts "$1")"
    rpm --checksig --nosignature "$1" >/dev/null || fail "the digests in $1 are wrong"
    check_binary "$dir/rpm-$2/usr/bin/replssl" "linux_$2"
    has_pages "$dir/rpm-$2/usr/share/man/man1"
}

one() { # the only file of that pattern
    if [ $# != 1 ] || [ ! -e "$1" ]; then fail "there should be one file: $*"; fi
    echo "$1"
}

sha256sum --quiet --check SHA256SUMS
same 'what SHA256SUMS names' "$(find . -type f ! -name SHA256SUMS -printf '%P\n' | sort)" "$(awk '{print $2}' SHA256SUMS | sort)"

archive=$(one replssl_*_linux_amd64.tar.gz)
version=${archive#replssl_}
version=${version%_linux_amd64.tar.gz}
tar -xzf "$archive" -C "$dir" --strip-components=1 "${archive%.tar.gz}/replssl"
said=$("$dir/replssl" version)
case $said in
    "replssl v$version") ;;
    "replssl devel") [ "$version" = 0.0.0-devel ] || fail "the binary says '$said', the archives $version" ;;
    *) fail "the binary says '$said', the archives $version" ;;
esac

for target in linux_amd64 linux_arm64 darwin_amd64 darwin_arm64; do
    check_archive "replssl_${version}_$target" "$target"
    has_pages "$dir/replssl_${version}_$target/man"
done
check_deb "$(one replssl_*_amd64.deb)" amd64
check_deb "$(one replssl_*_arm64.deb)" arm64
check_rpm "$(one replssl-*.x86_64.rpm)" amd64 x86_64
check_rpm "$(one replssl-*.aarch64.rpm)" arm64 aarch64
echo "packages: $(wc -l <SHA256SUMS) files are as they should be; $said"
