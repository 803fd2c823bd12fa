package import Container

/// The reason why an HDF5 file, or a dataset of it, cannot be read: the place, the problem and the remedy. It knows no path.
package struct HDF5Error: Error, Sendable, CustomStringConvertible {
    /// The cause, for code; `problem` is for people.
    package enum Kind: Sendable, Equatable {
        /// The file ends before what it promises.
        case truncated
        /// The bytes break the rules of the format, or contradict each other.
        case damaged
        /// A structure or a chunk is not what its checksum says.
        case checksum
        /// The file is sound as far as it was read, and uses something that is not read.
        case unsupported
        /// A dataset takes more memory than is allowed.
        case tooLarge
        /// The bytes could not be read; `container` has the reason.
        case reading
    }

    /// The cause, for code.
    package let kind: Kind
    /// The offset in the file of the structure at fault; nil if none is known.
    package let byteOffset: Int?
    /// The problem in words.
    package let problem: String
    /// The remedy in words; nil if none is known.
    package let remedy: String?
    /// The error of reading bytes, for kind `.reading`.
    package let container: ContainerError?

    /// Makes an error.
    init(_ kind: Kind, at byteOffset: Int? = nil, _ problem: String, remedy: String? = nil) {
        self.kind = kind
        self.byteOffset = byteOffset
        self.problem = problem
        self.remedy = remedy ?? (kind == .damaged || kind == .truncated || kind == .checksum ? "write or copy it again" : nil)
        container = nil
    }

    /// Makes the error of bytes that could not be read.
    init(_ error: ContainerError) {
        kind = .reading
        byteOffset = error.byteOffset
        problem = error.problem
        remedy = error.remedy
        container = error
    }

    /// The place and the problem in words: "byte 4711: a B-tree of 40 levels".
    package var statement: String { (byteOffset.map { "byte \($0): " } ?? "") + problem }

    /// The error as a sentence, with place, problem and remedy.
    package var description: String { statement + (remedy.map { "; \($0)" } ?? "") }
}
