/// A fault of one frame, before file and place are added to it.
enum FrameFault {
    /// The frame needs the dictionary of this number.
    case dictionary(UInt32)
    /// The frame must be streamed, and its window is larger than allowed.
    case window(UInt64, allowed: Int)
    /// The bytes at the frame's place contradict the table that lists it.
    case contradiction(String, found: String, wanted: String)
    /// The library could not decompress the frame, and gave these words.
    case undecodable(String)
    /// The content does not have its checksum. `source` names the checksum's place, such as "in its frame".
    case checksum(source: String, found: UInt32?, wanted: UInt32?)
    /// There was not enough memory.
    case memory
    /// The file ends within the frame.
    case truncated(String, found: Int, wanted: Int?)
    /// The frame contradicts itself.
    case damaged(String, found: String?, wanted: String?)
    /// The frame is of a kind that is not supported.
    case unsupported(String, remedy: String)

    /// The problem of a frame with a block that is larger than the format allows. libzstd reports such blocks where it streams a frame, and
    /// not where it decompresses one in one piece.
    static let oversizedBlock = "a block is larger than the frame's window, or than 128 KiB"

    /// The fault as an error of frame `index`, which begins at `byteOffset`.
    ///
    /// - Parameter hints: Whether the frame's place and size came from a seek table or from pzstd's skippable frames. Then a contradiction
    ///   may be the table's error rather than damage.
    func error(_ file: StoredBytes, _ index: Int?, _ byteOffset: Int, hints: Bool = false, term: String = "frame") -> ContainerError {
        switch self {
        case .truncated(let place, let found, let wanted):
            return ContainerError(
                path: file.path, kind: .truncated, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: "the \(file.isStream ? "stream" : "file") ends \(place)", found: "\(found) bytes", allowed: wanted.map { "\($0)" },
                remedy: file.isStream ? "what wrote it stopped early: look there" : "it was cut short: " + ContainerError.copyAgain)
        case .damaged(let problem, let found, let wanted):
            return ContainerError(
                path: file.path, kind: .damaged, frameIndex: index, frameTerm: term, byteOffset: byteOffset, problem: problem, found: found,
                allowed: wanted, remedy: ContainerError.copyAgain)
        case .unsupported(let problem, let remedy):
            return ContainerError(
                path: file.path, kind: .unsupported, frameIndex: index, frameTerm: term, byteOffset: byteOffset, problem: problem,
                remedy: remedy)
        case .dictionary(let number):
            return ContainerError(
                path: file.path, kind: .unsupported, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: "it was compressed with dictionary \(number), and dictionaries are not supported",
                remedy: "decompress it with zstd -D and compress it without a dictionary")
        case .window(let window, let allowed):
            return ContainerError(
                path: file.path, kind: .windowTooLarge, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: "decompressing it takes too much memory", found: "a window of \(window) bytes",
                allowed: "at most \(allowed)", remedy: "ContainerOptions.maximumWindowByteCount raises the limit")
        case .contradiction(let problem, let found, let wanted):
            return ContainerError(
                path: file.path, kind: hints ? .seekTableLies : .damaged, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: problem, found: found, allowed: wanted,
                remedy: hints ? "the table of \(term) sizes is wrong, or the file is damaged" : ContainerError.copyAgain)
        case .undecodable(let words):
            return ContainerError(
                path: file.path, kind: .damaged, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: "it cannot be decompressed (\(words))", remedy: ContainerError.copyAgain)
        case .checksum(let source, let found, let wanted):
            return ContainerError(
                path: file.path, kind: .checksumMismatch, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: "the content does not have the checksum \(source)",
                found: found.map { "0x" + String($0, radix: 16) }, allowed: wanted.map { "0x" + String($0, radix: 16) },
                remedy: ContainerError.copyAgain)
        case .memory:
            return ContainerError(
                path: file.path, kind: .outOfMemory, frameIndex: index, frameTerm: term, byteOffset: byteOffset,
                problem: "there is not enough memory to decompress it", remedy: "use fewer threads")
        }
    }
}
