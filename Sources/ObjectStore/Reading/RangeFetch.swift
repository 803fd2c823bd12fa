internal import SeededRandom

/// Fetches a range of an object's bytes, and asks again where the network or the server fails.
struct RangeFetch {
    let requests: ObjectRequests
    let settings: ObjectStoreSettings

    /// The number of times in a row that a response may ask for another request, such as one to another region.
    private static let detourLimit = 4

    /// Fetches a range into memory.
    ///
    /// - Parameters:
    ///   - range: The bytes, at least one.
    ///   - version: The version that they have to be of; nil where the object is being opened. Then the object may end before the range, or
    ///     have no bytes, and the server may not know ranges: the response tells.
    ///   - buffer: The memory, of the range's size.
    ///   - connection: The connection that is used.
    ///   - isCancelled: Called several times a second; once it returns true, the request ends.
    /// - Returns: The response, of status 206, or of 200 or 416 where the object is being opened.
    func fetch(
        _ range: Range<Int>, of version: ObjectVersion?, into buffer: UnsafeMutableRawBufferPointer, on connection: HTTPConnection,
        isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> HTTPResponse {
        // The waits of two ranges are others.
        var random = SplitMix64(seed: settings.seed ^ UInt64(bitPattern: Int64(range.lowerBound)))
        var failureCount = 0, detourCount = 0
        while true {
            let signed = try requests.request(for: range, of: version, isCancelled: isCancelled)
            var requestedSeconds: Int?
            let problem: String
            let answer = Result { () throws(HTTPFailure) in
                try connection.perform(
                    signed.request, into: buffer, certificateFile: settings.certificateFile, isCancelled: isCancelled)
            }
            switch answer {
            case .success(let response):
                switch try outcome(of: response, range, version, signed) {
                case .done: return response
                case .failed(let reason):
                    problem = reason
                    requestedSeconds = response.retryAfterSeconds
                case .otherRequest:
                    detourCount += 1
                    guard detourCount <= Self.detourLimit else { throw refusal(response, to: signed, range, version) }
                    continue
                }
            case .failure(let failure):
                guard failure.isPassing else { throw Self.error(of: failure) }
                problem = "\(failure)"
            }
            failureCount += 1
            guard failureCount < settings.retryPolicy.tryCount else {
                throw ObjectStoreError(
                    .readFailed, byteOffset: version == nil ? nil : range.lowerBound,
                    "reading failed \(failureCount) times in a row, the last time so: \(problem)",
                    remedy: "look at the network and the server, and try again later")
            }
            let milliseconds = settings.retryPolicy.milliseconds(
                afterFailures: failureCount, requestedSeconds: requestedSeconds, &random)
            guard RetryPolicy.sleep(milliseconds: milliseconds, isCancelled: isCancelled) else { throw .cancelled }
        }
    }

    private enum Outcome {
        case done
        /// A failure that may pass, in words.
        case failed(String)
        /// The same range is to be asked for in another way.
        case otherRequest
    }

    /// Says what a response means.
    private func outcome(
        of response: HTTPResponse, _ range: Range<Int>, _ version: ObjectVersion?, _ signed: S3Service.Signed
    ) throws(ObjectStoreError) -> Outcome {
        switch response.status {
        case 206:
            guard let content = response.contentRange, content.bytes.lowerBound == range.lowerBound else {
                throw ObjectStoreError(
                    .cannotOpen, byteOffset: range.lowerBound, "the server gave another range than the one asked for",
                    found: response.headers["content-range"] ?? "no Content-Range",
                    allowed: "bytes \(range.lowerBound)-\(range.upperBound - 1)", remedy: "fetch the object first")
            }
            if let version { try check(response, content.totalByteCount, against: version, range) }
            let wanted = min(range.upperBound, content.totalByteCount) - range.lowerBound
            guard content.bytes.count == wanted, response.bufferedByteCount == wanted else {
                return .failed("the body had \(response.bufferedByteCount) bytes of \(wanted)")
            }
            return .done
        case 200 where version == nil, 416 where version == nil: return .done
        case 200:
            throw ObjectStoreError(
                .cannotOpen, byteOffset: range.lowerBound, "the server gave the whole object where a range was asked for, which it did not before",
                remedy: "fetch the object first")
        case 412, 416:
            throw changed(range, "the server has another version of it (\(response.status))", version)
        default:
            if requests.learns(from: response, to: signed) { return .otherRequest }
            if RetryPolicy.isPassing(status: response.status) { return .failed("the server answered \(response.explanation)") }
            throw refusal(response, to: signed, range, version)
        }
    }

    /// Throws if a response is of another version of the object: a server need not look at the condition of a request.
    private func check(
        _ response: HTTPResponse, _ byteCount: Int, against version: ObjectVersion, _ range: Range<Int>
    ) throws(ObjectStoreError) {
        let now = ObjectVersion(byteCount: byteCount, headers: response.headers)
        if now.byteCount != version.byteCount { throw changed(range, now.description, version) }
        guard !settings.isUnpinned else { return }
        if let before = version.entityTag, let tag = now.entityTag, tag != before { throw changed(range, now.description, version) }
        if version.entityTag == nil, let before = version.lastModified, let time = now.lastModified, time != before {
            throw changed(range, now.description, version)
        }
    }

    /// The error of a refused request. The one that opens an object is about all of it, and not about a byte.
    private func refusal(
        _ response: HTTPResponse, to signed: S3Service.Signed, _ range: Range<Int>, _ version: ObjectVersion?
    ) -> ObjectStoreError {
        let error = requests.refusal(response, to: signed)
        return version == nil ? error : error.at(range.lowerBound)
    }

    private func changed(_ range: Range<Int>, _ found: String, _ version: ObjectVersion?) -> ObjectStoreError {
        ObjectStoreError(
            .objectChanged, byteOffset: range.lowerBound, "the object was changed while it was being read", found: found,
            allowed: version?.description)
    }

    /// The error of a request to which no response came, and never will.
    static func error(of failure: HTTPFailure) -> ObjectStoreError {
        switch failure {
        case .cancelled: .cancelled
        case .unavailable:
            ObjectStoreError(
                .cannotOpen, "\(failure)",
                remedy: "install it (Debian: libcurl4), or fetch the object first; a program that is linked statically cannot load it")
        case .transport(let code, let text):
            if code == 60 || code == 77 {
                ObjectStoreError(
                    .cannotOpen, "the server's certificate is not trusted: \(text)",
                    remedy: "install ca-certificates, or name a file of certificates in AWS_CA_BUNDLE")
            } else {
                ObjectStoreError(.readFailed, "the request failed: \(text)")
            }
        }
    }
}
