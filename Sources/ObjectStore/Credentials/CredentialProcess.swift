/// The program of a profile's `credential_process`, which prints a key as JSON
/// (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html>).
enum CredentialProcess {
    /// Runs the program, and waits for it.
    ///
    /// - Throws: `.permissionDenied` if it fails, or prints no key. Its output is in no message: it may hold secrets.
    static func run(_ command: String, of profile: String) throws(ObjectStoreError) -> Credentials {
        func failure(_ problem: String) -> ObjectStoreError {
            ObjectStoreError(
                .permissionDenied, "the program that the profile \(profile) gets its key from (credential_process) \(problem)",
                remedy: "run it by hand")
        }
        guard let output = SmallFile.output(of: command) else { throw failure("cannot be started") }
        guard output.status == 0 else { throw failure("failed") }
        let json = FlatJSON(output.text).values
        guard json["Version"] == "1", let id = json["AccessKeyId"], let secret = json["SecretAccessKey"] else {
            throw failure("printed no key of version 1")
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: json["SessionToken"],
            expiration: json["Expiration"].flatMap { CalendarTime($0) }, origin: "the program of the profile \(profile)")
    }
}
