/// A failure to find, open or read an object. It never holds a secret, nor the query of a URL.
public struct ObjectStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The class of a failure. Classes call for different answers.
    public enum Kind: String, Sendable, CaseIterable {
        /// There is no such object, or no such bucket.
        case notFound
        /// The store refuses this caller, or there is no key to ask with.
        case permissionDenied
        /// The name, or the server, is of a kind that cannot be read.
        case cannotOpen
        /// The network or the server failed, again and again.
        case readFailed
        /// The object is another one than when it was opened.
        case objectChanged
        /// The caller wants the bytes no more.
        case cancelled
    }

    /// The class of the failure.
    public let kind: Kind
    /// The offset of the first byte that was asked for, in the object; nil where the failure is not about a range.
    public let byteOffset: Int?
    /// The failure in words.
    public let problem: String
    /// The state that was found, if the failure is about one.
    public let found: String?
    /// The state that was wanted.
    public let allowed: String?
    /// The advice to the user.
    public let remedy: String?

    init(
        _ kind: Kind, byteOffset: Int? = nil, _ problem: String, found: String? = nil, allowed: String? = nil, remedy: String? = nil
    ) {
        self.kind = kind
        self.byteOffset = byteOffset
        self.problem = problem
        self.found = found
        self.allowed = allowed
        self.remedy = remedy
    }

    /// The error of a wait that was called off.
    static let cancelled = ObjectStoreError(.cancelled, "cancelled")

    /// One line: the problem, what was found and wanted, and the remedy.
    public var description: String { statement + (remedy.map { "; \($0)" } ?? "") }

    /// The line without the remedy.
    public var statement: String {
        var text = problem
        if let found { text += ": found \(found)" }
        if let allowed { text += found == nil ? ": wanted \(allowed)" : ", wanted \(allowed)" }
        return text
    }

    /// The same failure, of a range that begins at a byte.
    func at(_ byteOffset: Int) -> ObjectStoreError {
        ObjectStoreError(kind, byteOffset: byteOffset, problem, found: found, allowed: allowed, remedy: remedy)
    }
}
