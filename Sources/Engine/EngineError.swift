package import Container
package import Formats
public import Messages
internal import ObjectStore
public import Outputs
public import Scoring

/// The reason why a run gave no result: the file, the place in it, the problem and the remedy.
public struct EngineError: Error, Sendable, CustomStringConvertible {
    /// The kinds of error that a program's exit status tells apart.
    public enum Category: Sendable {
        /// The request contradicts itself, or asks for something that does not exist.
        case usage
        /// The data is damaged, mismatched or invalid.
        case data
        /// An input cannot be opened.
        case noInput
        /// Reading or writing failed.
        case inputOutput
        /// The run was cancelled.
        case cancelled
        /// The same request may succeed later: another run holds a lock, the time was up, or files are still being written.
        case tryAgain
    }

    /// The kind of the error.
    public let category: Category
    /// The path of the file at fault; nil if no file is, or if `problem` names it.
    public let path: String?
    /// The index of the compressed frame at fault; nil if none is known.
    public let frameIndex: Int?
    /// The byte offset of this frame in the file.
    public let frameByteOffset: Int?
    /// The number of the row in the file, from 0.
    public let row: Int?
    /// The number of the line in a text, from 1.
    public let line: Int?
    /// The problem in words.
    public let problem: Message
    /// The remedy in words; nil if none is known.
    public let remedy: Message?
    /// A fault of the way in which the file was read. A more careful way may mend it (`ReadingMode`).
    package enum ReadingFault: Sendable {
        /// The seek table contradicts the frames. Without the table the file may be sound.
        case seekTable
        /// A quoted field is open at a line feed where text was cut. The cut may be at fault, and not the text.
        case cutInsideQuotes
        /// Rows of Parquet pages were counted by their values, and there are other numbers of values in some rows.
        case pagesCountedWrong
    }

    let readingFault: ReadingFault?
    /// True if a row is invalid, whatever comes after it.
    private(set) var isOfInvalidRow = false

    /// The same error, of an invalid row.
    var ofInvalidRow: EngineError {
        var error = self
        error.isOfInvalidRow = true
        return error
    }

    /// True if a column was looked for by its usual names and is not there.
    private(set) var isOfMissingColumn = false

    /// The same error, of a column that is not there.
    var ofMissingColumn: EngineError {
        var error = self
        error.isOfMissingColumn = true
        return error
    }

    /// Makes an error that names no setting, as a source of rows throws it.
    ///
    /// - Parameters:
    ///   - path: the name of the file that it is about, which the message begins with.
    ///   - frame: the compressed frame concerned.
    ///   - row: the row in the file, from 0.
    ///   - line: the line of a text, from 1.
    package init(
        _ category: Category, path: String? = nil, frame: Frame? = nil, row: Int? = nil, line: Int? = nil, _ problem: String,
        remedy: String? = nil, readingFault: ReadingFault? = nil
    ) {
        self.init(
            category, path: path, frame: frame, row: row, line: line, Message(problem), remedy: remedy.map { Message($0) },
            readingFault: readingFault)
    }

    init(
        _ category: Category, path: String? = nil, frame: Frame? = nil, row: Int? = nil, line: Int? = nil, _ problem: Message,
        remedy: Message?, readingFault: ReadingFault? = nil
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

    /// Makes an error about a request, without the name of a setting.
    public init(usage problem: String, remedy: String) {
        self.init(.usage, problem, remedy: remedy)
    }

    /// Makes an error about a request.
    public init(usage problem: Message, remedy: Message) {
        self.init(.usage, problem, remedy: remedy)
    }

    /// Makes the error of a request that may succeed later as it is.
    public init(tryAgain problem: String, remedy: String) {
        self.init(.tryAgain, problem, remedy: remedy)
    }

    /// Makes the error of a run that was cancelled.
    public init(cancelledBefore what: String) {
        self.init(.cancelled, "cancelled before \(what)")
    }

    /// The error of every run that was cancelled before its outputs had their names.
    static let cancelled = EngineError(.cancelled, "cancelled; nothing was written")

    /// Creates the error of a file's bytes. A read that was cancelled gives the error of a cancelled run.
    package init(_ error: ContainerError) {
        guard error.kind != .cancelled else {
            self = .cancelled
            return
        }
        category =
            switch error.kind {
            case .cancelled: .cancelled
            case .notFound, .isDirectory, .notRegularFile, .permissionDenied, .cannotOpen: .noInput
            case .readFailed, .fileChanged, .outOfMemory, .tooManyOpenFiles: .inputOutput
            case .objectChanged: .data
            case .empty, .truncated, .damaged, .checksumMismatch, .seekTableLies, .unsupported, .windowTooLarge: .data
            }
        // The text of a container's error names file, frame and byte.
        path = nil
        frameIndex = error.frameIndex
        frameByteOffset = error.byteOffset
        row = nil
        line = nil
        // The remedies that name a setting, which a container does not know.
        let known: Message? =
            switch error.kind {
            case .windowTooLarge: "\(setting: .maximumWindow) raises the limit"
            case .objectChanged:
                "let it be finished first, and run again; where a server names other versions for the same bytes, \(setting: .unpinned) reads them all the same"
            default: nil
            }
        problem = Message(known == nil ? error.description : error.statement)
        remedy = known
        readingFault = error.kind == .seekTableLies ? .seekTable : nil
    }

    /// Makes the error of an object of a store, by the name of its URL.
    init(_ error: ObjectStoreError, path: String) { self.init(ContainerError(error, path: path)) }

    /// Makes the error of an output.
    public init(_ error: OutputError) {
        self.init(.inputOutput, path: error.path, error.problem, remedy: error.remedy)
    }

    /// Does work on an output, and turns its error into one of the engine.
    static func ofOutput<Result>(_ body: () throws(OutputError) -> Result) throws(EngineError) -> Result {
        do { return try body() } catch { throw EngineError(error) }
    }

    /// Makes the error for a loss that has no meaning.
    public init(_ error: SpecificationError) {
        self.init(.usage, error.problem, remedy: error.remedy)
    }

    /// Makes the error of columns whose roles are in doubt or contradict each other.
    package init(_ error: ColumnError, path: String? = nil) {
        self.init(error.kind == .format ? .data : .usage, path: path, error.problem, remedy: error.remedy)
        isOfMissingColumn = error.kind == .unknown
    }

    /// Creates the error of a file's content.
    package init(_ error: FormatError, path: String) {
        self.init(.data, path: path, error.message, remedy: nil)
    }

    /// The error as a sentence, with the names of Swift.
    public var description: String { text(.swift) }

    /// The error as a sentence, in which `names` gives the names of the settings.
    public func text(_ names: SettingNames) -> String { message.text(names) }

    /// The error as a sentence: the place, the problem and the remedy.
    var message: Message {
        var place = path.map { $0 == "-" ? "standard input: " : "\($0): " } ?? ""
        if path != nil, let frameIndex, let frameByteOffset { place += "frame \(frameIndex) at byte \(frameByteOffset): " }
        if let line { place += "line \(line): " } else if let row { place += "row \(row): " }
        guard let remedy else { return "\(place)\(problem)" }
        return "\(place)\(problem); \(remedy)"
    }
}
