/// Makes the requests for the bytes of one object, and reads what their responses say of it.
struct ObjectRequests: Sendable {
    let url: ObjectURL
    private let service: S3Service
    private let settings: ObjectStoreSettings

    init(_ url: ObjectURL, _ service: S3Service, _ settings: ObjectStoreSettings) {
        self.url = url
        self.service = service
        self.settings = settings
    }

    /// Makes the request for a range of bytes.
    ///
    /// - Parameter version: The version that the object has to have; nil for any.
    func request(
        for range: Range<Int>, of version: ObjectVersion?, isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> S3Service.Signed {
        var headers = [(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        // A server or a proxy that compresses on the way would give other bytes than the range's.
        headers.append((name: "Accept-Encoding", value: "identity"))
        if let version, !settings.isUnpinned { headers += version.condition }
        switch url.place {
        case .s3(let bucket, let key):
            return try service.request(bucket: bucket, key: key, headers: headers, isCancelled: isCancelled)
        case .web:
            var request = HTTPRequest(url: PercentEncoding.missing(in: String(url.text.prefix { $0 != "#" })))
            request.headers = headers
            request.followsRedirects = true
            return S3Service.Signed(request: request, credentials: nil)
        }
    }

    /// True if a response says that the request has to be made again at once, in another way.
    func learns(from response: HTTPResponse, to signed: S3Service.Signed) -> Bool {
        guard case .s3(let bucket, _) = url.place else { return false }
        return service.learns(from: response, to: signed, bucket: bucket)
    }

    /// The error of a response that is no success and will not become one.
    func refusal(_ response: HTTPResponse, to signed: S3Service.Signed) -> ObjectStoreError {
        if case .s3(let bucket, _) = url.place { return service.refusal(response, to: signed, bucket: bucket) }
        switch response.status {
        case 404, 410:
            return ObjectStoreError(.notFound, "there is no such object: \(response.explanation)", remedy: "check the URL")
        case 401, 403:
            return ObjectStoreError(
                .permissionDenied, "the server refuses it: \(response.explanation)",
                remedy: "a signed URL ends after a time: sign it anew")
        case 405, 501:
            return ObjectStoreError(.cannotOpen, "the server does not give it: \(response.explanation)")
        default:
            return ObjectStoreError(.readFailed, "the server answered \(response.explanation)")
        }
    }
}
