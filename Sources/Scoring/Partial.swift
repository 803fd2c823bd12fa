internal import CXXHash

/// The mergeable state of an evaluation: which loss, and the moments of each shard that went into it.
///
/// A partial's bytes depend on the data and the loss alone: not on threads, frames, compression, paths or time. Shards with equal
/// moments (which hold a hash of every row's place and loss) are the same shard and count once, so a task that ran twice does no harm.
public struct Partial: Sendable, Equatable {
    public let specification: LossSpecification
    /// Values a row; 1 for binary.
    public let classCount: Int
    /// Of each shard the moments of each dialect; in the order of their encodings, each once.
    public private(set) var shards: [[Moments]]

    /// `moments`: one for each dialect of the specification.
    public init(specification: LossSpecification, classCount: Int, moments: [Moments]) {
        self.specification = specification
        self.classCount = classCount
        shards = [moments]
    }

    /// All shards' rows together, for each dialect.
    public var moments: [Moments] {
        var totals = [Moments](repeating: Moments(), count: specification.dialects.count)
        for shard in shards {
            for index in totals.indices { totals[index].merge(shard[index]) }
        }
        return totals
    }

    /// Takes in the shards of `other` that are not here yet, and returns how many were here already.
    ///
    /// Throws where the two are of different losses or class counts. O(shards · log shards).
    public mutating func merge(_ other: Partial) throws(PartialError) -> Int {
        guard other.specification == specification, other.classCount == classCount else {
            throw PartialError(
                problem: "the partials are of different losses",
                found: "\(other.specification.canonicalText), \(other.classCount) values a row",
                allowed: "\(specification.canonicalText), \(classCount) values a row",
                remedy: "merge partials of one `xent eval` command line only")
        }
        var known: [[UInt8]: [Moments]] = [:]
        for shard in shards { known[Self.encoding(shard)] = shard }
        var repeated = 0
        for shard in other.shards where known.updateValue(shard, forKey: Self.encoding(shard)) != nil { repeated += 1 }
        shards = known.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        return repeated
    }

    private static func encoding(_ shard: [Moments]) -> [UInt8] {
        var bytes: [UInt8] = []
        for moments in shard { moments.encode(into: &bytes) }
        return bytes
    }
}

// The file format of a partial, version 1; all numbers little-endian.
//
//   8 bytes   "XENTPART"
//   8         version, 1
//   8         byte count of the text that follows
//   …         the loss as LossSpecification.canonicalText, UTF-8
//   8         values a row
//   8         number of shards
//   …         each shard's moments (Moments+Encoding.swift), a dialect after another, in ascending order of their bytes
//   8         XXH64, seed 0, of all the bytes before
extension Partial {
    private static let magic = Array("XENTPART".utf8)
    private static let version: UInt64 = 1

    /// The partial as the bytes of a file. Equal partials give equal bytes.
    public func encoded() -> [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        let text = Array(specification.canonicalText.utf8)
        bytes.append(littleEndian: UInt64(text.count))
        bytes += text
        bytes.append(littleEndian: UInt64(classCount))
        bytes.append(littleEndian: UInt64(shards.count))
        for shard in shards { bytes += Self.encoding(shard) }
        bytes.append(littleEndian: Self.hash(bytes[...]))
        return bytes
    }

    /// Reads the bytes of a file that `encoded()` made; throws on any others.
    public init(decoding bytes: [UInt8]) throws(PartialError) {
        guard bytes.starts(with: Self.magic) else {
            throw PartialError(
                problem: "this is no partial", found: "other first bytes", allowed: "XENTPART", remedy: "give files that `xent eval --partial` wrote")
        }
        guard bytes.count >= Self.magic.count + 16 else { throw Self.damaged("it ends after \(bytes.count) bytes") }
        var rest = bytes[Self.magic.count...]
        guard let version = rest.popUInt64(), version == Self.version else {
            throw PartialError(
                problem: "the partial is of another version", found: "version \(UInt64(littleEndianBytes: bytes[8..<16]))",
                allowed: "version \(Self.version)", remedy: "merge with the version of xent that wrote it")
        }
        guard UInt64(littleEndianBytes: bytes.suffix(8)) == Self.hash(bytes.dropLast(8)) else { throw Self.damaged("its checksum does not match") }
        rest = rest.dropLast(8)
        guard
            let textByteCount = rest.popUInt64(), textByteCount <= UInt64(rest.count),
            let specification = LossSpecification(canonicalText: String(decoding: rest.prefix(Int(textByteCount)), as: UTF8.self))
        else { throw Self.damaged("its loss is not known") }
        rest = rest.dropFirst(Int(textByteCount))
        guard let classCount = rest.popUInt64(), let shardCount = rest.popUInt64(), shardCount >= 1, let classCount = Int(exactly: classCount)
        else { throw Self.damaged("its head ends early") }
        self.specification = specification
        self.classCount = classCount
        shards = []
        // No reservation: the count is a claim until the shards are there.
        var number: UInt64 = 0
        while number < shardCount {
            var shard: [Moments] = []
            for _ in specification.dialects {
                guard let moments = Moments(decoding: &rest) else { throw Self.damaged("shard \(number) of \(shardCount) is not whole") }
                shard.append(moments)
            }
            shards.append(shard)
            number += 1
        }
        guard rest.isEmpty else { throw Self.damaged("\(rest.count) bytes follow its end") }
        // Strictly ascending: in order, and each once.
        let encodings = shards.map { Self.encoding($0) }
        guard zip(encodings, encodings.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) else {
            throw Self.damaged("its shards are not in order, or one is there twice")
        }
        guard encoded() == bytes else { throw Self.damaged("it is not in canonical form") }
    }

    private static func damaged(_ found: String) -> PartialError {
        PartialError(problem: "the partial is damaged", found: found, allowed: nil, remedy: "run the shard's `xent eval --partial` again")
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
    }
}

extension UInt64 {
    fileprivate init(littleEndianBytes bytes: ArraySlice<UInt8>) {
        self = bytes.reversed().reduce(0) { $0 &<< 8 | UInt64($1) }
    }
}

/// A partial that cannot be read or merged. The path is added by whoever knows it.
public struct PartialError: Error, Sendable, Equatable, CustomStringConvertible {
    public let problem: String
    public let found: String
    public let allowed: String?
    public let remedy: String

    public var description: String {
        "\(problem): found \(found)" + (allowed.map { ", allowed \($0)" } ?? "") + "; \(remedy)"
    }
}
