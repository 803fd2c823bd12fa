/// The reason why an output could not be made, written or named.
public struct OutputError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The path of the output, as it was given.
    public let path: String
    /// The problem in words, with the system's reason.
    public let problem: String
    /// The action that may avoid the error; nil if none is known.
    public let remedy: String?

    /// The path, the problem and the remedy in a sentence.
    public var description: String { "\(path): \(problem)" + (remedy.map { "; \($0)" } ?? "") }
}
