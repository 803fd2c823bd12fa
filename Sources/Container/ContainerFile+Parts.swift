extension ContainerFile {
    /// Makes a file of a range of another raw file's bytes, such as an array that lies among others.
    ///
    /// - Parameters:
    ///   - bytes: a range within `0..<file.byteCount`.
    ///   - name: the name of the part, which errors have after the file's.
    ///   - file: a raw file, and no stream. Its source is shared.
    package convenience init(bytes: Range<Int>, named name: String, of file: ContainerFile) {
        precondition(file.compression == .none && !file.isStream && bytes.upperBound <= file.byteCount, "no such bytes of a raw file")
        self.init(
            StoredBytes(file.stored, member: name), .none, FrameTable(), decodedByteCount: bytes.count,
            rawByteOffset: file.rawByteOffset + bytes.lowerBound, byteCount: bytes.count, nil)
    }

    /// Makes a file of frames that a source decodes.
    ///
    /// - Parameters:
    ///   - frames: the frames.
    ///   - name: the name of the part, which errors have after the file's.
    ///   - file: the file that the frames lie in. Its identity is compared as they are read.
    /// - Returns: nil if the decoded sizes add up to more than `Int.max`.
    package convenience init?(frames source: any FrameSource, named name: String, of file: ContainerFile) {
        var table = FrameTable()
        table.reserveCapacity(source.frameCount, checksums: false)
        for index in 0..<source.frameCount {
            // A frame has no one place in the file.
            guard table.append(byteOffset: 0, byteEnd: 0, decodedByteCount: source.decodedByteCount(ofFrame: index), checksum: nil) else {
                return nil
            }
        }
        self.init(
            StoredBytes(file.stored, member: name), .chunks, table, decodedByteCount: table.decodedByteCount, rawByteOffset: 0,
            byteCount: source.storedByteCount, source)
    }
}
