internal import SeededRandom

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The times at which a request that failed is made again: after a random part of a span that doubles with each try, so that many machines
/// that failed together do not come back together ("full jitter",
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
struct RetryPolicy: Sendable {
    /// The number of tries, the first one included.
    var tryCount = 10
    var firstMilliseconds = 100
    var largestMilliseconds = 5000
    /// The longest wait that a server may ask for.
    var longestRequestedSeconds = 30

    /// The statuses with which a server says that it cannot at the moment.
    static func isPassing(status: Int) -> Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    /// The milliseconds before a try. It draws from the generator, whose seed makes waits of one run come again.
    ///
    /// - Parameter failureCount: The number of tries that failed so far, at least 1.
    func milliseconds(
        afterFailures failureCount: Int, requestedSeconds: Int?, _ random: inout some RandomNumberGenerator
    ) -> Int {
        let span = min(largestMilliseconds, firstMilliseconds << min(failureCount - 1, 16))
        let requested = min(max(0, requestedSeconds ?? 0), longestRequestedSeconds) * 1000
        return requested + Int.random(in: 0...span, using: &random)
    }

    /// Sleeps, and looks several times a second whether the caller has given up.
    ///
    /// - Returns: false if it has.
    static func sleep(milliseconds: Int, isCancelled: () -> Bool) -> Bool {
        var left = milliseconds
        while left > 0 {
            if isCancelled() { return false }
            let step = min(left, 50)
            var span = timespec(tv_sec: 0, tv_nsec: step * 1_000_000)
            nanosleep(&span, nil)
            left -= step
        }
        return !isCancelled()
    }
}
