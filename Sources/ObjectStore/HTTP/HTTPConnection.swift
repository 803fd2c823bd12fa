internal import LoadedCurl

/// A connection to servers, which stays open between requests to the same one.
///
/// `@unchecked Sendable` would be wrong: one thread at a time uses it, and each thread has its own.
final class HTTPConnection {
    private let handle: UnsafeMutableRawPointer

    /// Loads libcurl, if that has not been done, and makes a connection.
    init() throws(HTTPFailure) {
        if let reason = loadedCurlLoad() { throw .unavailable(String(cString: reason)) }
        guard let handle = loadedCurlConnect() else { throw .unavailable("there is no memory for it") }
        self.handle = handle
    }

    /// Loads libcurl, if that has not been done.
    ///
    /// - Throws: `.cannotOpen` if it cannot be loaded.
    static func requireLibrary() throws(ObjectStoreError) {
        if let reason = loadedCurlLoad() { throw RangeFetch.error(of: .unavailable(String(cString: reason))) }
    }

    deinit { loadedCurlClose(handle) }

    /// The response as it comes.
    private final class Receiver {
        var response = HTTPResponse()
        let buffer: UnsafeMutableRawBufferPointer?
        let bodyByteCountLimit: Int
        let isCancelled: () -> Bool
        var wasCancelled = false
        /// The status of the head that is coming.
        var status = 0

        init(_ buffer: UnsafeMutableRawBufferPointer?, _ bodyByteCountLimit: Int, _ isCancelled: @escaping () -> Bool) {
            self.buffer = buffer
            self.bodyByteCountLimit = bodyByteCountLimit
            self.isCancelled = isCancelled
        }

        func takeHeader(_ line: String) {
            if line.hasPrefix("HTTP/") {
                // The head of a redirection, or of "100 Continue", came before.
                response = HTTPResponse()
                status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                return
            }
            guard let colon = line.firstIndex(of: ":") else { return }
            response.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmedOfSpace
        }

        func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
            if let buffer, status == 200 || status == 206 {
                let count = min(bytes.count, buffer.count - response.bufferedByteCount)
                UnsafeMutableRawBufferPointer(rebasing: buffer[response.bufferedByteCount...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                response.bufferedByteCount += count
                response.hasMore = count < bytes.count
                return !response.hasMore
            }
            let count = min(bytes.count, bodyByteCountLimit - response.body.count)
            response.body += bytes[..<count]
            response.hasMore = count < bytes.count
            return !response.hasMore
        }
    }

    /// Makes a request and waits for its response.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - buffer: The memory for the body of a response of status 200 or 206; nil to have it in the response.
    ///   - certificateFile: The file of trusted certificates; nil for the system's.
    ///   - isCancelled: Called several times a second; once it returns true, the request ends.
    /// - Returns: The response, whatever its status, also where its body was longer than there was room for.
    func perform(
        _ request: HTTPRequest, into buffer: UnsafeMutableRawBufferPointer? = nil, certificateFile: String?,
        isCancelled: @escaping () -> Bool
    ) throws(HTTPFailure) -> HTTPResponse {
        let receiver = Receiver(buffer, request.bodyByteCountLimit, isCancelled)
        let lines = request.headers.map { "\($0.name): \($0.value)" }
        // An empty body is one where the method wants one.
        let hasBody = request.method != "GET"
        let result = withStrings([request.method, request.url, certificateFile] + lines) { strings in
            request.body.withUnsafeBytes { body in
                strings[3...].withUnsafeBufferPointer { headers in
                    // Unsafe: the texts live until the closure ends; the header lines are none of them nil, and so is neither of the first two.
                    headers.withMemoryRebound(to: UnsafePointer<CChar>.self) { headers in
                        guard let method = strings[0], let url = strings[1] else { return LoadedCurlResult() }
                        var raw = LoadedCurlRequest(
                            method: method, url: url, headers: headers.baseAddress, headerCount: lines.count,
                            body: hasBody ? body.baseAddress ?? UnsafeRawPointer(method) : nil, bodyByteCount: body.count,
                            connectMilliseconds: request.patience.connectMilliseconds,
                            totalMilliseconds: request.patience.totalMilliseconds,
                            leastBytesPerSecond: request.patience.leastBytesPerSecond, stallSeconds: request.patience.stallSeconds,
                            followsRedirects: request.followsRedirects, bypassesProxy: request.bypassesProxy,
                            certificateFile: strings[2],
                            // Unsafe: the receiver outlives the call, which is the only one that uses the pointer.
                            context: Unmanaged.passUnretained(receiver).toOpaque(),
                            receiveHeader: { line, count, context in
                                HTTPConnection.receiver(context)?.takeHeader(
                                    String(decoding: UnsafeRawBufferPointer(start: line, count: count), as: UTF8.self))
                            },
                            receiveBody: { bytes, count, context in
                                HTTPConnection.receiver(context)?.takeBody(UnsafeRawBufferPointer(start: bytes, count: count)) ?? false
                            },
                            isCancelled: { context in
                                guard let receiver = HTTPConnection.receiver(context) else { return true }
                                if receiver.isCancelled() { receiver.wasCancelled = true }
                                return receiver.wasCancelled
                            })
                        return withUnsafeMutablePointer(to: &raw) { loadedCurlPerform(handle, $0) }
                    }
                }
            }
        }
        if receiver.wasCancelled { throw .cancelled }
        if result.code != 0, !receiver.response.hasMore {
            let words = withUnsafeBytes(of: result.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw .transport(code: Int(result.code), words)
        }
        var response = receiver.response
        response.status = receiver.status
        return response
    }

    private static func receiver(_ context: UnsafeMutableRawPointer?) -> Receiver? {
        // Unsafe: `perform` keeps the receiver for as long as libcurl has the pointer.
        context.map { Unmanaged<Receiver>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Calls `body` with C strings of texts, which live until it returns.
    private func withStrings<Result>(_ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        let copies = texts.map { text in
            text.map { text in
                let bytes = Array(text.utf8CString)
                let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
                copy.initialize(from: bytes, count: bytes.count)
                return copy
            }
        }
        defer { for copy in copies { copy?.deallocate() } }
        return body(copies.map { $0.map { UnsafePointer($0) } })
    }
}
