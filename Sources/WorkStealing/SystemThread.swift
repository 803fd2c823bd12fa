#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A thread of the system. It runs a closure and ends.
///
/// The system may refuse a thread (`ulimit -u`, `pids.max`, `ulimit -v`). Callers then do the work on the threads that they have. Dispatch
/// would ask again for ever, and it ends a process that has no free descriptor.
package struct SystemThread {
    private let thread: pthread_t

    /// The size of a thread's stack in bytes, which must not depend on `ulimit -s`. It is glibc's own where no limit is set.
    private static let stackByteCount = 2 << 20

    /// A closure on its way to its thread.
    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that runs `body`. Signals for the process are not handled on it.
    ///
    /// - Returns: a thread to `join`; nil if the system has no thread to give, and `body` is then not run.
    package static func start(_ body: @escaping @Sendable () -> Void) -> SystemThread? {
        create(isDetached: false, body).map { SystemThread(thread: $0) }
    }

    /// Starts a thread that runs `body`, and that nobody waits for.
    ///
    /// - Returns: false if the system has no thread to give, and `body` is then not run.
    package static func detach(_ body: @escaping @Sendable () -> Void) -> Bool { create(isDetached: true, body) != nil }

    /// Waits until the thread has ended. It is called once. What the thread wrote is visible to the caller afterwards.
    package func join() { pthread_join(thread, nil) }

    private static func create(isDetached: Bool, _ body: @escaping @Sendable () -> Void) -> pthread_t? {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return nil }
        defer { pthread_attr_destroy(&attributes) }
        // A system that refuses the size has its own.
        _ = pthread_attr_setstacksize(&attributes, stackByteCount)
        if isDetached, pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED)) != 0 { return nil }
        // A new thread has its creator's mask.
        var blocked = signalsOfTheProcess
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        // Unsafe: the reference goes to the thread, which releases it, or back to this function if there is no thread.
        let start = Unmanaged.passRetained(Start(body))
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                SystemThread.run(argument)
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            return nil
        }
        return thread
    }

    /// Runs the closure of a new thread. The pointer is that of `create`.
    private static func run(_ argument: UnsafeMutableRawPointer?) {
        guard let argument else { return }
        Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
    }

    /// All signals but those that a thread causes itself.
    private static var signalsOfTheProcess: sigset_t {
        var set = sigset_t()
        sigfillset(&set)
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGPIPE, SIGPROF] { sigdelset(&set, number) }
        return set
    }
}
