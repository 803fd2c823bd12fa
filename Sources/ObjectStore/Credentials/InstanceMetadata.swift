/// The server of metadata of a machine in Amazon's cloud, by its second version, which wants a token
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>).
struct InstanceMetadata {
    private let settings: ObjectStoreSettings
    private let client: HTTPClient
    private let address: String

    init(_ settings: ObjectStoreSettings, _ client: HTTPClient) {
        self.settings = settings
        self.client = client
        var address = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        while address.hasSuffix("/") { address.removeLast() }
        self.address = address
    }

    /// Asks the server for the key of the machine's role; nil if no such server answers within a second, or the machine has no role.
    func find(_ isCancelled: @escaping () -> Bool) throws(ObjectStoreError) -> Credentials? {
        guard settings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { return nil }
        var request = HTTPRequest(method: "PUT", url: "\(address)/latest/api/token")
        request.headers = [(name: "X-aws-ec2-metadata-token-ttl-seconds", value: "21600")]
        guard let token = try answer(request, isCancelled) else { return nil }
        guard token.status == 200 else {
            throw ObjectStoreError(
                .permissionDenied, "the machine's server of metadata gave no token: \(token.status)",
                remedy: "in a container, the machine's limit of hops for it has to be 2")
        }
        let roles = "\(address)/latest/meta-data/iam/security-credentials/"
        request = HTTPRequest(url: roles)
        request.headers = [(name: "X-aws-ec2-metadata-token", value: token.text)]
        guard let list = try answer(request, isCancelled), list.status == 200,
            let role = list.text.split(whereSeparator: \.isWhitespace).first
        else { return nil }
        request.url = roles + role
        guard let response = try answer(request, isCancelled), response.status == 200 else { return nil }
        let json = FlatJSON(response.text).values
        guard let id = json["AccessKeyId"], let secret = json["SecretAccessKey"] else { return nil }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: json["Token"],
            expiration: json["Expiration"].flatMap { CalendarTime($0) }, origin: "the machine's role \(role)")
    }

    /// Makes a request; nil if the server does not answer.
    private func answer(_ request: HTTPRequest, _ isCancelled: @escaping () -> Bool) throws(ObjectStoreError) -> HTTPResponse? {
        var request = request
        request.bypassesProxy = true
        request.patience.connectMilliseconds = 1000
        request.patience.totalMilliseconds = 2000
        do throws(HTTPFailure) {
            return try client.response(to: request, tryCount: 2, isCancelled: isCancelled)
        } catch {
            if error == .cancelled { throw .cancelled }
            return nil
        }
    }
}
