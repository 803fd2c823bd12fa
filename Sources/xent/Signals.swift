import Dispatch
import Synchronization
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// SIGINT, SIGTERM and SIGHUP end the run in good order: unfinished files are removed, then the process dies by the signal itself, as whoever sent
/// it expects. A second signal kills at once. A signal that was ignored when the process began stays ignored (nohup, a script's background).
final class Signals {
    let cancellation = Cancellation()
    private let received: ReceivedSignal
    private let sources: [any DispatchSourceSignal]

    private final class ReceivedSignal: Sendable {
        let number = Atomic<Int32>(0)
    }

    init() {
        let received = ReceivedSignal()
        let cancellation = cancellation
        self.received = received
        sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
            var before = sigaction()
            sigaction(number, nil, &before)
            // SIG_IGN is the number 1 in a function pointer's place.
            if unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1 { return nil }
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if received.number.exchange(number, ordering: .sequentiallyConsistent) != 0 { Self.die(by: number) }
                cancellation.cancel()
            }
            source.activate()
            return source
        }
    }

    /// Call it when the work has stopped: returns if no signal came.
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
        kill(getpid(), number)
    }
}
