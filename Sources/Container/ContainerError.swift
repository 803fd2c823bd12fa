/// Why a file could not be opened, read or decompressed: where, what was found, what was wanted, and what to do.
public struct ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in classes that call for different answers.
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

        /// The system reported an error while reading; or a stream was to be read again whose beginning has gone by.
        case readFailed
        /// The file became shorter while it was being read.
        case fileChanged
        /// There was not enough memory.
        case outOfMemory

        /// `ContainerOptions.isCancelled` said so while a stream was waited for.
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

    /// The file, as it was named when it was opened.
    public let path: String
    /// Its class.
    public let kind: Kind
    /// The number of the frame among those with data (of a gzip file, of the member among all), where one is concerned and its number is
    /// known.
    public let frameIndex: Int?
    /// What a frame is called in this file's format: frame, member (gzip), block (BGZF).
    public let frameTerm: String
    /// The offset of the frame, or of the fault, in the file.
    public let byteOffset: Int?
    /// What is wrong.
    public let problem: String
    /// What the file has.
    public let found: String?
    /// What it should have.
    public let allowed: String?
    /// What to do about it.
    public let remedy: String?

    init(
        path: String, kind: Kind, frameIndex: Int? = nil, frameTerm: String = "frame", byteOffset: Int? = nil, problem: String,
        found: String? = nil, allowed: String? = nil, remedy: String? = nil
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
    }

    /// One line: `predictions.npy.zst: frame 17 at byte 16290: what is wrong: found this, wanted that; the remedy`.
    public var description: String {
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
        if let remedy { text += "; \(remedy)" }
        return text
    }
}

extension ContainerError {
    /// What helps against damage of any kind.
    static let copyAgain = "copy or write the file again"
}
