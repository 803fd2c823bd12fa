internal import Container

/// A reader of the structures of a file, for one task such as listing the datasets.
///
/// It reads no more bytes than a few times those of the file. That alone ends every walk over structures that point at each other in a
/// circle, or of which very many share their bytes.
final class MetadataReader {
    let file: HDF5Superblock
    private let container: ContainerFile
    /// The number of bytes that may still be read.
    private var budget: Int

    /// The number of bytes that a read counts for at least.
    private static let leastByteCount = 64

    init(_ file: HDF5Superblock, _ container: ContainerFile) {
        self.file = file
        self.container = container
        budget = container.byteCount > (.max - (1 << 20)) / 4 ? .max : 4 * container.byteCount + (1 << 20)
    }

    /// The number of bytes from a place in the file to its end.
    func byteCount(from byteOffset: Int) -> Int { max(0, container.byteCount - byteOffset) }

    /// Reads bytes at a place in the file.
    ///
    /// - Parameter what: the name of the structure, for messages.
    func read(at byteOffset: Int, count: Int, _ what: String) throws(HDF5Error) -> FieldReader {
        guard byteOffset >= 0, count >= 0, count <= byteCount(from: byteOffset) else {
            throw HDF5Error(.damaged, at: byteOffset, "\(what) of \(count) bytes goes beyond the end of the file")
        }
        try spend(max(count, Self.leastByteCount))
        var bytes = [UInt8](repeating: 0, count: count)
        if count > 0 {
            do throws(ContainerError) {
                try bytes.withUnsafeMutableBufferPointer { bytes throws(ContainerError) in
                    try container.readRaw(at: byteOffset, into: UnsafeMutableRawBufferPointer(bytes))
                }
            } catch {
                throw HDF5Error(error)
            }
        }
        return FieldReader(bytes, at: byteOffset, verifiesChecksums: file.verifiesChecksums)
    }

    /// Counts work as if bytes were read.
    func spend(_ byteCount: Int) throws(HDF5Error) {
        guard byteCount <= budget else {
            throw HDF5Error(.damaged, "its structures have more bytes than the file: they point at each other, or lie on one another")
        }
        budget -= byteCount
    }

    // MARK: Fields

    /// Reads an address as a place in the file; nil for the undefined one.
    func address(_ fields: inout FieldReader) throws(HDF5Error) -> Int? {
        let place = fields.place
        let value = try fields.number(file.addressByteCount)
        guard value != UInt64.max >> UInt64(64 - 8 * file.addressByteCount) else { return nil }
        guard value <= UInt64(byteCount(from: file.baseByteOffset)) else {
            throw HDF5Error(.damaged, at: place, "the address \(value) is beyond the end of the file")
        }
        return file.baseByteOffset + Int(value)
    }

    /// Reads an address that must be defined.
    func definedAddress(_ fields: inout FieldReader, of what: String) throws(HDF5Error) -> Int {
        let place = fields.place
        guard let address = try address(&fields) else { throw HDF5Error(.damaged, at: place, "there is no address of \(what)") }
        return address
    }

    /// Reads a length.
    func length(_ fields: inout FieldReader) throws(HDF5Error) -> Int { try fields.count(file.lengthByteCount) }

    /// Reads a length that may be larger than any count; nil then.
    func anyLength(_ fields: inout FieldReader) throws(HDF5Error) -> Int? { Int(exactly: try fields.number(file.lengthByteCount)) }
}
