internal import Elements
internal import Messages

/// The header of `.safetensors` files.
///
/// The file begins with the header's length in eight little-endian bytes. The header is a JSON object whose keys are the tensors' names,
/// with `dtype`, `shape` and `data_offsets` (the first byte and the one after the last, counted from the header's end). It may have
/// `__metadata__`, texts that mean nothing here. The data of all tensors follow without a gap, little-endian and row-major.
/// <https://github.com/huggingface/safetensors#format>
///
/// ```swift
/// let json = #"{"logits":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#
/// let file = [UInt8(json.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(json.utf8) + [UInt8](repeating: 0, count: 8)
/// if case .complete(let header) = try file.withUnsafeBytes({ try SafetensorsHeader.parse($0, fileByteCount: file.count) }) {
///     for array in header.arrays { print(array.name, array.shape, try array.layout().dataByteOffset) }
/// }
/// ```
public struct SafetensorsHeader: Sendable, Equatable {
    /// The tensors, in the order of the header.
    public let arrays: [NamedArray]
    /// The offset of the first byte after the data, counted from the start of the (decompressed) file. A whole file has exactly this many
    /// bytes.
    public let endByteOffset: Int

    /// The result of parsing the first bytes of a file.
    public enum ParseResult: Sendable, Equatable {
        /// The whole header was given, and this is its content.
        case complete(SafetensorsHeader)
        /// The parser needs the first `byteCount` bytes of the file, which are more than it was given. Call `parse` again with them. If the
        /// file ends before, `truncated(fileByteCount:neededByteCount:)` is the error.
        case needs(byteCount: Int)
    }

    /// The longest header in bytes that the reference implementation reads, `MAX_HEADER_SIZE`.
    public static let headerByteCountLimit = 100_000_000

    /// Returns true if `prefix` begins with a possible length and `{`, and false if it does not or is too short.
    public static func isPlausible(_ prefix: some Collection<UInt8>) -> Bool {
        prefix.dropFirst(8).first == UInt8(ascii: "{") && (2...UInt64(headerByteCountLimit)).contains(length(prefix))
    }

    private static func length(_ prefix: some Collection<UInt8>) -> UInt64 {
        prefix.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Parses the start of a file. `prefix` may be just the first bytes, and may go beyond the header.
    ///
    /// O(n log n) in the number of tensors, which are sorted by their places, and otherwise linear in the header's length. `fileByteCount`
    /// is the length of the (decompressed) file; if it is given it is checked, and otherwise `requireEnd(fileByteCount:)` checks it later.
    ///
    /// - Throws: `FormatError` for every file that the reference implementation refuses, and for a name that occurs twice. A tensor of a
    ///   type that is not read is no error here; `NamedArray.layout()` throws it.
    public static func parse(_ prefix: UnsafeRawBufferPointer, fileByteCount: Int? = nil) throws(FormatError) -> ParseResult {
        guard prefix.count >= 8 else { return .needs(byteCount: 9) }
        let length = length(prefix)
        guard length <= UInt64(headerByteCountLimit), length >= 2 else {
            throw FormatError(
                kind: .headerLength, subject: "safetensors header length", byteOffset: 0, found: "\(length) bytes",
                allowed: "2 to \(headerByteCountLimit)", remedy: "the file is damaged, or no safetensors file")
        }
        // At most the limit.
        let dataByteOffset = 8 + Int(length)
        if let fileByteCount, dataByteOffset > fileByteCount {
            throw FormatError(
                kind: .headerLength, subject: "safetensors header length", byteOffset: 0, found: "\(length) bytes",
                allowed: "up to \(max(0, fileByteCount - 8)), which the file has left", remedy: cutShort)
        }
        // Before a hundred megabytes are read for the header.
        if prefix.count > 8, prefix[8] != UInt8(ascii: "{") {
            throw FormatError(
                kind: .signature, subject: "safetensors header", byteOffset: 8, found: QuotedBytes.text(prefix.dropFirst(8).prefix(8)),
                allowed: "'{'", remedy: "the file is damaged, or no safetensors file")
        }
        guard prefix.count >= dataByteOffset else { return .needs(byteCount: dataByteOffset) }

        let text = UnsafeRawBufferPointer(rebasing: prefix[8..<dataByteOffset])
        var reader = Reader()
        do throws(JSONDefect) {
            try JSONEvent.walk(text) { reader.take($0) }
        } catch {
            if let failure = reader.failure { throw failure }
            throw FormatError(
                kind: .syntax, subject: "safetensors header", byteOffset: 8 + error.byteOffset, found: error.description(of: text),
                allowed: "an object of JSON", remedy: "the file is damaged: write or copy it again")
        }
        let header = try SafetensorsHeader(reader.tensors, dataByteOffset: dataByteOffset)
        if let fileByteCount { try header.requireEnd(fileByteCount: fileByteCount) }
        return .complete(header)
    }

    /// Makes the error for a file that ends before the header that `parse` asked for.
    public static func truncated(fileByteCount: Int, neededByteCount: Int) -> FormatError {
        FormatError(
            kind: .truncatedHeader, subject: "safetensors header", byteOffset: nil,
            found: fileByteCount == 0 ? "an empty file" : "the end of the file after \(fileByteCount) bytes",
            allowed: "at least \(neededByteCount) bytes", remedy: cutShort)
    }

    /// Refuses a file that ends before its data do, or that goes on after them.
    ///
    /// - Throws: `FormatError` of kind `.arrayTooLarge` or `.syntax`.
    public func requireEnd(fileByteCount: Int) throws(FormatError) {
        guard fileByteCount != endByteOffset else { return }
        throw FormatError(
            kind: fileByteCount < endByteOffset ? .arrayTooLarge : .syntax, subject: "safetensors data", byteOffset: nil,
            found: "a file of \(fileByteCount) bytes", allowed: "\(endByteOffset), as its header says",
            remedy: fileByteCount < endByteOffset ? Self.cutShort : "the file is damaged: bytes follow its last tensor")
    }

    private static let cutShort = "the file was cut short: write or copy it again"

    private init(_ tensors: [Tensor], dataByteOffset: Int) throws(FormatError) {
        // The tensors follow one another in the file, in any order in the header. Sorted as the reference does it: empty ones before the
        // next.
        var end = 0
        let order = tensors.indices.sorted { (tensors[$0].begin, tensors[$0].end) < (tensors[$1].begin, tensors[$1].end) }
        for index in order {
            let tensor = tensors[index]
            guard tensor.begin <= tensor.end else {
                throw tensor.error(
                    .shape, found: "data_offsets \(tensor.begin) to \(tensor.end)", allowed: "the first not beyond the second")
            }
            guard tensor.begin == end else {
                throw tensor.error(
                    .shape, found: "data from byte \(tensor.begin), where \(end) bytes are taken",
                    allowed: "tensors one after another, neither over one another nor with a gap")
            }
            end = tensor.end
        }
        let endByteOffset = end.addingReportingOverflow(dataByteOffset)
        guard !endByteOffset.overflow else {
            throw FormatError(
                kind: .arrayTooLarge, subject: "safetensors data", byteOffset: nil, found: "\(end) bytes", allowed: "up to \(Int.max)",
                remedy: "no such file exists: the header is damaged")
        }
        self.endByteOffset = endByteOffset.partialValue

        var arrays: [NamedArray] = []
        arrays.reserveCapacity(tensors.count)
        for tensor in tensors {
            guard let type = ElementType(safetensors: tensor.typeName) else {
                if let byteCount = Self.otherTypes[tensor.typeName] { try tensor.requireByteCount(elementByteCount: byteCount) }
                let reason = FormatError(
                    kind: .elementType, subject: "type of tensor \(QuotedBytes.text(tensor.name.utf8))", byteOffset: nil,
                    found: QuotedBytes.text(tensor.typeName.utf8), allowed: "F16 BF16 F32 F64, I8 I16 I32 I64, U8 U16 U32 U64, BOOL",
                    remedy: "save it as tensor.to(torch.float32)")
                arrays.append(
                    NamedArray(
                        name: tensor.name, typeName: String(QuotedBytes.text(tensor.typeName.utf8).dropFirst().dropLast()),
                        shape: tensor.shape, reason: reason))
                continue
            }
            let layout = try ArrayLayout(
                elementType: type, isByteSwapped: !ByteOrder.isLittleEndianMachine, isFortranOrder: false, shape: tensor.shape,
                dataByteOffset: dataByteOffset + tensor.begin, subject: "shape of tensor \(QuotedBytes.text(tensor.name.utf8))",
                shapeByteOffset: nil)
            try tensor.requireByteCount(elementByteCount: type.byteCount)
            arrays.append(NamedArray(name: tensor.name, layout: layout))
        }
        self.arrays = arrays
    }

    /// The bytes of an element, for types that are known but not read.
    private static let otherTypes = ["F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1, "C64": 8]
}

/// The header's entry for one tensor.
private struct Tensor {
    let name: String
    var typeName = ""
    var shape: [Int] = []
    /// The offsets of the data, counted from the header's end.
    var begin = 0, end = 0

    func error(_ kind: FormatError.Kind, found: String, allowed: String) -> FormatError {
        FormatError(
            kind: kind, subject: "safetensors tensor \(QuotedBytes.text(name.utf8))", byteOffset: nil, found: found, allowed: allowed,
            remedy: "the header is damaged: write or copy the file again")
    }

    func requireByteCount(elementByteCount: Int) throws(FormatError) {
        var byteCount = (partialValue: elementByteCount, overflow: false)
        for dimension in shape where !byteCount.overflow { byteCount = byteCount.partialValue.multipliedReportingOverflow(by: dimension) }
        // The tensors are sorted and follow one another: the end is not before the beginning.
        guard !byteCount.overflow, byteCount.partialValue == end - begin else {
            throw error(
                .shape, found: "\(end - begin) bytes of data",
                allowed: byteCount.overflow
                    ? "what its shape needs, which cannot be counted" : "\(byteCount.partialValue), for its shape and type")
        }
    }
}

/// A reader that makes tensors of the header's JSON events, and keeps nothing else of them.
private struct Reader {
    private enum Place {
        case start, names, metadata, metadataText, tensor, field
        /// A value under a key that the reference does not know. It is passed over, however deep it is.
        case ignored(depth: Int)
    }
    private enum Key: String, CaseIterable {
        case dtype, shape
        case dataOffsets = "data_offsets"
    }

    private var place = Place.start
    private var tensor = Tensor(name: "")
    private var keys: Set<Key> = []
    private var key: Key?
    private var offsets: [Int] = []
    private var isInList = false
    private var names: Set<Name> = []
    private var isMetadataSeen = false
    private(set) var tensors: [Tensor] = []
    private(set) var failure: FormatError?

    mutating func take(_ event: JSONEvent) -> Bool {
        switch (place, event) {
        case (.start, .objectBegins): place = .names
        case (.start, _): return fail("a list", allowed: "an object of tensors")

        case (.names, .key(let bytes)):
            let name = String(decoding: bytes, as: UTF8.self)
            if name == "__metadata__" {
                guard !isMetadataSeen else { return duplicate(name) }
                isMetadataSeen = true
                place = .metadata
                return true
            }
            guard names.insert(Name(name)).inserted else { return duplicate(name) }
            tensor = Tensor(name: name)
            keys = []
            offsets = []
            place = .tensor
        case (.names, _): break  // The object's end.

        case (.metadata, .objectBegins): place = .metadataText
        case (.metadata, .null): place = .names
        case (.metadata, _): return fail("__metadata__ that is no object", allowed: "texts by name")
        case (.metadataText, .key), (.metadataText, .string): break
        case (.metadataText, .objectEnds): place = .names
        case (.metadataText, _): return fail("a value in __metadata__ that is no text", allowed: "texts by name")

        case (.tensor, .objectBegins): place = .field
        case (.tensor, _): return failTensor(.syntax, "no object", allowed: "an object of dtype, shape and data_offsets")

        case (.field, .key(let bytes)):
            key = Key(rawValue: String(decoding: bytes, as: UTF8.self))
            guard let key else {
                place = .ignored(depth: 0)
                return true
            }
            guard keys.insert(key).inserted else { return failTensor(.duplicateKey, "'\(key.rawValue)' twice", allowed: "each key once") }
        case (.field, .objectEnds):
            if let missing = Key.allCases.first(where: { !keys.contains($0) }) {
                return failTensor(.missingKey, "no '\(missing.rawValue)'", allowed: "dtype, shape and data_offsets")
            }
            tensors.append(tensor)
            place = .names
        case (.field, _): return takeField(event)

        case (.ignored(let depth), .objectBegins), (.ignored(let depth), .arrayBegins):
            place = .ignored(depth: depth + 1)
        case (.ignored(let depth), .objectEnds), (.ignored(let depth), .arrayEnds):
            place = depth <= 1 ? .field : .ignored(depth: depth - 1)
        case (.ignored(let depth), _): if depth == 0 { place = .field }
        }
        return true
    }

    private mutating func takeField(_ event: JSONEvent) -> Bool {
        guard let key else { return fail("a value without a key", allowed: "an object of tensors") }
        switch (key, event) {
        case (.dtype, .string(let bytes)): tensor.typeName = String(decoding: bytes, as: UTF8.self)
        case (.dtype, _): return failTensor(.elementType, "a dtype that is no text", allowed: "such as 'F32'")
        case (_, .arrayBegins) where !isInList: isInList = true
        case (_, .arrayEnds) where isInList:
            isInList = false
            guard key == .dataOffsets else { return true }
            guard offsets.count == 2 else { return failTensor(.shape, "\(offsets.count) data_offsets", allowed: "2") }
            (tensor.begin, tensor.end) = (offsets[0], offsets[1])
        case (_, .number(let bytes)) where isInList:
            // The reference takes no `1.0`, `1e3` or −0 for integers either.
            guard bytes.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(String(decoding: bytes, as: UTF8.self)) else {
                return failTensor(.shape, "\(QuotedBytes.text(bytes)) in \(key.rawValue)", allowed: "whole numbers from 0 to \(Int.max)")
            }
            if key == .shape {
                guard tensor.shape.count < ArrayLayout.dimensionCountLimit else {
                    return failTensor(
                        .shape, "more than \(ArrayLayout.dimensionCountLimit) dimensions",
                        allowed: "up to \(ArrayLayout.dimensionCountLimit)")
                }
                tensor.shape.append(number)
            } else {
                guard offsets.count < 2 else { return failTensor(.shape, "more than 2 data_offsets", allowed: "2") }
                offsets.append(number)
            }
        default: return failTensor(.shape, "a \(key.rawValue) that is no list of whole numbers", allowed: "a list of whole numbers")
        }
        return true
    }

    private mutating func fail(_ found: String, allowed: String) -> Bool {
        failure = FormatError(
            kind: .syntax, subject: "safetensors header", byteOffset: 8, found: found, allowed: allowed,
            remedy: "the file is damaged, or no safetensors file")
        return false
    }

    private mutating func failTensor(_ kind: FormatError.Kind, _ found: String, allowed: String) -> Bool {
        failure = tensor.error(kind, found: found, allowed: allowed)
        return false
    }

    private mutating func duplicate(_ name: String) -> Bool {
        failure = FormatError(
            kind: .duplicateKey, subject: "safetensors header", byteOffset: 8, found: "\(QuotedBytes.text(name.utf8)) twice",
            allowed: "each name once", remedy: "give every tensor a name of its own, and save them again")
        return false
    }
}

extension ElementType {
    /// Makes the type that a `dtype` names; nil for a type that is not read.
    fileprivate init?(safetensors name: String) {
        switch name {
        case "F16": self = .float16
        case "BF16": self = .bfloat16
        case "F32": self = .float32
        case "F64": self = .float64
        case "I8": self = .int8
        case "I16": self = .int16
        case "I32": self = .int32
        case "I64": self = .int64
        case "U8": self = .uint8
        case "U16": self = .uint16
        case "U32": self = .uint32
        case "U64": self = .uint64
        case "BOOL": self = .bool
        default: return nil
        }
    }
}
