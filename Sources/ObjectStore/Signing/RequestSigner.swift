/// Signs requests by Amazon's Signature Version 4, in headers
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
///
/// libcurl's own signatures are no use here: its versions before 8 lack a header that S3 demands, and none of them encodes `=` in a key,
/// which the folders of data lakes have (`dt=2026-11-29`).
struct RequestSigner {
    let credentials: Credentials
    let region: String
    /// The name of the service: `s3` or `sts`.
    let service: String

    /// Returns the headers that a request must have in addition, in the order of their names but for the last, `Authorization`.
    ///
    /// - Parameters:
    ///   - method: The method, in capitals.
    ///   - host: The host, with the port where it is not the scheme's own.
    ///   - encodedPath: The path as it stands in the request, encoded.
    ///   - query: The names and values of the query, not encoded.
    ///   - headers: Headers of the request that are signed too, such as `x-amz-request-payer`; their names in small letters.
    ///   - body: The bytes of the body.
    ///   - time: The time of the request.
    func headers(
        method: String, host: String, encodedPath: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], time: CalendarTime
    ) -> [(name: String, value: String)] {
        let bodyHash = SHA256.hexadecimal(SHA256.hash(body))
        var added = [(name: "x-amz-content-sha256", value: bodyHash), (name: "x-amz-date", value: time.compactText)]
        if let token = credentials.sessionToken { added.append((name: "x-amz-security-token", value: token)) }
        let signed = (headers + added + [(name: "host", value: host)]).sorted { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let canonicalRequest = [
            method, encodedPath, Self.canonicalQuery(query),
            signed.map { "\($0.name):\(Self.trimmed($0.value))\n" }.joined(), names, bodyHash,
        ].joined(separator: "\n")
        let scope = "\(time.dayText)/\(region)/\(service)/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(time.compactText)\n\(scope)\n\(SHA256.hexadecimal(SHA256.hash(canonicalRequest)))"
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [time.dayText, region, service, "aws4_request"] { key = SHA256.authentication(of: part, key: key) }
        let signature = SHA256.hexadecimal(SHA256.authentication(of: text, key: key))
        added.append(
            (
                name: "Authorization",
                value: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
            ))
        return added
    }

    /// Encodes a query, in the order of its encoded names, as it is signed and sent.
    static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        query.map { (name: PercentEncoding.query($0.name), value: PercentEncoding.query($0.value)) }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// The value of a header without spaces at its ends, and with one space where several follow one another.
    private static func trimmed(_ value: String) -> String { value.split(separator: " ").joined(separator: " ") }
}
