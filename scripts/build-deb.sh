#!/usr/bin/env bash
# Builds a Debian package: the command, its manual page, and completions for bash, zsh and fish.
#
#   scripts/build-deb.sh [--binary FILE] [--output DIR] [--no-lintian]
#
#   --binary FILE    pack this binary, and build nothing; it must be linked as on the system that the package is for
#   --output DIR     default dist, in the current folder
#   --no-lintian     do not have lintian check the package, which takes half a minute
#
# The package depends on what the binary is found to need (dpkg-shlibdeps), so it is for the release of Debian or Ubuntu that it is built on.
# The same binary gives the same bytes. DEBFULLNAME and DEBEMAIL name the maintainer. lintian checks the package, where it is installed. Needs
# dpkg-dev and gzip.
# Exit status: 0 the package is there; 1 lintian found something; 64 bad usage; 66 there is no such binary; 69 something is missing.
set -euo pipefail
export LC_ALL=C

fail() {
    printf 'build-deb.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
binary=
output=dist
with_lintian=true
while (($# > 0)); do
    case "$1" in
    --binary | --output)
        (($# > 1)) || fail "$1 has no value" 64
        if [[ $1 == --binary ]]; then binary=$2; else output=$2; fi
        shift 2
        ;;
    --no-lintian)
        with_lintian=false
        shift
        ;;
    -h | --help)
        sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *) fail "unknown option $1; there are --binary, --output and --no-lintian" 64 ;;
    esac
done
for tool in dpkg-deb dpkg-shlibdeps gzip strip; do
    command -v "$tool" >/dev/null || fail "$tool is missing; Debian has it in dpkg, dpkg-dev, gzip and binutils" 69
done
if [[ -z $binary ]]; then
    "$root/scripts/install-dependencies.sh"
    (cd "$root" && swift build -c release --product xent --static-swift-stdlib)
    binary=$root/.build/release/xent
fi
[[ -f $binary && -x $binary ]] || fail "$binary is not an executable file" 66

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
version=$(sed -n 's/.*current = "\(.*\)".*/\1/p' "$root/Sources/Engine/System/Version.swift")
architecture=$(dpkg --print-architecture)
maintainer=${DEBFULLNAME:-The authors of Xent}' <'${DEBEMAIL:-xent@localhost.localdomain}'>'
# The time of the last change: files of one version have one time.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -Lc %Y "$root/CHANGELOG.md")}

# place MODE FILE: copies standard input to a file of the package.
place() {
    mkdir -p "$tree/$(dirname "$2")"
    cat >"$tree/$2"
    chmod "$1" "$tree/$2"
}
compressed() { gzip -9n; }

strip --strip-unneeded --remove-section=.comment --remove-section=.note -o "$work/xent" "$binary"
place 755 usr/bin/xent <"$work/xent"
"$binary" --generate-manual | compressed | place 644 usr/share/man/man1/xent.1.gz
# A file that is read, and never run.
"$binary" --generate-completion-script bash | sed '1{/^#!/d}' | place 644 usr/share/bash-completion/completions/xent
"$binary" --generate-completion-script zsh | place 644 usr/share/zsh/vendor-completions/_xent
"$binary" --generate-completion-script fish | place 644 usr/share/fish/vendor_completions.d/xent.fish
compressed <"$root/CHANGELOG.md" | place 644 usr/share/doc/xent/changelog.gz
compressed <<END | place 644 usr/share/doc/xent/changelog.Debian.gz
xent ($version-1) unstable; urgency=medium

  * Version $version, built from its sources.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
place 644 usr/share/doc/xent/copyright <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Xent

Files: *
Copyright: $(date -u -d "@$SOURCE_DATE_EPOCH" +%Y), the authors of Xent
License: Apache-2.0
 On Debian systems, the text of the Apache License, Version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
 .
 The binary holds code of the Swift project (its standard library, Foundation,
 Swift System and ArgumentParser), under the Apache License 2.0 with Runtime
 Library Exception, and of BigInt, under the MIT license.
END

# What the binary needs, as packages. dpkg-shlibdeps wants a source package's control file beside it.
mkdir -p "$work/debian"
printf 'Source: xent\n\nPackage: xent\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "-e$tree/usr/bin/xent" 2>"$work/log" | sed -n 's/^shlibs:Depends=//p') ||
    fail "dpkg-shlibdeps failed: $(cat "$work/log")" 69
size=$(du -sk --apparent-size "$tree" | cut -f1)
place 644 DEBIAN/control <<END
Package: xent
Version: $version-1
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $size
Depends: ${depends:-libc6}
Section: science
Priority: optional
Description: exact cross-entropy of prediction dumps
 Xent evaluates cross-entropy over files of predictions, logits or
 probabilities with their labels, from megabytes to terabytes. It reads each
 file once, compressed as it is, on every core, and gives one exact number,
 the same 64 bits whatever the threads, the processor or the machine.
END
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) | place 644 DEBIAN/md5sums
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$output"
package=$output/xent_$version-1_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$work/package.deb" >/dev/null
mv "$work/package.deb" "$package"
printf '%s\n' "$package"
if ! $with_lintian; then
    exit 0
elif command -v lintian >/dev/null; then
    # There is no bug report that a package of one's own closes, and no address without DEBEMAIL.
    suppressed=initial-upload-closes-no-bugs
    if [[ -z ${DEBEMAIL-} ]]; then suppressed+=,bogus-mail-host,bogus-mail-host-in-debian-changelog; fi
    lintian --fail-on error,warning --allow-root --suppress-tags "$suppressed" "$package" ||
        fail "lintian found what it names above"
else
    printf '  lintian is not installed, and was not asked\n'
fi
