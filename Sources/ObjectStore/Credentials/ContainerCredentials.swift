/// The server that gives a container its key: that of Amazon's container service, or of a pod's identity in Kubernetes.
struct ContainerCredentials {
    private let settings: ObjectStoreSettings
    private let client: HTTPClient

    init(_ settings: ObjectStoreSettings, _ client: HTTPClient) {
        self.settings = settings
        self.client = client
    }

    /// Asks the server that the environment names; nil if it names none.
    func find(_ isCancelled: @escaping () -> Bool) throws(ObjectStoreError) -> Credentials? {
        let address: String
        if let path = settings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            address = "http://169.254.170.2\(path)"
        } else if let full = settings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            address = full
        } else {
            return nil
        }
        var request = HTTPRequest(url: address)
        request.bypassesProxy = true
        request.patience.connectMilliseconds = 2000
        request.patience.totalMilliseconds = 10_000
        if let token = try token() { request.headers = [(name: "Authorization", value: token)] }
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try client.response(to: request, tryCount: 4, isCancelled: isCancelled)
        } catch {
            if error == .cancelled { throw .cancelled }
            throw ObjectStoreError(.readFailed, "the container's server of keys, \(address), gave none: \(error)")
        }
        let json = FlatJSON(response.text).values
        guard response.status == 200, let id = json["AccessKeyId"], let secret = json["SecretAccessKey"] else {
            throw ObjectStoreError(.permissionDenied, "the container's server of keys, \(address), gave none: \(response.status)")
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: json["Token"],
            expiration: json["Expiration"].flatMap { CalendarTime($0) }, origin: "the container's server of keys")
    }

    /// The token that the request needs; nil if it needs none. A file of it is read each time, since it changes.
    private func token() throws(ObjectStoreError) -> String? {
        guard let path = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        guard let token = SmallFile.text(path) else {
            throw ObjectStoreError(
                .permissionDenied, "the file of the container's token, \(path), cannot be read",
                remedy: "check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        }
        return token.filter { !$0.isWhitespace }
    }
}
