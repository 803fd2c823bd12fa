package import Container

/// The reason why a Parquet file, or a part of it, cannot be read: the place, the problem and the remedy.
package struct ParquetError: Error, Sendable, CustomStringConvertible {
    /// The cause, for code; `problem` is for people.
    package enum Kind: Sendable, Equatable {
        /// The file is no Parquet file: it does not begin and end as one.
        case signature
        /// The file ends before what it promises.
        case truncated
        /// The bytes break the rules of the format, or contradict each other.
        case damaged
        /// A page is not what its checksum says.
        case checksum
        /// The file is sound as far as it was read, and uses something that is not read.
        case unsupported
        /// The file, or a column of it, is encrypted.
        case encrypted
        /// A page takes more memory than is allowed.
        case tooLarge
        /// The bytes could not be read; `container` has the reason.
        case reading
    }

    /// The place of a fault in a file.
    package struct Place: Sendable, Equatable {
        /// The number of the row group, from 0; nil if the fault is in none.
        package var rowGroup: Int?
        /// The column's dotted name; nil if the fault is in none.
        package var column: String?
        /// The number of the page in its column chunk, from 0, with its dictionary; nil if the fault is in none.
        package var page: Int?
        /// The offset of a byte in the file; nil if none is known.
        package var byteOffset: Int?

        /// Makes a place.
        package init(rowGroup: Int? = nil, column: String? = nil, page: Int? = nil, byteOffset: Int? = nil) {
            self.rowGroup = rowGroup
            self.column = column
            self.page = page
            self.byteOffset = byteOffset
        }

        /// The place in words, with a colon after each part that is known: "row group 0: column p: page 2 at byte 4711: ".
        var text: String {
            var parts: [String] = []
            if let rowGroup { parts.append("row group \(rowGroup)") }
            if let column { parts.append("column \(column)") }
            let byte = byteOffset.map { "byte \($0)" }
            if let page { parts.append("page \(page)" + (byte.map { " at \($0)" } ?? "")) } else if let byte { parts.append(byte) }
            return parts.map { $0 + ": " }.joined()
        }
    }

    /// The cause, for code.
    package let kind: Kind
    /// The path of the file.
    package let path: String
    /// The place in the file.
    package let place: Place
    /// The problem in words.
    package let problem: String
    /// The remedy in words; nil if none is known.
    package let remedy: String?
    /// The error of reading bytes, for kind `.reading`.
    package let container: ContainerError?

    /// Makes an error.
    init(_ kind: Kind, path: String, _ place: Place = Place(), _ problem: String, remedy: String? = nil) {
        self.kind = kind
        self.path = path
        self.place = place
        self.problem = problem
        self.remedy = remedy
        container = nil
    }

    /// Makes the error of bytes that could not be read.
    init(_ error: ContainerError, path: String) {
        kind = .reading
        self.path = path
        place = Place()
        problem = error.description
        remedy = nil
        container = error
    }

    /// The place in the file and the problem in words, without the path.
    package var statement: String { place.text + problem }

    /// The error as a sentence, with path, place, problem and remedy.
    package var description: String {
        guard container == nil else { return problem }
        return "\(path): \(statement)" + (remedy.map { "; \($0)" } ?? "")
    }
}

/// A fault of bytes whose place in the file the caller knows.
struct PageFault: Error {
    let kind: ParquetError.Kind
    let problem: String
    let remedy: String?

    init(_ kind: ParquetError.Kind, _ problem: String, remedy: String? = nil) {
        self.kind = kind
        self.problem = problem
        self.remedy = remedy
    }

    /// Makes the fault of bytes that contradict each other.
    static func damaged(_ problem: String) -> PageFault { PageFault(.damaged, problem) }
}
