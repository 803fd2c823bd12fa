/// A request to which no whole response came.
enum HTTPFailure: Error, Equatable {
    /// libcurl cannot be loaded; the reason in words.
    case unavailable(String)
    /// The connection failed: libcurl's number and words for it.
    case transport(code: Int, String)
    /// The caller wants the bytes no more.
    case cancelled

    /// True if the same request may succeed the next time: the network failed, and not the request or a certificate.
    var isPassing: Bool {
        guard case .transport(let code, _) = self else { return false }
        // A host that was not found, a connection that was refused, reset or closed early, time that ran out, a TLS handshake that broke.
        return [5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92].contains(code)
    }
}

extension HTTPFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unavailable(let reason): "libcurl, by which URLs are read, cannot be loaded: \(reason)"
        case .transport(_, let text): text
        case .cancelled: "cancelled"
        }
    }
}
