/// The response of a server.
struct HTTPResponse {
    var status = 0
    /// The headers by their names in small letters.
    var headers: [String: String] = [:]
    /// The body, or its first bytes; empty where it went into a buffer.
    var body: [UInt8] = []
    /// The number of bytes that went into the buffer of the call.
    var bufferedByteCount = 0
    /// True if the body had more bytes than there was room for. The request was then ended early.
    var hasMore = false

    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The byte range of a partial response, and the size of the whole object; nil where the header is missing or makes no sense.
    var contentRange: (bytes: Range<Int>, totalByteCount: Int)? {
        guard let header = headers["content-range"], header.hasPrefix("bytes ") else { return nil }
        let parts = header.dropFirst(6).split(separator: "/")
        guard parts.count == 2, let total = Int(parts[1]), total >= 0 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard ends.count == 2, ends[0] >= 0, ends[1] >= ends[0], ends[1] < total else { return nil }
        return (ends[0]..<ends[1] + 1, total)
    }

    /// The code that S3 and Azure give the fault in a body of XML, such as `NoSuchKey`; nil where there is none.
    var errorCode: String? { XMLText(text).first("Code") }

    /// The status with the fault's code and the server's message, as far as they are told: "403 (SignatureDoesNotMatch: …)".
    var explanation: String {
        let xml = XMLText(text)
        // Google and others answer in JSON or HTML, which says no more than the status does.
        let details = [xml.first("Code"), xml.first("Message")].compactMap { $0 }.map { String($0.prefix(200)) }
        return details.isEmpty ? "\(status)" : "\(status) (\(details.joined(separator: ": ")))"
    }

    /// The seconds that the server asks to be left alone for; nil where it says none.
    var retryAfterSeconds: Int? { headers["retry-after"].flatMap { Int($0) } }
}
