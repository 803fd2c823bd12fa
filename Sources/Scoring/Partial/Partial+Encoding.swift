internal import CXXHash

// The format, version 2, stands in PartialFormat.md.
extension Partial {
    /// The first bytes of every partial.
    package static let magic = Array("XENTPART".utf8)
    private static let version: UInt64 = 2

    /// The partial as the bytes of a file. Equal partials give equal bytes.
    public func encoded() -> [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        bytes.append(text: specification.canonicalText)
        bytes.append(littleEndian: UInt64(classCount))
        bytes.append(littleEndian: UInt64(observers.count))
        for observer in observers {
            bytes.append(text: observer.tag)
            bytes.append(littleEndian: UInt64(observer.configuration.count))
            bytes += observer.configuration
        }
        bytes.append(littleEndian: UInt64(parts.count))
        for part in parts {
            part.place.encode(into: &bytes)
            bytes += part.content
        }
        bytes.append(littleEndian: Self.hash(bytes[...]))
        return bytes
    }

    /// Reads the bytes of a file that `encoded()` made, and refuses any others. Figures that `catalog` does not know are kept as they are.
    ///
    /// Allocates in proportion to the number of bytes at the most. O(bytes · log parts).
    public init(decoding bytes: [UInt8], catalog: ObserverCatalog = .standard) throws(PartialError) {
        var reader = SectionReader(try Self.body(bytes))
        guard let specification = LossSpecification(canonicalText: try reader.text()) else { throw .damaged("its loss is not known") }
        guard let classCount = Int(exactly: try reader.unsigned()) else { throw .damaged("its number of values a row is 2^63 or more") }
        var keys: [ObserverKey] = []
        var prototypes: [(any RowObserver)?] = []
        // A tag of one byte and two lengths.
        for _ in 0..<(try reader.count(leastByteCount: 17)) {
            let key = ObserverKey(tag: try reader.text(), configuration: Array(try reader.bytes(try reader.count(leastByteCount: 1))))
            guard ObserverKey.isTag(key.tag) else { throw .damaged("the tag of a section is no name") }
            if let last = keys.last, !last.tag.utf8.lexicographicallyPrecedes(key.tag.utf8) {
                throw .damaged("its sections are not in order")
            }
            prototypes.append(try catalog.observer(key, specification, classCount))
            keys.append(key)
        }
        let partCount = try reader.count(leastByteCount: 8)
        guard partCount > 0 else { throw .damaged("it has no parts") }
        // No reservation: the count is a claim until the parts are there.
        var parts: [Part] = []
        for _ in 0..<partCount {
            let part = try Self.part(&reader, keys, prototypes)
            if let last = parts.last, part.isBefore(last) { throw .damaged("its parts are not in order") }
            parts.append(part)
        }
        try reader.expectEnd()
        do {
            try Self.checkPlaces(parts.map { SourcedPart(part: $0, source: 0) })
        } catch {
            throw .damaged("\(error.problem): \(error.found)")
        }
        self.init(specification: specification, classCount: classCount, observers: keys, prototypes: prototypes, parts: parts)
    }

    /// The bytes between the version and the checksum.
    private static func body(_ bytes: [UInt8]) throws(PartialError) -> ArraySlice<UInt8> {
        guard bytes.starts(with: magic) else {
            throw PartialError(
                kind: .notAPartial, problem: "this is no partial", found: "other first bytes", allowed: "XENTPART", remedy: .givePartials)
        }
        var rest = bytes[magic.count...]
        guard let version = rest.popUInt64() else { throw .damaged("it ends after \(bytes.count) bytes") }
        guard version == Self.version else {
            // A version that no program of ours ever wrote is more likely damage than the future; the remedy serves both.
            throw PartialError(
                kind: .otherVersion, problem: "the partial is of another version", found: "version \(version)",
                allowed: "version \(Self.version)", remedy: version < Self.version ? .writeAgain : .useNewerVersion)
        }
        guard rest.count >= 8 else { throw .damaged("it ends after \(bytes.count) bytes") }
        var checksum = rest.suffix(8)
        guard checksum.popUInt64() == hash(bytes.dropLast(8)) else { throw .damaged("its checksum does not match") }
        return rest.dropLast(8)
    }

    /// Takes a part, and decodes its sections to see that they are those that would be written.
    private static func part(
        _ reader: inout SectionReader, _ keys: [ObserverKey], _ prototypes: [(any RowObserver)?]
    ) throws(PartialError) -> Part {
        let place = try PartPlace(&reader)
        let start = reader.rest
        var rowCount: UInt64?
        for (key, prototype) in zip(keys, prototypes) {
            let section = try reader.bytes(try reader.count(leastByteCount: 1))
            if let prototype {
                let observer = try decoded(prototype, section, key.tag)
                if let losses = observer as? LossTotals { rowCount = losses.moments[0].readCount }
            }
        }
        return Part(place: place, content: start[..<reader.rest.startIndex], rowCount: rowCount)
    }

    private static func decoded(
        _ prototype: some RowObserver, _ section: ArraySlice<UInt8>, _ tag: String
    ) throws(PartialError) -> any RowObserver {
        var observer = prototype
        do {
            try observer.decode(from: section)
        } catch {
            throw .damaged("section \(tag): \(error.found)")
        }
        guard observer.encoded.elementsEqual(section) else { throw .damaged("section \(tag) is not in canonical form") }
        return observer
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
    }
}

extension PartPlace {
    fileprivate func encode(into bytes: inout [UInt8]) {
        guard case .placed(let dump, let unit, let ranges) = self else {
            bytes.append(littleEndian: 0)
            return
        }
        bytes.append(littleEndian: unit.rawValue)
        bytes += dump.bytes
        bytes.append(littleEndian: UInt64(ranges.count))
        for range in ranges {
            bytes.append(littleEndian: range.lowerBound)
            bytes.append(littleEndian: range.upperBound)
        }
    }

    fileprivate init(_ reader: inout SectionReader) throws(PartialError) {
        let code = try reader.unsigned()
        if code == 0 {
            self = .unplaced
            return
        }
        guard let unit = Unit(rawValue: code) else { throw .damaged("the place of a part has the code \(code)") }
        guard let dump = DumpIdentity(bytes: try reader.bytes(16)) else { throw .damaged("the identity of a dump is not whole") }
        var ranges: [Range<UInt64>] = []
        for _ in 0..<(try reader.count(leastByteCount: 16)) {
            let start = try reader.unsigned(), end = try reader.unsigned()
            guard start < end, ranges.last.map({ $0.upperBound < start }) ?? true else {
                throw .damaged("the ranges of a part are not in order, or are empty, or touch")
            }
            ranges.append(start..<end)
        }
        self = .placed(dump: dump, unit: unit, ranges: ranges)
    }
}
