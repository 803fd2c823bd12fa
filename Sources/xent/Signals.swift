import Engine
import Locking
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

/// A handler for the signals that would end the process, on a thread of its own.
///
/// SIGINT, SIGTERM and SIGHUP end the run in good order: unfinished files are removed, then the process dies by the signal itself, as its
/// sender expects. The thread ends the process if the run still waits for something (a disk, a reader of its output), or if a second signal
/// comes. A run with a checkpoint writes it before. Other signals end the process at once, but unfinished files are removed before. A signal
/// that was ignored when the process began stays ignored (nohup, a script's background).
///
/// If the system has no thread to give, SIGINT, SIGTERM and SIGHUP only cancel the run, and a second one ends the process.
final class Signals {
    /// The cancellation of the process's run, which a signal sets.
    var cancellation: Cancellation { Self.cancellation }

    private static let cancellation = Cancellation()
    /// The first signal that cancelled the run; 0 if none came.
    private static let received = Atomic<Int32>(0)

    /// The time in milliseconds that a cancelled run has to end by itself.
    private static let patienceMilliseconds = 500

    /// Work that is done when the first signal comes, before the run is cancelled; nil for none.
    private static let lastWork = Lock<(@Sendable () -> Void)?>(nil)

    /// The signals that cancel a run.
    private static let cancelling = [SIGINT, SIGTERM, SIGHUP]

    /// The other signals that end a process, and that other processes or limits send. SIGPROF is left to profilers.
    private static let ending: [Int32] = {
        let numbers = [SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU, SIGPIPE]
        #if os(Linux)
        return numbers + [SIGIO, SIGPWR, SIGSTKFLT]
        #else
        return numbers
        #endif
    }()

    /// Blocks the signals, so that threads that are started later never get them, and starts the thread that waits for them.
    init() {
        // Made here, and not in a handler.
        _ = Self.received.load(ordering: .relaxed)
        let signals = (Self.cancelling + Self.ending).filter(Self.endsTheProcess)
        Self.setMask(SIG_BLOCK, signals)
        let isWaitedFor = SystemThread.detach {
            while true { Self.handle(Self.wait(for: signals)) }
        }
        guard !isWaitedFor else { return }
        for number in signals where Self.cancelling.contains(number) { _ = signal(number, Self.cancelAlone) }
        Self.setMask(SIG_UNBLOCK, signals.filter { $0 != SIGPIPE })
    }

    /// The first signal that cancelled the run; nil if none came.
    var received: Int32? {
        let number = Self.received.load(ordering: .sequentiallyConsistent)
        return number == 0 ? nil : number
    }

    /// Sets what is done when the first signal comes, before the run is cancelled, on a thread of its own; nil for nothing. A second signal does
    /// not wait for it.
    func setLastWork(_ work: (@Sendable () -> Void)?) { Self.lastWork.withLock { $0 = work } }

    /// Ends the process if a signal came. The command calls it when its work has stopped.
    func dieIfReceived() {
        if let number = received { Self.die(by: number) }
    }

    /// Ends the process by SIGPIPE if the calling thread's last write sent that signal, and the signal waits because it is blocked.
    static func dieOfClosedPipe() {
        var pending = sigset_t()
        sigpending(&pending)
        if sigismember(&pending, SIGPIPE) == 1 { die(by: SIGPIPE) }
    }

    // MARK: The thread

    /// Returns the next signal of a set of blocked ones.
    private static func wait(for signals: [Int32]) -> Int32 {
        var set = set(of: signals)
        var number: Int32 = 0
        while sigwait(&set, &number) != 0 {}
        return number
    }

    private static func handle(_ number: Int32) {
        guard cancelling.contains(number), received.exchange(number, ordering: .sequentiallyConsistent) == 0 else { die(by: number) }
        let work = lastWork.withLock { $0 }
        if work == nil { cancellation.cancel() }
        // On another thread, since this one waits for a second signal.
        let isOnItsWay = SystemThread.detach {
            work?()
            Self.cancellation.cancel()
            Self.dieAfterPatience(by: number)
        }
        guard !isOnItsWay else { return }
        cancellation.cancel()
        dieAfterPatience(by: number)
    }

    private static func dieAfterPatience(by number: Int32) {
        usleep(UInt32(patienceMilliseconds * 1000))
        StandardError.print("xent: cancelled")
        RunLog.release(heading: [])
        die(by: number)
    }

    private static func die(by number: Int32) -> Never {
        signal(number, SIG_DFL)
        OutputFile.discardAll {
            // To this thread: the one that waits for signals would take one that is sent to the process.
            setMask(SIG_UNBLOCK, [number])
            raise(number)
            // The signal has ended the process, unless the system holds it up.
            while true { pause() }
        }
        // Not reached.
        _exit(128 + number)
    }

    // MARK: Signals

    /// The handler where there is no thread. It calls nothing but what a handler may call.
    private static let cancelAlone: @convention(c) (Int32) -> Void = { number in
        if Signals.received.exchange(number, ordering: .sequentiallyConsistent) != 0 {
            signal(number, SIG_DFL)
            raise(number)
        }
        Signals.cancellation.cancel()
    }

    /// True if a signal has its default action, neither ignored nor handled by something that was loaded before.
    private static func endsTheProcess(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        // Unsafe: the systems name the handler in `struct sigaction` differently. All have it first, as a pointer, and SIG_DFL is the null
        // pointer.
        return withUnsafeBytes(of: action) { $0.load(as: Int.self) } == 0
    }

    private static func setMask(_ how: Int32, _ signals: [Int32]) {
        var set = set(of: signals)
        pthread_sigmask(how, &set, nil)
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        return set
    }
}
