/// The key by which a program signs its requests. Its secrets never get into a text.
struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String?
    /// The time from which on the key is no longer valid; nil for a key that stays.
    let expiration: CalendarTime?
    /// The place that they were found in, in words, such as "the profile nightly in /home/me/.aws/credentials".
    let origin: String

    init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: CalendarTime? = nil, origin: String) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.origin = origin
    }

    /// The number of seconds before its end at which a key is asked for anew.
    static let refreshSeconds = 300

    /// True if the key has ended, or is about to.
    func isStale(at time: CalendarTime) -> Bool {
        guard let expiration else { return false }
        return time.seconds >= expiration.seconds - Self.refreshSeconds
    }

    /// The key and its place in words, with the last four characters of the key's name alone.
    var description: String { "the access key …\(accessKeyID.suffix(4)) from \(origin)" }

    /// No debugger and no `dump` shows the secrets.
    var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
