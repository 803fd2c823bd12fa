internal import Locking

/// Makes signed requests to S3, or to a server that speaks its language.
final class S3Service: Sendable {
    private let settings: ObjectStoreSettings
    private let files: ProfileFiles
    private let chain: CredentialChain
    /// The regions that servers named for buckets.
    private let regions = Lock<[String: String]>([:])

    init(_ settings: ObjectStoreSettings) {
        self.settings = settings
        files = ProfileFiles(settings)
        chain = CredentialChain(settings, files)
    }

    /// A request, and the key that it is signed with; nil for one without a signature.
    struct Signed {
        var request: HTTPRequest
        let credentials: Credentials?
    }

    /// Makes a request for an object, or for a list of a bucket's objects.
    ///
    /// - Parameters:
    ///   - key: The object's key; empty for the bucket itself.
    ///   - query: The query, not encoded.
    ///   - headers: Headers that need no signature.
    func request(
        bucket: String, key: String, query: [(name: String, value: String)] = [], headers: [(name: String, value: String)] = [],
        isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Signed {
        let region = region(of: bucket)
        let (endpoint, path) = place(of: bucket, key: key, region: region)
        let text = RequestSigner.canonicalQuery(query)
        var request = HTTPRequest(url: endpoint.base + path + (text.isEmpty ? "" : "?\(text)"))
        request.headers = headers
        let payer = settings.isRequesterPaying ? [(name: "x-amz-request-payer", value: "requester")] : []
        request.headers += payer
        guard !settings.isUnsigned else { return Signed(request: request, credentials: nil) }
        let credentials = try chain.credentials(isCancelled: isCancelled)
        request.headers += RequestSigner(credentials: credentials, region: region, service: "s3").headers(
            method: request.method, host: endpoint.host, encodedPath: path, query: query, headers: payer, time: .now)
        return Signed(request: request, credentials: credentials)
    }

    /// Learns from a response that a request has to be made again: in another region, or with another key.
    ///
    /// - Returns: true if something was learned that makes the next request another one.
    func learns(from response: HTTPResponse, to signed: Signed, bucket: String) -> Bool {
        if let region = response.headers["x-amz-bucket-region"], [301, 307, 400, 403].contains(response.status),
            region != self.region(of: bucket)
        {
            regions.withLock { $0[bucket] = region }
            return true
        }
        if let credentials = signed.credentials, [400, 403].contains(response.status),
            ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(response.errorCode)
        {
            return chain.forget(credentials)
        }
        return false
    }

    /// The error of a response that refuses a request.
    func refusal(_ response: HTTPResponse, to signed: Signed, bucket: String) -> ObjectStoreError {
        let who = signed.credentials.map { "asked with \($0)" } ?? "asked without a key"
        switch response.status {
        case 404 where response.errorCode == "NoSuchBucket":
            return ObjectStoreError(.notFound, "there is no bucket \(bucket): \(response.explanation), \(who)", remedy: "check its name")
        case 404:
            return ObjectStoreError(.notFound, "there is no such object: \(response.explanation), \(who)", remedy: "check the key")
        // Keys that have ended, or that are of another kind than the server's, have the first status at S3.
        case 400 where response.errorCode.map { $0.contains("Token") || $0.contains("Authorization") } == true, 401, 403:
            let remedy =
                switch response.errorCode {
                case "RequestTimeTooSkewed": "set this machine's clock"
                case "SignatureDoesNotMatch": "check the secret key"
                case "InvalidAccessKeyId": "check the key, and AWS_ENDPOINT_URL"
                case "ExpiredToken": "get a new session's key"
                default: "check the key, and the object's name: a store may not say that there is none to those who may not list its bucket"
                }
            return ObjectStoreError(
                .permissionDenied, "the bucket \(bucket) refuses it: \(response.explanation), \(who)", remedy: remedy)
        default:
            return ObjectStoreError(.readFailed, "the server answered \(response.explanation), \(who)")
        }
    }

    private func region(of bucket: String) -> String {
        regions.withLock { $0[bucket] } ?? files.region ?? "us-east-1"
    }

    /// The server that has a bucket, and the encoded path of a key there.
    ///
    /// A bucket is a part of the host's name, but for servers that are not Amazon's, and where the name would not fit a certificate.
    private func place(of bucket: String, key: String, region: String) -> (endpoint: Endpoint, path: String) {
        let encoded = PercentEncoding.path(key)
        if let address = files.endpoint(of: "S3") {
            let endpoint = Endpoint(address)
            return (endpoint, "\(endpoint.path)/\(PercentEncoding.query(bucket))/\(encoded)")
        }
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let endpoint = Endpoint("https://s3.\(region).\(domain)")
        let isHostName = bucket.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        return isHostName ? (endpoint.prefixed(by: bucket), "/\(encoded)") : (endpoint, "/\(PercentEncoding.query(bucket))/\(encoded)")
    }
}
