internal import Messages

/// A reader of files that are pickles: a pickle of NumPy arrays, a file of PyTorch in its old format (several pickles, and the numbers
/// after them), or the pickle in a zip archive of PyTorch.
///
/// It asks for the bytes that it needs, each time behind the ones before, and reads no content of arrays.
///
/// ```swift
/// let file: [UInt8] = [0x80, 2, 0x7D, 0x2E]  // an empty dictionary
/// var reader = PickleFileReader(.file, fileByteCount: file.count)
/// var arrays: PickledArrays?
/// while arrays == nil {
///     let range = reader.neededBytes
///     arrays = try file[range.lowerBound...].withUnsafeBytes { bytes throws(FormatError) in try reader.read(bytes) }
/// }
/// ```
public struct PickleFileReader {
    /// The file that holds the pickle.
    public enum Place: Sendable {
        /// The pickle is the file, or begins it.
        case file
        /// The pickle is a member of an archive of PyTorch, whose storages are other members.
        case pyTorchArchive
    }

    /// The parts of a file in PyTorch's old format. A pickle of NumPy arrays is only `first`.
    private enum Part {
        case first, version, system, object, keys
        /// The number of elements of the storage with this index, before its elements.
        case storageCount(Int)
    }

    /// The number with which PyTorch's old format begins: 0x1950A86A20F9469CFC6C, the lowest byte first.
    static let magicNumber: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    private static let version = 1001

    private let fileByteCount: Int?
    private let listsCallables: Bool
    private let isArchive: Bool
    private var part = Part.first
    private var reader: PickleReader
    private var arrays = PickledArrays()
    /// The keys of the storages that follow the pickles, and where each begins.
    private var keys: [String] = []
    private var storages: [String: Range<Int>] = [:]
    private var storageTypes: [String: PickleStorage] = [:]
    /// The bytes of the file that `read` takes next, and as many more as there are.
    public private(set) var neededBytes = 0..<1

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - place: the place of the pickle.
    ///   - fileByteCount: the number of bytes of the file; nil if it is not known.
    ///   - listsCallables: true if callables that are not read are listed and what they would make is passed over, which shows what the
    ///     pickle names. Such arrays are not those of the file as its writer meant it.
    public init(_ place: Place, fileByteCount: Int?, listsCallables: Bool = false) {
        self.fileByteCount = fileByteCount
        self.listsCallables = listsCallables
        isArchive = place == .pyTorchArchive
        reader = PickleReader(
            at: 0,
            PickleReader.Rules(hasStorages: isArchive, listsCallables: listsCallables, fileByteCount: fileByteCount))
    }

    /// Returns true if a file begins as a pickle of protocol 2 or later does. No text in UTF-8 does.
    public static func isPickle(_ prefix: some Collection<UInt8>) -> Bool {
        let bytes = Array(prefix.prefix(2))
        return bytes.count == 2 && bytes[0] == PickleOpcode.proto.rawValue && 2...5 ~= bytes[1]
    }

    /// Reads on.
    ///
    /// - Parameter bytes: the bytes of the file from the beginning of `neededBytes` on; fewer than those only if the file ends there.
    /// - Returns: the arrays, once all pickles have been read; nil if more bytes are needed.
    /// - Throws: `FormatError` if the pickle is damaged or cut short, exceeds a limit, or holds something else than tensors and arrays.
    public mutating func read(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> PickledArrays? {
        let start = neededBytes.lowerBound
        var place = start
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[min(bytes.count, place - start)...])
            if case .storageCount(let index) = part {
                guard index < keys.count else { return try finish(at: place) }
                guard rest.count >= 8 else {
                    // Fewer bytes than were asked for are all that there are.
                    guard place > start else { throw truncated(fileByteCount: start + bytes.count) }
                    neededBytes = place..<place + 8
                    return nil
                }
                place = try addStorage(index, count: rest.loadUnaligned(as: Int64.self), at: place + 8)
                part = .storageCount(index + 1)
                continue
            }
            let isFirstPiece = place == start
            if rest.isEmpty, !isFirstPiece {
                neededBytes = place..<place + 1
                return nil
            }
            switch try reader.read(rest, at: place) {
            case .needs(let range):
                neededBytes = range
                return nil
            case .finished(let value):
                place = reader.byteOffset
                if let arrays = try finishPickle(value) { return arrays }
            }
        }
    }

    /// Takes the value of a pickle that has ended, and begins the next part of the file.
    ///
    /// - Returns: the arrays, if the pickle was all of the file.
    private mutating func finishPickle(_ value: PickleValue) throws(FormatError) -> PickledArrays? {
        let end = reader.byteOffset
        func begin(_ rules: PickleReader.Rules) {
            var rules = rules
            rules.listsCallables = listsCallables
            rules.fileByteCount = fileByteCount
            reader = PickleReader(at: end, rules)
        }
        if case .first = part {} else if case .object = part {} else { try requireNoCallables() }
        switch part {
        case .first:
            if !isArchive, case .magicNumber = value {
                part = .version
                begin(PickleReader.Rules())
                return nil
            }
            try take(value)
            arrays.isPyTorch = isArchive
            if let fileByteCount, fileByteCount != end {
                throw reader.refusal(
                    "\(fileByteCount - end) bytes after its end", allowed: "none",
                    remedy: "is it several pickles in one file? Give each a file of its own, or save them as one dictionary")
            }
            return try finish(at: end)
        case .version:
            guard case .number(Self.version) = value else {
                throw reader.refusal("another version of PyTorch's format than \(Self.version)")
            }
            part = .system
            begin(PickleReader.Rules())
        case .system:
            guard case .object(let index) = value, case .dictionary(let entries) = reader.objects[Int(index)],
                let entry = entries.last(where: { reader.text($0.key) == "little_endian" }), case .truth(let isLittleEndian) = entry.value
            else { throw reader.refusal("no order of bytes in the head of PyTorch's file") }
            arrays.areStoragesByteSwapped = isLittleEndian != ByteOrder.isLittleEndianMachine
            part = .object
            begin(PickleReader.Rules(hasStorages: true))
        case .object:
            arrays.isPyTorch = true
            for object in reader.objects {
                guard case .storage(let storage) = object else { continue }
                let known = storageTypes.updateValue(storage, forKey: storage.key)
                guard known == nil || known.map({ $0.count == storage.count && $0.type == storage.type }) == true else {
                    throw reader.refusal("the storage \(QuotedBytes.text(storage.key.utf8)) of two sizes")
                }
            }
            try take(value)
            part = .keys
            begin(PickleReader.Rules(keepsLists: true))
        case .keys:
            guard case .object(let index) = value, case .list(let elements, _) = reader.objects[Int(index)] else {
                throw reader.refusal("no list of storages after PyTorch's pickle")
            }
            for element in elements {
                guard let key = reader.text(element.value) else { throw reader.refusal("a storage without a key") }
                keys.append(key)
            }
            part = .storageCount(0)
        case .storageCount: break
        }
        return nil
    }

    private func requireNoCallables() throws(FormatError) {
        guard let first = reader.callables.first else { return }
        throw FormatError(
            kind: .callable, subject: "pickle", byteOffset: first.byteOffset, found: "the name \(first.name)",
            allowed: "none in the head and the list of storages of PyTorch's file", remedy: "it is damaged, or made to do harm")
    }

    private mutating func take(_ value: PickleValue) throws(FormatError) {
        arrays.callables = reader.callables
        arrays.arrays = try reader.namedArrays(in: value)
        arrays.isOneArray = arrays.arrays.count == 1 && arrays.arrays[0].name.isEmpty
    }

    /// Records where a storage lies.
    ///
    /// - Returns: the place after it.
    private mutating func addStorage(_ index: Int, count: Int64, at byteOffset: Int) throws(FormatError) -> Int {
        let key = keys[index]
        func refusal(_ found: String, _ allowed: String) -> FormatError {
            FormatError(
                kind: .syntax, subject: "storage \(QuotedBytes.text(key.utf8))", byteOffset: byteOffset - 8, found: found, allowed: allowed,
                remedy: "it is damaged: write or copy it again")
        }
        guard let storage = storageTypes[key] else { throw refusal("numbers of no tensor", "a storage that the pickle names") }
        let isSwapped = arrays.areStoragesByteSwapped
        guard (isSwapped ? count.byteSwapped : count) == Int64(storage.count) else {
            throw refusal("\(count) elements", "\(storage.count), as the pickle says")
        }
        // The reader has found that the number of bytes can be counted.
        let end = byteOffset.addingReportingOverflow(storage.count * storage.type.byteCount)
        guard !end.overflow, end.partialValue <= fileByteCount ?? .max else {
            throw truncated(fileByteCount: fileByteCount ?? .max)
        }
        guard storages.updateValue(byteOffset..<end.partialValue, forKey: key) == nil else {
            throw refusal("the same storage twice", "each once")
        }
        return end.partialValue
    }

    /// Gives the arrays the places of their storages, and ends.
    private mutating func finish(at end: Int) throws(FormatError) -> PickledArrays {
        arrays.endByteOffset = end
        if let fileByteCount, end != fileByteCount, !isArchive {
            throw FormatError(
                kind: .syntax, subject: "PyTorch file", byteOffset: end, found: "\(fileByteCount - end) bytes after the last storage",
                allowed: "none", remedy: "it is damaged: write or copy it again")
        }
        guard !isArchive else { return arrays }
        for index in arrays.arrays.indices {
            guard case .storage(let key, _, let first) = arrays.arrays[index].content else { continue }
            guard let range = storages[key] else {
                throw FormatError(
                    kind: .syntax, subject: "PyTorch file", byteOffset: nil,
                    found: "no storage \(QuotedBytes.text(key.utf8)) after the pickle", allowed: "each storage that it names", remedy: "it was cut short: write or copy it again")
            }
            arrays.arrays[index].content = .storageBytes(range, first: first)
        }
        return arrays
    }

    private func truncated(fileByteCount: Int) -> FormatError {
        FormatError(
            kind: .truncatedHeader, subject: "PyTorch file", byteOffset: fileByteCount, found: "the end of the file",
            allowed: "the rest of its storages", remedy: "it was cut short: write or copy it again")
    }
}
