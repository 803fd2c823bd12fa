#!/usr/bin/env bash
# Checks that a release build of xent runs on every processor and gives the same bits on each.
#
#   scripts/check-binary.sh [--no-qemu] XENT          XENT: .build/release/xent, with its object files beside it
#
# (a) The objects of KernelsAVX2 and KernelsAVX512 define nothing weak that another module defines or might define, but for Swift's
#     constants: the linker keeps one of several weak definitions, and could give AVX instructions to code that runs without them.
# (b) The demo data get the same mean, sum and partial from every kernel that this machine has, and from the binary under
#     qemu-x86_64 -cpu Nehalem (no AVX, no FMA). The means are within 1 ULP of scripts/demo/truth.json.
# (c) In our other modules there is no instruction of AVX, AVX-512, FMA or BMI.
# (d) The binary exports its allocation functions and nothing else (Sources/MemoryRefusal/exported-symbols.map): the loader looks up the
#     symbols of every library among them first.
#
# (a), (c) and (d) are for x86-64. --no-qemu leaves the emulator out. Needs binutils, python3, and qemu-user.
# Exit status: 0 all is well; 1 something is not; 64 bad usage; 66 there is no such binary; 69 a tool is missing.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
failures=0

stop() {
    printf 'check-binary: %s\n' "$1" >&2
    exit "$2"
}
bad() {
    printf '  FAILED: %s\n' "$1"
    failures=$((failures + 1))
}

with_qemu=true
binary=
for argument in "$@"; do
    case "$argument" in
    --no-qemu) with_qemu=false ;;
    -*) stop "unknown option $argument; usage: check-binary.sh [--no-qemu] XENT" 64 ;;
    *)
        [[ -z $binary ]] || stop "one binary at a time; usage: check-binary.sh [--no-qemu] XENT" 64
        binary=$argument
        ;;
    esac
done
[[ -n $binary ]] || stop "which binary? Usage: check-binary.sh [--no-qemu] XENT" 64
[[ -f $binary && -x $binary ]] || stop "$binary is not an executable file; build it with: swift build -c release --product xent" 66
build=$(cd "$(dirname "$binary")" && pwd -P)
binary=$build/$(basename "$binary")

machine=$(uname -m)
tools=(python3)
kernels=(auto baseline neon)
if [[ $machine == x86_64 ]]; then
    tools+=(objdump readelf nm)
    kernels=(auto baseline avx2 avx512)
    if $with_qemu; then tools+=(qemu-x86_64); fi
else
    with_qemu=false
fi
for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || stop "$tool is missing; scripts/install-dependencies.sh --tests installs it" 69
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Puts the object files of a target into the array `objects`.
find_objects() {
    mapfile -d '' -t objects < <(find -L "$build/$1.build" -name '*.o' -type f -print0 2>/dev/null | sort -z)
}

# (a) Weak definitions ------------------------------------------------------------------------------------------------

# Prints a line for each weak definition of an object, and for each COMDAT group that holds code: "code" or "data", tab, name.
# And a line "seen", tab, the number of functions that it defines.
weak_definitions() {
    objdump -h -w "$1" >"$scratch/sections"
    objdump -t "$1" >"$scratch/symbols"
    readelf -gW "$1" >"$scratch/groups"
    awk -F '\t' '
        FILENAME ~ /sections$/ {
            # Index, name, size, VMA, LMA, offset, alignment, flags.
            if (match($0, /^ *[0-9]+ /)) {
                name = substr($0, RLENGTH + 1)
                is_code = name ~ / CODE(,|$)/
                sub(/ +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +2\*\*.*$/, "", name)
                if (is_code) code[name] = 1
            }
            next
        }
        FILENAME ~ /symbols$/ {
            # Sixteen digits, seven letters (the second is w for weak, the first u for unique), section, tab, size, name.
            if (NF < 2) next
            letters = substr($1, 18, 7)
            section = substr($1, 26)
            name = $2
            sub(/^[0-9a-f]+ (\.hidden |\.protected |\.internal |0x[0-9a-f]+ )*/, "", name)
            if (section == "*UND*") next
            if (substr(letters, 7, 1) == "F" && section in code) functions++
            if (letters ~ /^.w/ || letters ~ /^u/ || section == "*COM*") print (section in code ? "code" : "data") "\t" name
            next
        }
        {
            # COMDAT group section [    5] `.group'"'"' [signature] contains 2 sections:
            if ($0 ~ /^COMDAT group section/) {
                signature = $0
                sub(/^[^`]*`[^\[]*\[/, "", signature)
                sub(/\] contains [0-9]+ sections?:.*$/, "", signature)
            } else if (match($0, /^ +\[ *[0-9]+\] +/)) {
                section = substr($0, RLENGTH + 1)
                if (section in code) print "code\t" signature
            }
        }
        END { print "seen\t" functions + 0 }
    ' "$scratch/sections" "$scratch/symbols" "$scratch/groups" | sort -u
}

check_weak_definitions() {
    local module=$1 own=${#1}$1 objects=() object kind name functions=0 constants=0 own_names=0
    find_objects "$module"
    if ((${#objects[@]} == 0)); then
        bad "$module: no object file in $build/$module.build; there is nothing to check"
        return
    fi
    : >"$scratch/own"
    for object in "${objects[@]}"; do
        weak_definitions "$object" >"$scratch/weak"
        while IFS=$'\t' read -r kind name; do
            if [[ $kind == seen ]]; then
                functions=$((functions + name))
            elif [[ $name =~ (^|[^0-9])"$own" ]]; then
                # Looked for in the other modules' objects, below.
                printf '%s\n' "$name" >>"$scratch/own"
            elif [[ $kind == code ]]; then
                bad "$module: $(basename "$object"): weak code that another object may define as well: $name"
            else
                # Constants that Swift emits in each module: module descriptors, versions, addresses of symbols, mangled names.
                # They are the same everywhere and hold no address of code of ours.
                case "$name" in
                \$s*MXM | __swift_reflection_version | got.* | 'symbolic '*) constants=$((constants + 1)) ;;
                *) bad "$module: $(basename "$object"): weak data that is not known to be harmless: $name" ;;
                esac
            fi
        done <"$scratch/weak"
    done
    # What has the module's name in its own is harmless where no other module defines it: there is nothing to choose from.
    sort -u -o "$scratch/own" "$scratch/own"
    own_names=$(wc -l <"$scratch/own")
    find -L "$build" -name '*.o' -type f -not -path "$build/$module.build/*" \
        -exec nm -g -j --defined-only {} + >"$scratch/others" 2>/dev/null || true
    [[ -s $scratch/others ]] || bad "$module: no object of another module was found to compare with"
    while IFS= read -r name; do
        bad "$module: weak, and another module's object defines it too: $name"
    done < <(grep -Fx -f "$scratch/own" "$scratch/others" | sort -u)
    ((functions > 0)) || bad "$module: the objects define no function"
    printf '  %s: %d object(s), %d functions; weak: %d constants of Swift, %d names of the module itself\n' \
        "$module" "${#objects[@]}" "$functions" "$constants" "$own_names"
}

# (b) The same bits -----------------------------------------------------------------------------------------------------

# Runs `xent eval` on a demo set. Arguments: the set, a name for the outputs, the kernel, then the emulator's command if any.
# Returns xent's exit status.
evaluate() {
    local data=$1 output=$scratch/$1.$2 kernel=$3
    shift 3
    local arguments=()
    case "$data" in
    digits) arguments=(digits.logits.npy.zst --labels digits.labels.npy --task multiclass --input logits) ;;
    cancer) arguments=(cancer.probabilities.npy --labels cancer.labels.npy --task binary --input probabilities) ;;
    esac
    (cd "$root/scripts/demo" && timeout 600 "$@" "$binary" eval "${arguments[@]}" --kernel "$kernel" --threads 2 --progress never \
        --json - --partial "$output.partial") >"$output.json" 2>"$output.stderr"
}

# Compares two evaluations of one set: reports, partials, and the kernel that the second says it ran on.
# Arguments: the set, the two names, the expected kernel (or auto). Prints what is wrong; nothing where all is well.
differences() {
    cmp -s "$scratch/$1.$2.partial" "$scratch/$1.$3.partial" || echo "the partials differ"
    python3 - "$scratch/$1.$2.json" "$scratch/$1.$3.json" "$1" "$4" "$root/scripts/demo/truth.json" <<'PYTHON'
import json, math, sys
data, kernel = sys.argv[3:5]
try:
    first, second = (json.load(open(path)) for path in sys.argv[1:3])
    truth = json.load(open(sys.argv[5]))[data]
    for key in ("mean_hex", "sum_hex"):
        a, b = first["loss"][key], second["loss"][key]
        if a != b: print(f"{key} is {b}, and {a} with --kernel auto")
    mean, true_mean = float.fromhex(second["loss"]["mean_hex"]), float.fromhex(truth["mean_hex"])
    if not abs(mean - true_mean) <= math.ulp(true_mean): print(f"the mean {mean.hex()} is over 1 ULP from the true {true_mean.hex()}")
    if second["rows"]["scored"] != truth["rows"]: print(f"{second['rows']['scored']} rows scored, not {truth['rows']}")
    if kernel != "auto" and second["run"]["kernel"] != kernel: print(f"--kernel {kernel} ran {second['run']['kernel']}")
except (OSError, ValueError, TypeError, KeyError) as error:
    print(f"the report is not what it should be: {error!r}")
PYTHON
}

# Compares one evaluation with that of --kernel auto. Arguments: the set, the name of the outputs, the expected kernel.
same_as_auto() {
    local found
    found=$(differences "$1" auto "$2" "$3") || found="they could not be compared: $found"
    if [[ -n $found ]]; then
        bad "$1, $2: ${found//$'\n'/; }"
    else
        comparisons=$((comparisons + 1))
    fi
}

check_bits() {
    local data kernel status ran comparisons=0
    for data in digits cancer; do
        ran=()
        for kernel in "${kernels[@]}"; do
            status=0
            evaluate "$data" "$kernel" "$kernel" || status=$?
            if ((status == 64)) && [[ $kernel != auto && $kernel != baseline ]]; then
                printf '  %s: --kernel %s is not for this machine: %s\n' "$data" "$kernel" "$(tail -n 1 "$scratch/$data.$kernel.stderr")"
            elif ((status != 0)); then
                bad "$data, --kernel $kernel: exit status $status: $(tail -n 3 "$scratch/$data.$kernel.stderr")"
                # Without this one there is nothing to compare with.
                if [[ $kernel == auto ]]; then return; fi
            else
                same_as_auto "$data" "$kernel" "$kernel"
                ran+=("$kernel")
            fi
        done
        if $with_qemu; then
            status=0
            evaluate "$data" nehalem auto qemu-x86_64 -cpu Nehalem || status=$?
            if ((status != 0)); then
                bad "$data, under qemu as a Nehalem: exit status $status: $(tail -n 3 "$scratch/$data.nehalem.stderr")"
            else
                same_as_auto "$data" nehalem baseline
                ran+=("baseline under qemu as a Nehalem")
            fi
            # A kernel that the processor lacks is refused; running it would die of an illegal instruction (132).
            status=0
            evaluate "$data" refused avx2 qemu-x86_64 -cpu Nehalem || status=$?
            ((status == 64)) || bad "$data, --kernel avx2 under qemu as a Nehalem: exit status $status, not 64"
        fi
        printf '  %s: %s' "$data" "${ran[0]-no kernel}"
        if ((${#ran[@]} > 1)); then printf ', %s' "${ran[@]:1}"; fi
        printf '\n'
    done
    ((comparisons > 0)) || bad "no two evaluations were compared"
    printf '  %d evaluations agree with the true means, and with --kernel auto in mean_hex, sum_hex and partial\n' "$comparisons"
}

# (c) Instructions ------------------------------------------------------------------------------------------------------

# Reads objdump -d, and prints "FLAG FUNCTION" for each function, FLAG being 1 if it uses what came after SSE4: registers ymm, zmm
# and k, any mnemonic of AVX or FMA (they begin with v), and BMI. tzcnt is not counted: it is bsf to older processors, and
# compilers use it as that.
functions_by_instructions() {
    objdump -d --no-show-raw-insn "$@" | awk -F '\t' '
        function done() { if (name != "") print (newer ? 1 : 0) " " name }
        /^[0-9a-f]+ <.*>:$/ {
            done()
            name = $0
            sub(/^[0-9a-f]+ </, "", name)
            sub(/>:$/, "", name)
            newer = 0
            next
        }
        NF >= 2 {
            if ($2 ~ /%[yz]mm|%k[0-7]/) newer = 1
            else if ($2 ~ /^v/ && $2 !~ /^(verr|verw|vmcall|vmfunc|vmlaunch|vmresume|vmxoff|vmxon|vmread|vmwrite|vmclear|vmptr)/) newer = 1
            else if ($2 ~ /^(andn|bextr|blsi|blsr|blsmsk|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt|movbe)[lqw]? /) newer = 1
        }
        END { done() }
    '
}

check_instructions() {
    local module objects=() modules=() folder total newer line
    for folder in "$root"/Sources/*/; do
        module=$(basename "$folder")
        if [[ $module != KernelsAVX2 && $module != KernelsAVX512 ]]; then modules+=("$module"); fi
    done

    # Object by object, so that a function counts for the module that compiled it, whatever its name.
    local kernels_seen=false
    for module in ${modules[@]+"${modules[@]}"}; do
        find_objects "$module"
        if ((${#objects[@]} == 0)); then continue; fi
        functions_by_instructions "${objects[@]}" >"$scratch/functions"
        total=$(wc -l <"$scratch/functions")
        newer=$(grep -c '^1 ' "$scratch/functions" || true)
        if ((total == 0)); then continue; fi
        if [[ $module == Kernels ]]; then kernels_seen=true; fi
        while IFS= read -r line; do
            # A function of its own, which is called only where the processor is found to have the instructions.
            if [[ $module == FoldedCRC && ${line#1 } == fold_steps* ]]; then continue; fi
            if [[ $module == BytePlanes && ${line#1 } =~ ^join_avx(2|512)_[248]$ ]]; then continue; fi
            bad "$module: AVX, FMA or BMI in ${line#1 }"
        done < <(grep '^1 ' "$scratch/functions" || true)
        printf '  %s: %d functions in objects, %d with AVX, FMA or BMI\n' "$module" "$total" "$newer"
    done
    $kernels_seen || bad "no function of the module Kernels was found in $build"

    # The binary, as linked. A mangled name holds its module's, with the length before it.
    local ours='' mangled
    for module in ${modules[@]+"${modules[@]}"}; do ours+="${ours:+|}${#module}$module"; done
    functions_by_instructions "$binary" >"$scratch/functions"
    for mangled in 11KernelsAVX2 13KernelsAVX512; do
        # The positive control: were there none, this check would see nothing.
        newer=$(grep -cE "^1 (.*[^0-9])?$mangled" "$scratch/functions" || true)
        ((newer > 0)) || bad "$(basename "$binary"): no function of ${mangled#1[13]} uses AVX; the target's flags did not take effect"
        printf '  %s: %d functions of %s, all of them free to use AVX\n' "$(basename "$binary")" "$newer" "${mangled#1[13]}"
    done
    grep -vE '(^|[^0-9])(11KernelsAVX2|13KernelsAVX512)' "$scratch/functions" >"$scratch/rest" || true
    grep -E "[^0-9]($ours)" "$scratch/rest" >"$scratch/ours" || true
    total=$(wc -l <"$scratch/ours")
    newer=$(grep -c '^1 ' "$scratch/ours" || true)
    while IFS= read -r line; do bad "$(basename "$binary"): AVX, FMA or BMI in ${line#1 }"; done < <(grep '^1 ' "$scratch/ours" || true)
    ((total > 0)) || bad "$(basename "$binary"): no function of our modules was found; was it stripped?"
    printf '  %s: %d functions of our other modules, %d with AVX, FMA or BMI; %d functions of libraries not judged\n' \
        "$(basename "$binary")" "$total" "$newer" $(($(wc -l <"$scratch/rest") - total))
}

# (d) Exported symbols --------------------------------------------------------------------------------------------------

check_exports() {
    local allocation='malloc|calloc|realloc|memalign|aligned_alloc|posix_memalign' name count=0
    nm -D --defined-only "$binary" | awk '{ print $3 }' | sed 's/@.*//' >"$scratch/exports"
    while IFS= read -r name; do
        count=$((count + 1))
        [[ $name =~ ^($allocation)$ ]] || bad "$(basename "$binary") exports $name"
        ((failures < 20)) || break
    done <"$scratch/exports"
    grep -qx malloc "$scratch/exports" || bad "$(basename "$binary") does not export malloc: its message on refused memory is not seen by libraries"
    printf '  %s: %d exported symbols\n' "$(basename "$binary")" "$count"
}

if [[ $machine == x86_64 ]]; then
    printf '(a) weak definitions\n'
    check_weak_definitions KernelsAVX2
    check_weak_definitions KernelsAVX512
fi
printf '(b) the same bits\n'
check_bits
if [[ $machine == x86_64 ]]; then
    printf '(c) instructions\n'
    check_instructions
fi

if [[ $machine == x86_64 ]]; then
    printf '(d) exported symbols\n'
    check_exports
fi

if ((failures > 0)); then
    printf 'check-binary: %d failure(s) in %s\n' "$failures" "$binary" >&2
    exit 1
fi
printf 'check-binary: all is well with %s\n' "$binary"
