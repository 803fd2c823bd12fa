internal import Locking

/// Finds the key by which requests to S3 are signed, where Amazon's own tools find it, in their order (botocore's): the environment; the
/// profile's role; a web identity; the profile's key in the file of credentials; its program; its key in the file of configuration; the
/// container's server; the machine's server of metadata.
///
/// A key that is about to end is asked for anew.
final class CredentialChain: Sendable {
    private let settings: ObjectStoreSettings
    private let client: HTTPClient
    private let files: ProfileFiles
    private let current = Lock<Credentials?>(nil)

    init(_ settings: ObjectStoreSettings, _ files: ProfileFiles) {
        self.settings = settings
        self.files = files
        client = HTTPClient(settings)
    }

    /// Returns the key, which is looked for once and again before it ends. Threads that ask meanwhile wait.
    ///
    /// - Throws: `.permissionDenied` if there is none, `.readFailed` if a server that gives keys cannot be reached.
    func credentials(isCancelled: @escaping () -> Bool) throws(ObjectStoreError) -> Credentials {
        try current.withLock { current throws(ObjectStoreError) in
            if let known = current, !known.isStale(at: .now) { return known }
            let found = try find(isCancelled)
            current = found
            return found
        }
    }

    /// Forgets a key that a server said has ended.
    ///
    /// - Returns: false if it is one that does not change, and would be found again.
    func forget(_ ended: Credentials) -> Bool {
        guard ended.expiration != nil else { return false }
        current.withLock { if $0 == ended { $0 = nil } }
        return true
    }

    private func find(_ isCancelled: @escaping () -> Bool) throws(ObjectStoreError) -> Credentials {
        if let id = settings.variable("AWS_ACCESS_KEY_ID") {
            guard let secret = settings.variable("AWS_SECRET_ACCESS_KEY") else {
                throw ObjectStoreError(
                    .permissionDenied, "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not", remedy: "set both, or neither")
            }
            return Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: settings.variable("AWS_SESSION_TOKEN"),
                origin: "the environment")
        }
        let profile = try files.profile()
        if let profile, let found = try ofRole(profile, [], isCancelled) { return found }
        if let file = settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = settings.variable("AWS_ROLE_ARN") {
            return try tokens.assumeRole(
                role, webIdentityFile: file, sessionName: settings.variable("AWS_ROLE_SESSION_NAME"), isCancelled)
        }
        if let profile, let found = try keys(of: profile, isCancelled) { return found }
        if let found = try ContainerCredentials(settings, client).find(isCancelled) { return found }
        if let found = try InstanceMetadata(settings, client).find(isCancelled) { return found }
        throw ObjectStoreError(
            .permissionDenied,
            "no key for S3 was found: not in the environment (AWS_ACCESS_KEY_ID), in \(files.description), from a container's server or from the machine's metadata",
            remedy: "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; public buckets are read unsigned")
    }

    private var tokens: SecurityTokenService { SecurityTokenService(client, files) }

    /// Takes on the role that a profile names; nil if it names none.
    ///
    /// - Parameter seen: The names of the profiles that led here.
    private func ofRole(
        _ profile: ProfileFiles.Profile, _ seen: [String], _ isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Credentials? {
        guard let role = profile["role_arn"] else { return nil }
        if let file = profile["web_identity_token_file"] {
            return try tokens.assumeRole(role, webIdentityFile: file, sessionName: profile["role_session_name"], isCancelled)
        }
        guard profile["mfa_serial"] == nil else {
            throw ObjectStoreError(
                .permissionDenied, "the profile \(profile.name) wants a code of a second factor, which nobody enters here",
                remedy: "export a session's key of it (aws configure export-credentials)")
        }
        let source: Credentials
        if let name = profile["source_profile"] {
            guard !seen.contains(name) else {
                throw ObjectStoreError(
                    .permissionDenied, "the profiles \((seen + [name]).joined(separator: ", ")) name one another as their source")
            }
            let other = try files.profile(named: name, wantedBy: profile.name)
            // A profile that is its own source has a key beside the role.
            let role = name == profile.name ? nil : try ofRole(other, seen + [name], isCancelled)
            let found: Credentials? = if let role { role } else { try keys(of: other, isCancelled) }
            guard let found else {
                throw ObjectStoreError(
                    .permissionDenied, "the profile \(name), the source of the profile \(profile.name), has no key")
            }
            source = found
        } else {
            source = try ofSource(profile, isCancelled)
        }
        return try tokens.assumeRole(role, of: profile, by: source, isCancelled)
    }

    /// The key that a profile's `credential_source` names.
    private func ofSource(
        _ profile: ProfileFiles.Profile, _ isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Credentials {
        let found: Credentials? =
            switch profile["credential_source"] {
            case "Environment":
                settings.variable("AWS_ACCESS_KEY_ID").flatMap { id in
                    settings.variable("AWS_SECRET_ACCESS_KEY").map {
                        Credentials(
                            accessKeyID: id, secretAccessKey: $0, sessionToken: settings.variable("AWS_SESSION_TOKEN"),
                            origin: "the environment")
                    }
                }
            case "EcsContainer": try ContainerCredentials(settings, client).find(isCancelled)
            case "Ec2InstanceMetadata": try InstanceMetadata(settings, client).find(isCancelled)
            default: nil
            }
        guard let found else {
            throw ObjectStoreError(
                .permissionDenied, "the profile \(profile.name) names a role, and no source of the key to take it on with",
                remedy: "give it a source_profile, or a credential_source that exists here")
        }
        return found
    }

    /// The key that a profile holds, or that its program prints; nil if it has neither.
    private func keys(
        of profile: ProfileFiles.Profile, _ isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> Credentials? {
        if let found = profile.key(in: .credentials) { return found }
        if let command = profile["credential_process"] { return try CredentialProcess.run(command, of: profile.name) }
        if let found = profile.key(in: .configuration) { return found }
        guard profile["sso_start_url"] == nil, profile["sso_session"] == nil else {
            throw ObjectStoreError(
                .permissionDenied, "the profile \(profile.name) signs on through a browser, which is not done here",
                remedy:
                    "name another profile, whose credential_process is aws configure export-credentials of this one in the format process"
            )
        }
        return nil
    }
}
