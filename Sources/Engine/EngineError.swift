package import Container
package import Formats
public import Scoring

/// Why an evaluation gave no report: which file, where in it, what is wrong, and the remedy.
public struct EngineError: Error, Sendable, CustomStringConvertible {
    /// The classes that a program's exit status tells apart.
    public enum Category: Sendable {
        /// The request cannot be meant like this.
        case usage
        /// The data is damaged, mismatched or invalid.
        case data
        /// An input cannot be opened.
        case noInput
        /// Reading or writing failed.
        case inputOutput
        /// Somebody cancelled it.
        case cancelled
    }

    public let category: Category
    public let path: String?
    /// Number and byte offset in the file of the compressed frame concerned.
    public let frameIndex: Int?
    public let frameByteOffset: Int?
    /// The row in the file, from 0.
    public let row: Int?
    /// The line of a text, from 1.
    public let line: Int?
    public let problem: String
    public let remedy: String?
    /// A fault of the way in which the file was read, which a more careful way may mend (`ReadingMode`).
    enum ReadingFault: Sendable {
        /// The seek table contradicts the frames: without it the file may be sound.
        case seekTable
        /// A quoted field is open at a line feed where text was cut: the cut may be to blame.
        case cutInsideQuotes
    }

    let readingFault: ReadingFault?

    init(
        _ category: Category, path: String? = nil, frame: Frame? = nil, row: Int? = nil, line: Int? = nil, _ problem: String,
        remedy: String? = nil, readingFault: ReadingFault? = nil
    ) {
        self.category = category
        self.path = path
        self.frameIndex = frame?.index
        self.frameByteOffset = frame?.byteOffset
        self.row = row
        self.line = line
        self.problem = problem
        self.remedy = remedy
        self.readingFault = readingFault
    }

    /// A choice that nobody made, which the caller words as its users make it.
    public enum Decision: Sendable {
        /// `PartialFile.merge`'s `sameShard`.
        case sameShard
    }

    /// The choice without which there is no result.
    public private(set) var decision: Decision?

    /// The same, as one that a choice mends.
    func asking(_ decision: Decision) -> EngineError {
        var error = self
        error.decision = decision
        return error
    }

    /// A request that cannot be meant like this.
    public init(usage problem: String, remedy: String) {
        self.init(.usage, problem, remedy: remedy)
    }

    /// Somebody cancelled it.
    public init(cancelledBefore what: String) {
        self.init(.cancelled, "cancelled before \(what)")
    }

    /// The error of every run that was cancelled before its outputs had their names.
    static let cancelled = EngineError(.cancelled, "cancelled; nothing was written")

    /// Creates an error of rows that are read: a source throws it.
    ///
    /// - Parameters:
    ///   - path: the name of the file that it is about, which the message begins with.
    ///   - frame: the compressed frame concerned.
    ///   - row: the row in the file, from 0.
    ///   - line: the line of a text, from 1.
    package init(
        _ category: Category, path: String?, frame: Frame? = nil, row: Int? = nil, line: Int? = nil, problem: String, remedy: String? = nil
    ) {
        self.init(category, path: path, frame: frame, row: row, line: line, problem, remedy: remedy)
    }

    /// Creates the error of a file's bytes; of a read that was called off, the error of a cancelled run.
    package init(_ error: ContainerError) {
        guard error.kind != .cancelled else {
            self = .cancelled
            return
        }
        category =
            switch error.kind {
            case .cancelled: .cancelled
            case .notFound, .isDirectory, .notRegularFile, .permissionDenied, .cannotOpen: .noInput
            case .readFailed, .fileChanged, .outOfMemory: .inputOutput
            case .empty, .truncated, .damaged, .checksumMismatch, .seekTableLies, .unsupported, .windowTooLarge: .data
            }
        // The container's errors say file, frame and byte themselves.
        path = nil
        frameIndex = error.frameIndex
        frameByteOffset = error.byteOffset
        row = nil
        line = nil
        problem = error.description
        remedy = nil
        readingFault = error.kind == .seekTableLies ? .seekTable : nil
    }

    public init(_ error: SpecificationError) {
        self.init(.usage, error.problem, remedy: error.remedy)
    }

    /// Creates the error of a file's content.
    package init(_ error: FormatError, path: String) {
        self.init(.data, path: path, error.description)
    }

    public var description: String {
        var text = path.map { $0 == "-" ? "standard input: " : "\($0): " } ?? ""
        if path != nil, let frameIndex, let frameByteOffset { text += "frame \(frameIndex) at byte \(frameByteOffset): " }
        if let line { text += "line \(line): " } else if let row { text += "row \(row): " }
        text += problem
        if let remedy { text += "; \(remedy)" }
        return text
    }
}
