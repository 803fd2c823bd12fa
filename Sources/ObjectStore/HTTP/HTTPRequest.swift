/// A request to a server.
struct HTTPRequest {
    /// The limits of a request's time.
    struct Patience: Sendable {
        var connectMilliseconds = 10_000
        /// The limit for the whole request; 0 for none.
        var totalMilliseconds = 0
        /// A response that brings less than so many bytes a second for `stallSeconds` has stalled.
        var leastBytesPerSecond = 64 << 10
        var stallSeconds = 10
    }

    var method = "GET"
    /// The URL, encoded.
    var url: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    var patience = Patience()
    /// True if the response may lead to another URL. The headers go there as well, so that a request with secrets in them does not follow.
    var followsRedirects = false
    /// True for addresses that no proxy knows.
    var bypassesProxy = false
    /// The number of bytes of a body that are kept; more end the request.
    var bodyByteCountLimit = 64 << 10
}
