internal import CXXHash

/// The mergeable state of an evaluation: which loss, and the moments of each shard that went into it.
///
/// A partial's bytes depend on the data and the loss alone: not on threads, frames, compression, paths or time. Two shards are equal where
/// their moments are, which hold a hash of every row's number in its shard, label and loss. That is one shard twice, or two shards whose rows
/// look the same, such as a constant baseline's: `SameShard` says which.
public struct Partial: Sendable, Equatable {
    public let specification: LossSpecification
    /// Values a row; 1 for binary.
    public let classCount: Int
    /// The shards by the encoding of their moments.
    private var shardOfEncoding: [[UInt8]: Shard]

    private struct Shard: Equatable {
        /// One for each dialect.
        let moments: [Moments]
        /// How many times the shard counts.
        var count = 1

        /// Whether rows were read, be they scored or not.
        var hasRows: Bool { moments.contains { $0.readCount > 0 } }
    }

    /// `moments`: one for each dialect of the specification.
    public init(specification: LossSpecification, classCount: Int, moments: [Moments]) {
        self.specification = specification
        self.classCount = classCount
        shardOfEncoding = [Self.encoding(moments): Shard(moments: moments)]
    }

    /// The moments of each dialect, shard by shard, as often as each counts, in the order of their encodings. O(shards · log shards).
    public var shards: [[Moments]] { ordered.flatMap { Array(repeating: $0.value.moments, count: $0.value.count) } }

    private var ordered: [(key: [UInt8], value: Shard)] {
        shardOfEncoding.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// All shards' rows together, for each dialect.
    public var moments: [Moments] {
        var totals = [Moments](repeating: Moments(), count: specification.dialects.count)
        for shard in shardOfEncoding.values {
            for _ in 0..<shard.count {
                for index in totals.indices { totals[index].merge(shard.moments[index]) }
            }
        }
        return totals
    }

    /// Adds the shards of `other`. O(shards of `other`), so that merging many partials one after another is linear in their number.
    ///
    /// - Parameter sameShard: how often a shard counts that is here already. nil: there must be none, but for shards without rows, which change
    ///   nothing.
    /// - Returns: how many of the shards of `other` were here already.
    /// - Throws: `PartialError` where the two are of different losses or class counts, and where a shard is here already and `sameShard` is nil
    ///   (`.equalShards`); nothing is changed then.
    public mutating func merge(_ other: Partial, sameShard: SameShard? = nil) throws(PartialError) -> Int {
        guard other.specification == specification, other.classCount == classCount else {
            throw PartialError(
                kind: .otherLoss, problem: "the partials are of different losses",
                found: "\(other.specification.canonicalText), \(other.classCount) values a row",
                allowed: "\(specification.canonicalText), \(classCount) values a row",
                remedy: "merge partials of one `xent eval` command line only")
        }
        if sameShard == nil, let shared = sharedShard(with: other) {
            throw PartialError(
                kind: .equalShards, problem: "two shards are equal", found: "\(shared[0].readCount) rows that are there already",
                allowed: "shards that differ in a row", remedy: "say whether equal shards count once or each")
        }
        var repeatedCount = 0
        for (encoding, shard) in other.shardOfEncoding {
            guard let known = shardOfEncoding[encoding] else {
                shardOfEncoding[encoding] = shard
                continue
            }
            repeatedCount += shard.count
            shardOfEncoding[encoding]?.count = sameShard == .each ? known.count + shard.count : 1
        }
        return repeatedCount
    }

    /// The first shard with rows, by its encoding, that is in both: its moments for each dialect. O(shards · log shards).
    public func sharedShard(with other: Partial) -> [Moments]? {
        other.ordered.first { $0.value.hasRows && shardOfEncoding[$0.key] != nil }?.value.moments
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
//   …         each shard's moments (Moments+Encoding.swift), a dialect after another, in ascending order of their bytes; a shard that counts
//             several times stands there as often
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
        bytes.append(littleEndian: UInt64(shardOfEncoding.values.reduce(0) { $0 + $1.count }))
        for (encoding, shard) in ordered {
            for _ in 0..<shard.count { bytes += encoding }
        }
        bytes.append(littleEndian: Self.hash(bytes[...]))
        return bytes
    }

    /// Reads the bytes of a file that `encoded()` made; throws on any others.
    public init(decoding bytes: [UInt8]) throws(PartialError) {
        guard bytes.starts(with: Self.magic) else {
            throw PartialError(
                kind: .unreadable, problem: "this is no partial", found: "other first bytes", allowed: "XENTPART",
                remedy: "give files that `xent eval --partial` wrote")
        }
        guard bytes.count >= Self.magic.count + 16 else { throw Self.damaged("it ends after \(bytes.count) bytes") }
        var rest = bytes[Self.magic.count...]
        guard let version = rest.popUInt64(), version == Self.version else {
            throw PartialError(
                kind: .unreadable, problem: "the partial is of another version", found: "version \(UInt64(littleEndianBytes: bytes[8..<16]))",
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
        shardOfEncoding = [:]
        var last: [UInt8] = []
        // No reservation: the count is a claim until the shards are there.
        var number: UInt64 = 0
        while number < shardCount {
            var shard: [Moments] = []
            for _ in specification.dialects {
                guard let moments = Moments(decoding: &rest) else { throw Self.damaged("shard \(number) of \(shardCount) is not whole") }
                shard.append(moments)
            }
            let encoding = Self.encoding(shard)
            guard !encoding.lexicographicallyPrecedes(last) else { throw Self.damaged("its shards are not in order") }
            if encoding == last { shardOfEncoding[encoding]?.count += 1 } else { shardOfEncoding[encoding] = Shard(moments: shard) }
            last = encoding
            number += 1
        }
        guard rest.isEmpty else { throw Self.damaged("\(rest.count) bytes follow its end") }
        guard encoded() == bytes else { throw Self.damaged("it is not in canonical form") }
    }

    private static func damaged(_ found: String) -> PartialError {
        PartialError(
            kind: .unreadable, problem: "the partial is damaged", found: found, allowed: nil, remedy: "run the shard's `xent eval --partial` again")
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

/// How often a shard counts that comes more than once in a merge.
public enum SameShard: String, Sendable, CaseIterable {
    /// Once: it is one shard, given several times.
    case once
    /// As often as it is given: they are several shards whose rows look the same.
    case each
}

/// A partial that cannot be read or merged. The path is added by whoever knows it.
public struct PartialError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The bytes are not those of a partial that this version reads.
        case unreadable
        /// Two partials are of different losses or class counts.
        case otherLoss
        /// Two partials hold equal shards, and nobody said how often these count.
        case equalShards
    }

    public let kind: Kind
    public let problem: String
    public let found: String
    public let allowed: String?
    public let remedy: String

    public var description: String {
        "\(problem): found \(found)" + (allowed.map { ", allowed \($0)" } ?? "") + "; \(remedy)"
    }
}
