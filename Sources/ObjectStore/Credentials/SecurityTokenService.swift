/// Amazon's service that gives keys for roles (<https://docs.aws.amazon.com/STS/latest/APIReference/>).
struct SecurityTokenService {
    private let client: HTTPClient
    private let files: ProfileFiles

    init(_ client: HTTPClient, _ files: ProfileFiles) {
        self.client = client
        self.files = files
    }

    /// Takes on the role of a profile by another key.
    func assumeRole(
        _ role: String, of profile: ProfileFiles.Profile, by source: Credentials, _ isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Credentials {
        var query = [
            (name: "Action", value: "AssumeRole"), (name: "RoleArn", value: role),
            (name: "RoleSessionName", value: profile["role_session_name"] ?? "xent"), (name: "Version", value: Self.version),
        ]
        if let identifier = profile["external_id"] { query.append((name: "ExternalId", value: identifier)) }
        if let seconds = profile["duration_seconds"] { query.append((name: "DurationSeconds", value: seconds)) }
        return try credentials(query, signedBy: source, origin: "the role \(role) of the profile \(profile.name)", isCancelled)
    }

    /// Takes on a role by a token in a file, as containers in a cluster do. The request needs no key.
    func assumeRole(
        _ role: String, webIdentityFile path: String, sessionName: String?, _ isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Credentials {
        guard let token = SmallFile.text(path) else {
            throw ObjectStoreError(
                .permissionDenied, "the file of the web identity's token, \(path), cannot be read", remedy: "check AWS_WEB_IDENTITY_TOKEN_FILE")
        }
        return try credentials(
            [
                (name: "Action", value: "AssumeRoleWithWebIdentity"), (name: "RoleArn", value: role),
                (name: "RoleSessionName", value: sessionName ?? "xent"), (name: "Version", value: Self.version),
                (name: "WebIdentityToken", value: token.filter { !$0.isWhitespace }),
            ], signedBy: nil, origin: "the role \(role) of the web identity in \(path)", isCancelled)
    }

    private static let version = "2011-06-15"

    private func credentials(
        _ query: [(name: String, value: String)], signedBy source: Credentials?, origin: String, _ isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Credentials {
        let region = files.region ?? "us-east-1"
        let address = files.endpoint(of: "STS") ?? "https://sts.\(region).amazonaws.com"
        let url = Endpoint(address)
        var request = HTTPRequest(method: "POST", url: "\(url.base)\(url.path)/")
        request.body = Array(RequestSigner.canonicalQuery(query).utf8)
        request.headers = [(name: "Content-Type", value: "application/x-www-form-urlencoded")]
        request.patience.totalMilliseconds = 20_000
        if let source {
            request.headers += RequestSigner(credentials: source, region: region, service: "sts").headers(
                method: "POST", host: url.host, encodedPath: "\(url.path)/", body: request.body, time: .now)
        }
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try client.response(to: request, tryCount: 4, isCancelled: isCancelled)
        } catch {
            if error == .cancelled { throw .cancelled }
            throw ObjectStoreError(.readFailed, "no key for \(origin) came from \(address): \(error)")
        }
        let xml = XMLText(response.text)
        guard response.status == 200, let id = xml.first("AccessKeyId"), let secret = xml.first("SecretAccessKey"),
            let token = xml.first("SessionToken")
        else {
            throw ObjectStoreError(
                .permissionDenied,
                "\(address) gave no key for \(origin): \(response.explanation)" + (source.map { ", asked with \($0)" } ?? ""),
                remedy: "check the role, and who may take it on")
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: token,
            expiration: xml.first("Expiration").flatMap { CalendarTime($0) }, origin: origin)
    }
}
