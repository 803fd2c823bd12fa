import Glibc

/// A pipe, new or named, whose bytes come from a thread of its own, in pieces of given sizes.
final class PipeWriter {
    /// The end to read from; whoever reads closes it.
    let readEnd: CInt

    /// What the thread is given.
    private final class Job {
        /// nil: the named pipe at `path`, opened when somebody reads it.
        let descriptor: CInt?
        let path: String
        let bytes: [UInt8]
        let pieceByteCounts: [Int]
        /// Is sent a signal before each piece.
        let interrupted: pthread_t?

        init(descriptor: CInt?, path: String = "", bytes: [UInt8], pieceByteCounts: [Int], interrupted: pthread_t?) {
            self.descriptor = descriptor
            self.path = path
            self.bytes = bytes
            self.pieceByteCounts = pieceByteCounts
            self.interrupted = interrupted
        }

        func run() {
            // The reader may have seen enough, and then writing must fail, not end the process.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            let descriptor = descriptor ?? open(path, O_WRONLY)
            var written = 0
            var number = 0
            bytes.withUnsafeBytes { buffer in
                while written < buffer.count {
                    if let interrupted { pthread_kill(interrupted, SIGUSR1) }
                    let piece = min(pieceByteCounts[number % pieceByteCounts.count], buffer.count - written)
                    let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, piece)
                    if count <= 0 { break }
                    written += count
                    number += 1
                }
            }
            close(descriptor)
        }
    }

    /// - Parameter pieceByteCounts: The sizes of the writes, over and over.
    init(_ bytes: [UInt8], pieceByteCounts: [Int], interrupting interrupted: pthread_t? = nil) {
        var ends: [CInt] = [0, 0]
        precondition(pipe(&ends) == 0, "no pipe")
        readEnd = ends[0]
        start(Job(descriptor: ends[1], bytes: bytes, pieceByteCounts: pieceByteCounts, interrupted: interrupted))
    }

    /// Writes to the named pipe at `path`.
    init(_ bytes: [UInt8], pieceByteCounts: [Int], path: String) {
        readEnd = -1
        start(Job(descriptor: nil, path: path, bytes: bytes, pieceByteCounts: pieceByteCounts, interrupted: nil))
    }

    private func start(_ job: Job) {
        var thread: pthread_t = 0
        let created = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(job).toOpaque())
        precondition(created == 0, "no thread")
        // It ends when it has written all, or the reader has closed its end.
        pthread_detach(thread)
    }
}
