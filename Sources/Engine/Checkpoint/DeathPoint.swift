internal import Messages
internal import Synchronization
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A place at which a test has the process killed, to see that the next run goes on from there.
///
/// The environment variable `XENT_TEST_DIE_AT` names it: `unit:N` is the end of the N-th unit of the process, `file:N` the moment in which the
/// state of its N-th incoming file has been kept; `snapshot:before-rename` and `snapshot:after-rename` lie around the moment in which a
/// checkpoint gets its name, and at `commit` all outputs have their names and the checkpoint is still there. Without the variable nothing
/// happens.
package enum DeathPoint: Sendable, Equatable {
    /// The end of the unit of this number among those of the process, from 1.
    case unit(Int)
    /// The moment in which the state of the incoming file of this number, from 1, has been kept.
    case file(Int)
    /// The moment before a checkpoint gets its name.
    case snapshotBeforeRename
    /// The moment after a checkpoint got its name.
    case snapshotAfterRename
    /// The moment in which all outputs have their names and the checkpoint is still there.
    case commit

    /// The place that the environment names.
    private static let wanted: DeathPoint? = {
        guard let value = getenv("XENT_TEST_DIE_AT").map({ FileName.text($0) }) else { return nil }
        switch value {
        case "snapshot:before-rename": return .snapshotBeforeRename
        case "snapshot:after-rename": return .snapshotAfterRename
        case "commit": return .commit
        default:
            let number = Int(value.dropFirst(5))
            return value.hasPrefix("unit:") ? number.map { .unit($0) } : value.hasPrefix("file:") ? number.map { .file($0) } : nil
        }
    }()
    private static let unitCount = Atomic<Int>(0)
    private static let fileCount = Atomic<Int>(0)

    /// Kills the process, as `kill -9` does, if this is the place.
    package static func reach(_ point: DeathPoint) {
        guard let wanted, wanted == point else { return }
        kill(getpid(), SIGKILL)
    }

    /// Counts an incoming file, and kills the process if that was the last one.
    static func reachFile() {
        guard wanted != nil else { return }
        reach(.file(fileCount.add(1, ordering: .relaxed).newValue))
    }

    /// Counts a unit, and kills the process if that was the last one.
    static func reachUnit() {
        guard wanted != nil else { return }
        reach(.unit(unitCount.add(1, ordering: .relaxed).newValue))
    }
}
