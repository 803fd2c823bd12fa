/// A zip archive (an `.npz` file): its members and the places of their bytes.
///
/// The format is that of PKWARE's APPNOTE.TXT, version 6.3.10, with zip64. The directory at the archive's end is read, and each entry is
/// compared with the member's own header. An archive that could be read in more than one way is refused as a whole: one in which an entry
/// and a header differ, members overlap each other or the directory, or two members have one name.
public struct ZipArchive: Sendable {
    /// One file of the archive.
    public struct Member: Sendable, Equatable {
        /// The member's name, folders included.
        public let name: String
        /// The method by which the member's bytes are compressed.
        public let method: Method
        /// True if the member's bytes are encrypted. Such a member cannot be read.
        public let isEncrypted: Bool
        /// The place of the member's stored bytes in the archive, without its header.
        public let byteRange: Range<Int>
        /// The member's decompressed size in bytes.
        public let decodedByteCount: Int
        /// The CRC-32 of the member's decompressed bytes.
        public let checksum: UInt32
    }

    /// A method of compression.
    public enum Method: Sendable, Equatable, CustomStringConvertible {
        /// The bytes are stored as they are.
        case stored
        /// The bytes are one deflate stream (RFC 1951).
        case deflated
        /// A method that is not supported, by its number.
        case other(Int)

        init(_ number: Int) {
            self =
                switch number {
                case 0: .stored
                case 8: .deflated
                default: .other(number)
                }
        }

        /// The method's name, for messages.
        public var description: String {
            switch self {
            case .stored: "nothing (stored)"
            case .deflated: "deflate"
            case .other(1): "shrink"
            case .other(2...5): "reduce"
            case .other(6): "implode"
            case .other(9): "deflate64"
            case .other(12): "bzip2"
            case .other(14): "LZMA"
            case .other(20), .other(93): "zstd"
            case .other(95): "xz"
            case .other(98): "PPMd"
            case .other(99): "AES encryption"
            case .other(let number): "method \(number)"
            }
        }
    }

    /// The most members that an archive may have.
    public static let memberCountLimit = 100_000
    /// The most bytes that an archive's directory may have: it is kept in memory while it is parsed.
    static let directoryByteCountLimit = 32 << 20

    let stored: StoredBytes
    /// The files in the archive, in the directory's order; folders are left out.
    public let members: [Member]

    /// Opens the archive at `path`, or the one that is standard input where the path is `-` and it was redirected from a file.
    ///
    /// Time and memory are proportional to the number of members. No member is decompressed.
    ///
    /// - Throws: The reason for which the file cannot be opened or read; `.unsupported` for a stream and for an archive in several parts;
    ///   `.truncated` where the directory is missing; `.damaged` where it is wrong.
    public init(path: String) throws(ContainerError) {
        try self.init(StoredBytes(path: path))
    }

    /// Reads the archive from a source, as `init(path:)` does.
    ///
    /// - Throws: The errors of the source, and those of `init(path:)`.
    public init(source: any ByteSource) throws(ContainerError) {
        try self.init(StoredBytes(source))
    }

    /// Reads the archive that an opened file is. Its source is shared.
    ///
    /// - Throws: The errors of the source, and those of `init(path:)`.
    package init(_ file: ContainerFile) throws(ContainerError) {
        try self.init(file.stored)
    }

    init(_ file: StoredBytes) throws(ContainerError) {
        stored = file
        guard !file.isStream else {
            throw ContainerError(
                path: file.path, kind: .unsupported, problem: "a zip archive cannot be read from a stream: its directory is at its end",
                remedy: "write it to a file first")
        }
        members = try ZipDirectory(of: file).members()
    }

    /// The name by which the archive was opened.
    public var path: String { stored.path }

    /// The member of this name, if there is one. O(members).
    public func member(named name: String) -> Member? { members.first { $0.name.utf8.elementsEqual(name.utf8) } }

    /// Returns true if a file that begins with `firstBytes`, four of them or more, is a zip archive.
    ///
    /// An archive behind other bytes, such as a program that unpacks it, is not recognised.
    public static func isZip(_ firstBytes: some Collection<UInt8>) -> Bool {
        // A member; the end of an archive without members; a member of one that was to be split and was not.
        [[0x50, 0x4B, 3, 4], [0x50, 0x4B, 5, 6], [0x50, 0x4B, 7, 8]].contains { firstBytes.starts(with: $0 as [UInt8]) }
    }
}
