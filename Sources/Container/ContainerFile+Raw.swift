extension ContainerFile {
    /// The least number of bytes of a stored member that are remembered as read, so that the list of them stays short.
    private static let rememberedByteCount = 64 << 10

    /// Fills `buffer` with the bytes of a raw file from `byteOffset` on. Any thread may call it at any time.
    ///
    /// It is for callers that read many short ranges: nothing is read ahead, and the identity of the file is not compared. They call
    /// `checkIdentity()` after the last of some ranges. Parts of an archive's stored member count for `verifyMemberChecksum()`.
    ///
    /// - Precondition: the file is raw and no stream, and has these bytes.
    /// - Throws: `.readFailed`, `.fileChanged`, `.cancelled`.
    public func readRaw(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) {
        precondition(compression == .none && !isStream, "ranges of bytes are for raw files")
        precondition(byteOffset >= 0 && buffer.count <= byteCount - byteOffset, "no such bytes")
        do throws(ContainerError) {
            try stored.read(at: rawByteOffset + byteOffset, into: buffer)
        } catch {
            // A change of the file explains any other error.
            try checkIdentity()
            throw error
        }
        if let memberContent, buffer.count >= Self.rememberedByteCount {
            let checksum = CRC32.checksum(UnsafeRawBufferPointer(buffer), after: 0)
            memberContent.add(MemberContent.Part(bytes: byteOffset..<byteOffset + buffer.count, checksum: checksum))
        }
    }

    /// Tells the source of a raw file that a range of its bytes is wanted soon.
    public func adviseWillReadRaw(_ range: Range<Int>) {
        stored.adviseWillRead(range.lowerBound + rawByteOffset..<range.upperBound + rawByteOffset)
    }

    /// Throws `.fileChanged` if the file is no longer the one that was opened.
    public func checkIdentity() throws(ContainerError) { try stored.checkIdentity() }
}
