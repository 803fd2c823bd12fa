import ArgumentParser
import Engine
import ParentDeath
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The option by which a run ends when the process that started it does.
struct ParentOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "End, as by SIGTERM, when the thread that started this process ends or its process is killed: no engine's dead worker leaves a run "
                + "behind. Linux. Where XENT_PARENT_PID is set, end at once unless it is the parent's number."))
    var exitWithParent = false

    /// Asks the system to end this process with its parent, and ends it if the parent is gone already.
    func apply() throws(EngineError) {
        guard exitWithParent else { return }
        let parent = getppid()
        let code = signalWhenParentDies(SIGTERM)
        guard code == 0 else {
            throw EngineError(
                usage: "--exit-with-parent: this system cannot do it: \(String(cString: strerror(code)))", remedy: "leave it out")
        }
        // A parent that ended before the request was made sends no signal: another process is the parent then. One that ended before this
        // process could look is known only by the number that it left.
        let expected = getenv("XENT_PARENT_PID").flatMap { Int32(String(cString: $0)) } ?? parent
        guard getppid() == expected, parent == expected else {
            kill(getpid(), SIGTERM)
            // The thread that waits for signals ends the process.
            for _ in 0..<5000 { usleep(1000) }
            throw EngineError(cancelledBefore: "anything was read: the process that started this one has ended")
        }
    }
}
