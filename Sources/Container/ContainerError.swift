/// A failure to open, read or decompress a file: its place, the state that was found, the state that was wanted, and a remedy.
public struct ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The class of a failure. Classes call for different answers.
    public enum Kind: String, Sendable, CaseIterable {
        // The file cannot be opened.

        /// There is no file of that name.
        case notFound
        /// The path names a directory.
        case isDirectory
        /// The path names a device or a socket.
        case notRegularFile
        /// The file may not be read by this user.
        case permissionDenied
        /// The file cannot be opened for another reason.
        case cannotOpen

        // The machine failed.

        /// The system reported an error while reading, or a stream was to be read again and its beginning has gone by.
        case readFailed
        /// The file was changed, became shorter or was removed while it was being read.
        case fileChanged
        /// The object of a store was changed while it was being read, or its server cannot tell that it was not.
        case objectChanged
        /// There was not enough memory.
        case outOfMemory
        /// The process, or the system, has as many files open as it may have.
        case tooManyOpenFiles

        /// `ContainerOptions.isCancelled` returned true while bytes were waited for.
        case cancelled

        // The bytes are not what they should be.

        /// The file has no bytes at all.
        case empty
        /// The file, or the stream, ends inside a frame or a member.
        case truncated
        /// The file is not what it says it is.
        case damaged
        /// The decompressed bytes are not the ones that were compressed.
        case checksumMismatch
        /// Sizes in the seek table, in pzstd's skippable frames, or in the headers of BGZF's blocks, contradict the frames. Opening the
        /// file again with `ContainerOptions.usesSeekTable` off may succeed, and finds the damage if there is any.
        case seekTableLies
        /// A format, or a feature of it, that is not supported.
        case unsupported
        /// A frame wants more memory than allowed.
        case windowTooLarge
    }

    /// The name by which the file was opened.
    public let path: String
    /// The class of the failure.
    public let kind: Kind
    /// The number of the frame concerned among the frames with data, from 0. In a gzip file it is the number of the member among all
    /// members. nil where no frame is concerned, or its number is not known.
    public let frameIndex: Int?
    /// The term for a frame in this file's format: frame, member (gzip), block (BGZF).
    public let frameTerm: String
    /// The offset of the frame, or of the fault, in the file, in bytes.
    public let byteOffset: Int?
    /// The failure in words.
    public let problem: String
    /// The state that was found, if the failure is about one.
    public let found: String?
    /// The state that was wanted.
    public let allowed: String?
    /// The advice to the user.
    public let remedy: String?
    /// The first bytes of a stream that was refused for them, so that others can tell its format; otherwise none.
    package let firstBytes: [UInt8]

    init(
        path: String, kind: Kind, frameIndex: Int? = nil, frameTerm: String = "frame", byteOffset: Int? = nil, problem: String,
        found: String? = nil, allowed: String? = nil, remedy: String? = nil, firstBytes: [UInt8] = []
    ) {
        self.path = path
        self.kind = kind
        self.frameIndex = frameIndex
        self.frameTerm = frameTerm
        self.byteOffset = byteOffset
        self.problem = problem
        self.found = found
        self.allowed = allowed
        self.remedy = remedy
        self.firstBytes = firstBytes
    }

    /// One line: `predictions.npy.zst: frame 17 at byte 16290: what is wrong: found this, wanted that; the remedy`.
    public var description: String { statement + (remedy.map { "; \($0)" } ?? "") }

    /// The line without the remedy, for a caller who knows a better one.
    package var statement: String {
        var text = path == SourcePath.standardInput ? "standard input" : path
        switch (frameIndex, byteOffset) {
        case (let index?, let offset?): text += ": \(frameTerm) \(index) at byte \(offset)"
        case (let index?, nil): text += ": \(frameTerm) \(index)"
        case (nil, let offset?): text += ": at byte \(offset)"
        case (nil, nil): break
        }
        text += ": \(problem)"
        switch (found, allowed) {
        case (let found?, let allowed?): text += ": found \(found), wanted \(allowed)"
        case (let found?, nil): text += ": found \(found)"
        case (nil, let allowed?): text += ": wanted \(allowed)"
        case (nil, nil): break
        }
        return text
    }
}

extension ContainerError {
    /// The remedy where no file can be opened any more.
    static let openFewer = "raise the limit of open files (ulimit -n)"

    /// The remedy for damage of any kind.
    static let copyAgain = "copy or write the file again"
}
