import CLibFuzzer
import FuzzTargets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// xent-fuzz TARGET CORPUS [OPTIONS OF LIBFUZZER]: puts the target's seeds into the folder CORPUS, and hands over to libFuzzer.

/// The target that the first argument names.
func chosenTarget() -> FuzzTarget {
    guard CommandLine.arguments.count > 2, let target = FuzzTarget.all.first(where: { $0.name == CommandLine.arguments[1] }) else {
        fatalError("usage: xent-fuzz TARGET CORPUS [OPTIONS]; the targets are \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    return target
}

let arguments = CommandLine.arguments
let target = chosenTarget()
for (number, seed) in target.seeds().enumerated() {
    guard let file = fopen("\(arguments[2])/seed-\(number)", "w") else { fatalError("\(arguments[2]) cannot be written to") }
    let written = fwrite(seed, 1, seed.count, file)
    guard fclose(file) == 0, written == seed.count else { fatalError("\(arguments[2]) cannot be written to") }
}

// libFuzzer keeps the pointers: they are never given back.
let kept = [arguments[0]] + arguments[2...]
var count = CInt(kept.count)
let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: kept.count + 1)
for (index, argument) in kept.enumerated() { (pointers + index).initialize(to: strdup(argument)) }
(pointers + kept.count).initialize(to: nil)
var firstPointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = pointers
exit(
    LLVMFuzzerRunDriver(&count, &firstPointer) { bytes, byteCount in
        target.run(UnsafeRawBufferPointer(start: bytes, count: byteCount))
        return 0
    })
