internal import Locking
internal import SeededRandom

/// Makes small requests, such as those for keys and lists, each on a connection of its own, and makes them again where that may help.
struct HTTPClient: Sendable {
    let settings: ObjectStoreSettings
    private let random: Lock<SplitMix64>

    init(_ settings: ObjectStoreSettings) {
        self.settings = settings
        random = Lock(SplitMix64(seed: settings.seed))
    }

    /// Makes a request until a response comes that is neither a failure of the network nor of the server, as often as the policy says.
    ///
    /// - Parameters:
    ///   - tryCount: The number of tries; nil for the policy's own.
    ///   - isCancelled: Called several times a second; once it returns true, the request ends.
    /// - Returns: The last response.
    func response(
        to request: HTTPRequest, tryCount: Int? = nil, isCancelled: @escaping () -> Bool
    ) throws(HTTPFailure) -> HTTPResponse {
        let connection = try HTTPConnection()
        let limit = tryCount ?? settings.retryPolicy.tryCount
        var failureCount = 0
        while true {
            var requestedSeconds: Int?
            do throws(HTTPFailure) {
                let response = try connection.perform(request, certificateFile: settings.certificateFile, isCancelled: isCancelled)
                failureCount += 1
                guard RetryPolicy.isPassing(status: response.status), failureCount < limit else { return response }
                requestedSeconds = response.retryAfterSeconds
            } catch {
                failureCount += 1
                guard error.isPassing, failureCount < limit else { throw error }
            }
            guard wait(afterFailures: failureCount, requestedSeconds: requestedSeconds, isCancelled: isCancelled) else { throw .cancelled }
        }
    }

    /// Waits before the next try.
    ///
    /// - Returns: false if the caller has given up.
    func wait(afterFailures failureCount: Int, requestedSeconds: Int?, isCancelled: () -> Bool) -> Bool {
        let milliseconds = random.withLock {
            settings.retryPolicy.milliseconds(afterFailures: failureCount, requestedSeconds: requestedSeconds, &$0)
        }
        return RetryPolicy.sleep(milliseconds: milliseconds, isCancelled: isCancelled)
    }
}
