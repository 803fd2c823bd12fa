import Dispatch
import Engine
import Outputs
import Synchronization
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A handler for SIGINT, SIGTERM and SIGHUP. They end the run in good order: unfinished files are removed, then the process dies by the
/// signal itself, as its sender expects. The handler itself ends the process if the run still waits for something (a disk, a reader of its
/// output), or if a second signal comes. A signal that was ignored when the process began stays ignored (nohup, a script's background).
final class Signals {
    let cancellation = Cancellation()
    private let received: ReceivedSignal
    private let sources: [any DispatchSourceSignal]

    /// The time in milliseconds that a cancelled run has to end by itself.
    private static let patienceMilliseconds = 500

    private final class ReceivedSignal: Sendable {
        let number = Atomic<Int32>(0)
    }

    init() {
        let received = ReceivedSignal()
        let cancellation = cancellation
        self.received = received
        // A queue of its own, since all threads of the common one may be working or waiting.
        let queue = DispatchQueue(label: "xent.signals")
        sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
            // Unsafe: the systems name the handler in `struct sigaction` differently, and all give it back as a function pointer of one
            // word, in whose place SIG_IGN is the number 1.
            if unsafeBitCast(signal(number, SIG_IGN), to: Int.self) == 1 { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if received.number.exchange(number, ordering: .sequentiallyConsistent) != 0 { Self.die(by: number) }
                cancellation.cancel()
                queue.asyncAfter(deadline: .now() + .milliseconds(Self.patienceMilliseconds)) {
                    StandardError.print("xent: cancelled")
                    Self.die(by: number)
                }
            }
            source.activate()
            return source
        }
    }

    /// Ends the process if a signal came. The command calls it when its work has stopped.
    func dieIfReceived() {
        let number = received.number.load(ordering: .sequentiallyConsistent)
        if number != 0 { Self.die(by: number) }
    }

    private static func die(by number: Int32) {
        signal(number, SIG_DFL)
        // A parent may have left it blocked.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        OutputFile.discardAll { kill(getpid(), number) }
    }
}
