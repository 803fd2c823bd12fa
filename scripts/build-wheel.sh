#!/usr/bin/env bash
# Builds the wheels of the Python package, with the command in them, into a folder.
#
#   scripts/build-wheel.sh [--kind dynamic|static|both] [--output DIR] [--binary FILE]
#
#   --kind dynamic    the libraries of C and C++ of the system alone are needed: manylinux_2_34, which pip prefers where it fits
#   --kind static     nothing is needed, not even glibc: manylinux_2_17 and musllinux_1_1; without what is loaded at run time (URLs)
#   --kind both       the default
#   --output DIR      default dist, in the current folder
#   --binary FILE     pack this binary as it is, and build nothing; the wheel is for this machine (linux_x86_64)
#
# One build gives the objects of both, which are linked again: zstd, xxHash, zlib, Snappy, LZ4, Brotli and simdjson are linked statically.
# Debian has no libsimdjson.a: its source package, of the version of the headers, is fetched with apt-get and compiled. The same sources and
# tools give the same bytes: there are neither times nor debugging symbols in a wheel. Each wheel is checked: what its binary needs
# (auditwheel, where it is found, has the last word), and that it evaluates the demo data to the true mean.
# The variable XENT_WHEEL_SCRATCH names the folder of the build; default .build-wheel.
# Exit status: 0 the wheels are there; 1 a check failed; 64 bad usage; 66 there is no such binary; 69 something is missing.
set -euo pipefail
export LC_ALL=C

fail() {
    printf 'build-wheel.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
kind=both
output=dist
binary=
while (($# > 0)); do
    case "$1" in
    --kind | --output | --binary)
        (($# > 1)) || fail "$1 has no value" 64
        case "$1" in --kind) kind=$2 ;; --output) output=$2 ;; --binary) binary=$2 ;; esac
        shift 2
        ;;
    -h | --help)
        sed -n '2,19s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *) fail "unknown option $1; there are --kind, --output and --binary" 64 ;;
    esac
done
[[ $kind == dynamic || $kind == static || $kind == both ]] || fail "--kind is dynamic, static or both, not $kind" 64
machine=$(uname -m)
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is not of version 3.11 or newer" 69

if [[ -n $binary ]]; then
    [[ -f $binary && -x $binary ]] || fail "$binary is not an executable file" 66
    exec python3 "$root/python/pack_wheel.py" --binary "$binary" --platform "linux_$machine" --output "$output"
fi

for tool in swift swiftc gcc g++ ar strip readelf; do
    command -v "$tool" >/dev/null || fail "$tool is missing" 69
done
scratch=${XENT_WHEEL_SCRATCH:-$root/.build-wheel}
archives=$scratch/archives
mkdir -p "$archives"

# One build -------------------------------------------------------------------------------------------------------------

build=(swift build -c release --product xent --static-swift-stdlib --package-path "$root" --scratch-path "$scratch")
"${build[@]}"
objects=$("${build[@]}" --show-bin-path)
[[ -f $objects/xent.product/Objects.LinkFileList ]] || fail "SwiftPM left no list of objects in $objects/xent.product"

# Archives --------------------------------------------------------------------------------------------------------------

# A folder with archives alone, so that the linker finds nothing else there.
for library in zstd xxhash z snappy lz4 brotlidec brotlicommon; do
    archive=$(gcc -print-file-name="lib$library.a")
    [[ -f $archive ]] || fail "lib$library.a is missing; the -dev package of the library has it" 69
    ln -sf "$archive" "$archives/"
done

# simdjson, of the version of the headers, from Debian's source package, whose signature apt checks.
make_simdjson() {
    local archive version work
    archive=$(gcc -print-file-name=libsimdjson.a)
    if [[ -f $archive ]]; then
        ln -sf "$archive" "$archives/"
        return
    fi
    version=$(dpkg-query -W -f '${source:Version}' libsimdjson-dev 2>/dev/null) ||
        fail "there is neither libsimdjson.a nor Debian's libsimdjson-dev; build simdjson statically, into the compiler's folders" 69
    if [[ -f $archives/libsimdjson.a && $(cat "$archives/simdjson.version" 2>/dev/null) == "$version" ]]; then return; fi
    work=$(mktemp -d)
    # shellcheck disable=SC2064 # The folder of now.
    trap "rm -rf '$work'" EXIT
    mkdir -p "$work/lists/partial" "$work/sources.list.d"
    # The sources of where the binaries come from; the system's own lists stay as they are.
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        if [[ -f $file ]] && grep -qiE 'debian|ubuntu' "$file"; then
            sed -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' "$file" >"$work/sources.list.d/$(basename "${file%.list}")${file##*sources}.tmp"
            if [[ $file == *.sources ]]; then
                mv "$work/sources.list.d/"*.tmp "$work/sources.list.d/$(basename "$file")"
            else
                mv "$work/sources.list.d/"*.tmp "$work/sources.list.d/$(basename "${file%.list}").list"
            fi
        fi
    done
    local apt=(apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources.list.d"
        -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=)
    "${apt[@]}" update >"$work/log" 2>&1 || true
    (cd "$work" && "${apt[@]}" source --download-only "simdjson=$version") >>"$work/log" 2>&1 ||
        fail "apt-get source simdjson=$version failed: $(tail -n 3 "$work/log")" 69
    mkdir "$work/simdjson"
    tar -xf "$work"/simdjson_*.orig.tar.* -C "$work/simdjson" --strip-components=1
    g++ -O3 -DNDEBUG -fPIC -ffile-prefix-map="$work=." -c "$work/simdjson/singleheader/simdjson.cpp" -o "$work/simdjson.o"
    rm -f "$archives/libsimdjson.a"
    ar rcsD "$archives/libsimdjson.a" "$work/simdjson.o"
    printf '%s\n' "$version" >"$archives/simdjson.version"
}
make_simdjson

# Swift's Glibc overlay refers to hypotf, which nothing of ours calls, and which alone has a version of glibc 2.35.
printf '#include <math.h>\nfloat hypotf(float x, float y) { return (float)sqrt((double)x * x + (double)y * y); }\n' >"$archives/hypotf.c"
gcc -O2 -fno-builtin -c "$archives/hypotf.c" -o "$archives/hypotf.o"

# Links -----------------------------------------------------------------------------------------------------------------

# link FILE FLAG…: links the objects of the build, and strips the binary.
link() {
    local file=$1
    shift
    # glibc warns of what needs its shared libraries even in a static binary; nothing of ours calls that.
    swiftc "$@" -emit-executable -module-name xent -o "$file" -L"$archives" -L"$objects" \
        -Xlinker --gc-sections -Xlinker --defsym -Xlinker main=xent_main "@$objects/xent.product/Objects.LinkFileList" \
        "$archives/hypotf.o" -lxxhash -lz -lzstd -llz4 -lbrotlidec -lbrotlicommon -lsnappy -lsimdjson -lstdc++ -lm \
        >"$file.log" 2>&1 || fail "the link of $(basename "$file") failed: $(grep -v 'warning: ' "$file.log" | tail -n 20)"
    strip --strip-all "$file"
}

# check BINARY LIBRARY…: the binary needs no other library than these, and evaluates the demo data to the true mean.
check() {
    local file=$1 needed library found truth
    shift
    needed=$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    for library in $needed; do
        [[ " $* " == *" $library "* ]] || fail "$(basename "$file") needs $library"
    done
    found=$(cd "$root/scripts/demo" && "$file" eval digits.logits.npy.zst --labels digits.labels.npy --task multiclass --input logits --json - |
        sed -n 's/.*"mean_hex" : "\(.*\)".*/\1/p' | sort -u)
    truth=$(cd "$root/scripts/demo" && "$objects/xent" eval digits.logits.npy.zst --labels digits.labels.npy --task multiclass --input logits --json - |
        sed -n 's/.*"mean_hex" : "\(.*\)".*/\1/p' | sort -u)
    [[ -n $found && $found == "$truth" ]] || fail "$(basename "$file") gives the mean $found, and not $truth"
}

# audit WHEEL TAG: auditwheel finds no lower tag impossible, where it is installed.
audit() {
    local auditwheel
    auditwheel=$(command -v auditwheel || true)
    if [[ -z $auditwheel ]]; then
        printf '  auditwheel is not in PATH, and was not asked\n'
        return
    fi
    local said
    said=$("$auditwheel" show "$1" 2>&1 | tr '\n' ' ') || true
    [[ $said == *"\"$2\""* || $said == *"no external shared libraries"* || $said == *"platform tag: \"manylinux_2_5_"* ]] ||
        fail "auditwheel does not find $1 to be $2: $said"
    printf '  auditwheel: %s\n' "$(grep -oE '(many|musl)?linux_[0-9a-z_]+' <<<"$said" | tail -n 1)"
}

if [[ $kind != static ]]; then
    file=$scratch/xent-dynamic
    link "$file" -static-stdlib -Xlinker "--version-script=$root/Sources/MemoryRefusal/exported-symbols.map"
    check "$file" libm.so.6 libstdc++.so.6 libgcc_s.so.1 libc.so.6 "ld-linux-${machine/_/-}.so.2" ld-linux-aarch64.so.1
    # The newest version of glibc that a symbol has.
    newest=$(readelf -W --dyn-syms "$file" | grep -oE 'GLIBC_[0-9.]+' | sort -V | tail -n 1)
    platform=manylinux_${newest#GLIBC_}
    platform=${platform/./_}_$machine
    wheel=$(python3 "$root/python/pack_wheel.py" --binary "$file" --platform "$platform" --output "$output")
    printf '%s\n' "$wheel"
    audit "$wheel" "$platform"
fi
if [[ $kind != dynamic ]]; then
    file=$scratch/xent-static
    # Of two definitions of malloc and its kin the first counts: that of MemoryRefusal, which calls glibc's own.
    link "$file" -static-executable -Xlinker -z -Xlinker muldefs
    check "$file"
    # The program says that memory was refused: its definition of malloc is the one that counts.
    status=0
    said=$( (ulimit -v 100000 && yes 0.25,0.75,1 | head -c 150000000 | tr -d '\n' |
        "$file" eval - --task binary --input probabilities --no-header --label-column 2 --prediction-columns 0) 2>&1) || status=$?
    [[ $status == 74 && $said == *"the system refused"* ]] ||
        fail "$(basename "$file") ends with status $status where memory is refused: $said"
    wheel=$(python3 "$root/python/pack_wheel.py" --binary "$file" --platform "manylinux_2_17_$machine.musllinux_1_1_$machine" --output "$output")
    printf '%s\n' "$wheel"
    audit "$wheel" "manylinux_2_17_$machine"
fi
