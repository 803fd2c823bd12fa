internal import Messages

/// The files of configuration and of credentials of Amazon's tools, and the profile that is chosen in them.
struct ProfileFiles: Sendable, CustomStringConvertible {
    enum File: Sendable { case configuration, credentials }

    /// The settings of a profile from both files.
    struct Profile: Sendable {
        let name: String
        let configuration: [String: String]
        let credentials: [String: String]
        /// The path of the file of credentials, and of the one of configuration.
        let paths: (credentials: String, configuration: String)

        /// A setting, from the file of credentials before the other.
        subscript(name: String) -> String? {
            (credentials[name] ?? configuration[name]).flatMap { $0.isEmpty ? nil : $0 }
        }

        /// The key in one of the files; nil if there is none.
        func key(in file: File) -> Credentials? {
            let settings = file == .credentials ? credentials : configuration
            guard let id = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] else { return nil }
            let path = file == .credentials ? paths.credentials : paths.configuration
            return Credentials(
                accessKeyID: id, secretAccessKey: secret,
                sessionToken: settings["aws_session_token"] ?? settings["aws_security_token"], origin: "the profile \(name) in \(path)")
        }
    }

    private let settings: ObjectStoreSettings
    private let configurationPath: String
    private let credentialsPath: String
    private let configuration: ProfileFile
    private let credentials: ProfileFile

    /// Reads the files that there are.
    init(_ settings: ObjectStoreSettings) {
        self.settings = settings
        let home = settings.variable("HOME") ?? ""
        func path(_ variable: String, _ name: String) -> String {
            guard let path = settings.variable(variable) else { return "\(home)/.aws/\(name)" }
            return path.hasPrefix("~/") ? home + path.dropFirst() : path
        }
        configurationPath = path("AWS_CONFIG_FILE", "config")
        credentialsPath = path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        configuration = ProfileFile(SmallFile.text(configurationPath) ?? "")
        credentials = ProfileFile(SmallFile.text(credentialsPath) ?? "")
    }

    /// The names of both files.
    var description: String { "\(credentialsPath) or \(configurationPath)" }

    /// The name of the profile that is asked for; nil where none is, which means the one called `default`.
    private var chosenName: String? { settings.variable("AWS_PROFILE") ?? settings.variable("AWS_DEFAULT_PROFILE") }

    /// The chosen profile; nil if none is chosen and there is no `default`.
    ///
    /// - Throws: `.permissionDenied` if the profile that is asked for is in neither file.
    func profile() throws(ObjectStoreError) -> Profile? {
        guard let chosenName else { return find("default") }
        return try profile(named: chosenName, wantedBy: nil)
    }

    /// The profile of a name.
    ///
    /// - Parameter wantedBy: The profile that names it; nil if the user does.
    func profile(named name: String, wantedBy: String?) throws(ObjectStoreError) -> Profile {
        if let found = find(name) { return found }
        let names = Set(configuration.sections.keys).union(credentials.sections.keys).sorted()
        let near = NearName.of(name, among: names).map { "did you mean \($0)?" }
        throw ObjectStoreError(
            .permissionDenied,
            "the profile \(name)\(wantedBy.map { ", the source of the profile \($0)," } ?? "") is in neither \(credentialsPath) nor \(configurationPath)",
            remedy: near ?? (names.isEmpty ? nil : "there are \(names.prefix(20).joined(separator: ", "))"))
    }

    private func find(_ name: String) -> Profile? {
        let parts = (configuration.sections[name], credentials.sections[name])
        guard parts.0 != nil || parts.1 != nil else { return nil }
        return Profile(
            name: name, configuration: parts.0 ?? [:], credentials: parts.1 ?? [:],
            paths: (credentialsPath, configurationPath))
    }

    /// The region that is set in the environment or in the profile; nil if none is.
    var region: String? {
        settings.variable("AWS_REGION") ?? settings.variable("AWS_DEFAULT_REGION") ?? find(chosenName ?? "default")?["region"]
    }

    /// The address of a service that is set in place of Amazon's own, in the environment or in the profile; nil if none is.
    ///
    /// - Parameter service: The service in capitals, such as `S3`.
    func endpoint(of service: String) -> String? {
        settings.variable("AWS_ENDPOINT_URL_\(service)") ?? settings.variable("AWS_ENDPOINT_URL")
            ?? find(chosenName ?? "default")?["endpoint_url"]
    }
}
