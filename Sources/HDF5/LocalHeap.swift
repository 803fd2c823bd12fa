/// The names of an old group.
struct LocalHeap {
    private let bytes: FieldReader

    init(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        var fields = try reader.read(
            at: byteOffset, count: 8 + 2 * reader.file.lengthByteCount + reader.file.addressByteCount, "a heap of names")
        try fields.expect("HEAP")
        _ = try fields.version(0...0, of: "a heap of names")
        try fields.skip(3)
        let byteCount = try reader.length(&fields)
        try fields.skip(reader.file.lengthByteCount)
        let data = try reader.definedAddress(&fields, of: "names")
        bytes = try reader.read(at: data, count: byteCount, "a heap of names")
    }

    /// Returns the text that begins at an offset, without the zero after it. O(bytes of the text).
    func text(at offset: Int) throws(HDF5Error) -> [UInt8] {
        var rest = bytes
        try rest.skip(offset)
        let text = try rest.take(rest.remaining)
        guard let end = text.firstIndex(of: 0) else { throw HDF5Error(.damaged, at: bytes.byteOffset, "a name has no end") }
        return Array(text[..<end])
    }
}
