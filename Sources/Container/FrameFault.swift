/// A fault of one frame, before file and place are added to it.
enum FrameFault {
    /// The frame needs the dictionary of this number.
    case dictionary(UInt32)
    /// The frame must be streamed, and its window is larger than allowed.
    case window(UInt64, allowed: Int)
    /// The bytes where the frame should lie contradict what is known of it.
    case contradiction(String, found: String, wanted: String)
    /// libzstd could not decompress it: the library's words.
    case undecodable(String)
    /// The content checksum does not match; `source` says whose.
    case checksum(source: String, found: UInt32?, wanted: UInt32?)
    /// libzstd, or we, found no memory.
    case memory

    /// The fault as an error of frame `index`, which begins at `byteOffset`.
    ///
    /// - Parameter hints: Whether the frame's place and size came from a seek table or from pzstd's skippable frames;
    ///   then a contradiction is theirs, and may be no damage.
    func error(_ file: StoredFile, _ index: Int?, _ byteOffset: Int, hints: Bool = false) -> ContainerError {
        switch self {
        case .dictionary(let number):
            return ContainerError(
                path: file.path, kind: .unsupported, frameIndex: index, byteOffset: byteOffset,
                problem: "it was compressed with dictionary \(number), and dictionaries are not supported",
                remedy: "decompress it with zstd -D and compress it without a dictionary")
        case .window(let window, let allowed):
            return ContainerError(
                path: file.path, kind: .windowTooLarge, frameIndex: index, byteOffset: byteOffset,
                problem: "decompressing it takes too much memory", found: "a window of \(window) bytes",
                allowed: "at most \(allowed)", remedy: "--memory SIZE raises the limit")
        case .contradiction(let problem, let found, let wanted):
            return ContainerError(
                path: file.path, kind: hints ? .seekTableLies : .damaged, frameIndex: index, byteOffset: byteOffset,
                problem: problem, found: found, allowed: wanted,
                remedy: hints ? "the table of frame sizes is wrong, or the file is damaged" : ContainerError.copyAgain)
        case .undecodable(let words):
            return ContainerError(
                path: file.path, kind: .damaged, frameIndex: index, byteOffset: byteOffset,
                problem: "it cannot be decompressed (\(words))", remedy: ContainerError.copyAgain)
        case .checksum(let source, let found, let wanted):
            return ContainerError(
                path: file.path, kind: .checksumMismatch, frameIndex: index, byteOffset: byteOffset,
                problem: "the content does not have the checksum \(source)",
                found: found.map { "0x" + String($0, radix: 16) }, allowed: wanted.map { "0x" + String($0, radix: 16) },
                remedy: ContainerError.copyAgain)
        case .memory:
            return ContainerError(
                path: file.path, kind: .outOfMemory, frameIndex: index, byteOffset: byteOffset,
                problem: "there is not enough memory to decompress it", remedy: "use fewer --threads")
        }
    }
}
