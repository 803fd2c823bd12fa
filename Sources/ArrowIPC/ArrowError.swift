package import Container

/// The reason why an Arrow file, or a part of it, cannot be read: the place, the problem and the remedy.
package struct ArrowError: Error, Sendable, CustomStringConvertible {
    /// The cause, for code; `problem` is for people.
    package enum Kind: Sendable, Equatable {
        /// The file is no Arrow file: it does not begin as one.
        case signature
        /// The file ends before what it promises.
        case truncated
        /// The bytes break the rules of the format, or contradict each other.
        case damaged
        /// The file is sound as far as it was read, and uses something that is not read.
        case unsupported
        /// A column takes more memory than is allowed.
        case tooLarge
        /// The bytes could not be read; `container` has the reason.
        case reading
    }

    /// The place of a fault in a file.
    package struct Place: Sendable, Equatable {
        /// The number of the record batch, from 0; nil if the fault is in none.
        package var batch: Int?
        /// The column's dotted name; nil if the fault is in none.
        package var column: String?
        /// The offset of a byte in the file; nil if none is known.
        package var byteOffset: Int?

        /// Makes a place.
        package init(batch: Int? = nil, column: String? = nil, byteOffset: Int? = nil) {
            self.batch = batch
            self.column = column
            self.byteOffset = byteOffset
        }

        /// The place in words, with a colon after each part that is known: "record batch 0: column p: byte 4711: ".
        var text: String {
            var parts: [String] = []
            if let batch { parts.append("record batch \(batch)") }
            if let column { parts.append("column \(column)") }
            if let byteOffset { parts.append("byte \(byteOffset)") }
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
    init(_ kind: Kind, path: String, _ place: Place, _ problem: String, remedy: String? = nil) {
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

    /// Makes the error of a fault, at a place.
    init(_ fault: ArrowFault, path: String, _ place: Place) {
        if let container = fault.container {
            self.init(container, path: path)
        } else {
            self.init(fault.kind, path: path, place, fault.problem, remedy: fault.remedy)
        }
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
struct ArrowFault: Error {
    let kind: ArrowError.Kind
    let problem: String
    let remedy: String?
    /// The error of reading bytes, for kind `.reading`.
    let container: ContainerError?

    init(_ kind: ArrowError.Kind, _ problem: String, remedy: String? = nil) {
        self.kind = kind
        self.problem = problem
        self.remedy = remedy
        container = nil
    }

    /// Makes the fault of bytes that could not be read.
    init(_ error: ContainerError) {
        kind = .reading
        problem = error.description
        remedy = nil
        container = error
    }

    /// Makes the fault of bytes that contradict each other.
    static func damaged(_ problem: String) -> ArrowFault { ArrowFault(.damaged, problem) }
}
