/// A failure of a byte source. It becomes a `ContainerError`, which adds the source's name.
public struct ByteSourceError: Error, Sendable, Equatable {
    /// The class of the failure: `.readFailed`, `.fileChanged`, `.tooManyOpenFiles` or `.cancelled`.
    public let kind: ContainerError.Kind
    /// The offset of the first byte that could not be read, in the source.
    public let byteOffset: Int?
    /// The failure in words, such as "reading failed: Input/output error".
    public let problem: String
    /// The state that was found, if the failure is about one.
    public let found: String?
    /// The state that was wanted.
    public let allowed: String?
    /// The advice to the user.
    public let remedy: String?

    /// Creates an error from its parts.
    public init(
        kind: ContainerError.Kind = .readFailed, byteOffset: Int? = nil, problem: String, found: String? = nil, allowed: String? = nil,
        remedy: String? = nil
    ) {
        self.kind = kind
        self.byteOffset = byteOffset
        self.problem = problem
        self.found = found
        self.allowed = allowed
        self.remedy = remedy
    }

    /// The error of a wait that was called off.
    public static let cancelled = ByteSourceError(kind: .cancelled, problem: "cancelled")

    /// The error of a source whose identity is another than when it was opened.
    static let changed = ByteSourceError(
        kind: .fileChanged, problem: "the file was changed while it was being read", remedy: "let it be finished first")
}

extension ContainerError {
    /// The error of a source that messages call `path`.
    init(_ error: ByteSourceError, path: String) {
        self.init(
            path: path, kind: error.kind, byteOffset: error.byteOffset, problem: error.problem, found: error.found, allowed: error.allowed,
            remedy: error.remedy)
    }
}

extension ByteSourceError {
    /// The error of a source that claims to have read a number of bytes that cannot be.
    static func impossibleCount(_ count: Int, of wanted: Int, at byteOffset: Int) -> ByteSourceError {
        ByteSourceError(
            byteOffset: byteOffset, problem: "the source returned an impossible number of bytes", found: "\(count)",
            allowed: "0 to \(wanted)")
    }
}
