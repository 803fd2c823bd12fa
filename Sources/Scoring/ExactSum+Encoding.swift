extension ExactSum {
    // The encoding, of 3 to 567 bytes. Each sum has exactly one; numbers of more than a byte are little-endian.
    //
    //   byte 0        flags: bit 0  the finite part is negative
    //                        bit 1  a count of +infinities follows
    //                        bit 2  a count of -infinities follows
    //                        bit 3  a count of NaNs follows
    //                        bits 4 to 7 are 0
    //   byte 1        f, the index of the lowest word that is not zero
    //   byte 2        n, the number of words from there to the highest that is not zero
    //   4 n bytes     the words f ..< f + n, lowest first, 4 bytes each
    //   8 bytes each  the counts that bits 1 to 3 announce, in this order, none of them 0
    //
    // The magnitude of the finite part is Σ word[i] · 2^(32 i - 2148). Its first and last word given are not zero. Zero has f = n = 0 and
    // bit 0 clear. The magnitude is below 2^2112 (no sum of fewer than 2^64 terms gets there), hence f + n ≤ 134 and
    // word 133 < 16; so a damaged or hostile encoding cannot bring a later merge to the limits of the representation.

    private static let negativeFlag: UInt8 = 1
    private static let countFlags: [UInt8] = [2, 4, 8]
    private static let reservedFlags: UInt8 = 0xF0
    /// Words from this one up are outside what is decoded, and the one before has 4 bits.
    private static let wordLimit = 134
    private static let lastWordLimit: UInt32 = 16

    /// Appends the canonical encoding: equal sums give equal bytes, whatever the order and grouping of their terms.
    ///
    /// The layout, byte by byte, stands at the head of this file. It has 3 bytes for zero, about 20 for common sums, at most 567.
    public func encode(into bytes: inout [UInt8]) {
        let (isNegative, words) = signAndMagnitude()
        let counts = [positiveInfinityCount, negativeInfinityCount, nanCount]
        var flags: UInt8 = isNegative ? Self.negativeFlag : 0
        for (count, flag) in zip(counts, Self.countFlags) where count != 0 {
            flags |= flag
        }
        let first = words.firstIndex { $0 != 0 } ?? 0
        let end = words.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
        bytes.append(flags)
        // There are 135 words: both fit a byte.
        bytes.append(UInt8(first))
        bytes.append(UInt8(end - first))
        for word in words[first..<end] {
            Self.append(word, to: &bytes)
        }
        for count in counts where count != 0 {
            Self.append(count, to: &bytes)
        }
    }

    /// Decodes one sum from the front of `bytes`, and removes the bytes that it took.
    ///
    /// Never traps, allocates no more than one sum, and accepts nothing but what `encode(into:)` writes: what was read, encoded again,
    /// gives the same bytes.
    ///
    /// - Throws: `ExactSumDecodingError`; `bytes` is then as it was.
    public init(decoding bytes: inout ArraySlice<UInt8>) throws(ExactSumDecodingError) {
        var rest = bytes
        let start = rest.startIndex
        let flags = try Self.take(UInt8.self, from: &rest)
        guard flags & Self.reservedFlags == 0 else {
            throw ExactSumDecodingError(.reservedFlags(flags), at: start)
        }
        let first = Int(try Self.take(UInt8.self, from: &rest))
        let wordCount = Int(try Self.take(UInt8.self, from: &rest))
        guard first + wordCount <= Self.wordLimit else {
            throw ExactSumDecodingError(.wordsOutOfRange(first: first, count: wordCount), at: start + 1)
        }
        let isNegative = flags & Self.negativeFlag != 0
        if wordCount == 0 {
            guard first == 0, !isNegative else {
                throw ExactSumDecodingError(.notCanonical, at: start)
            }
        }

        var limbs = [Int64](repeating: 0, count: Self.limbCount)
        for index in first..<first + wordCount {
            let offset = rest.startIndex
            let word = try Self.take(UInt32.self, from: &rest)
            if word == 0 && (index == first || index == first + wordCount - 1) {
                throw ExactSumDecodingError(.notCanonical, at: offset)
            }
            guard index < Self.wordLimit - 1 || word < Self.lastWordLimit else {
                throw ExactSumDecodingError(.magnitudeTooLarge(highestWord: word), at: offset)
            }
            limbs[index] = Int64(word)
        }
        if isNegative {
            // Two's complement over limbs of 32 bits. The last limb, below 16, becomes the signed one.
            var borrow: Int64 = 0
            for index in 0..<Self.limbCount - 1 {
                let limb = -limbs[index] - borrow
                limbs[index] = limb & 0xFFFF_FFFF
                borrow = limb < 0 ? 1 : 0
            }
            limbs[Self.limbCount - 1] = -limbs[Self.limbCount - 1] - borrow
        }

        var counts: [UInt64] = [0, 0, 0]
        for (index, flag) in Self.countFlags.enumerated() where flags & flag != 0 {
            let offset = rest.startIndex
            counts[index] = try Self.take(UInt64.self, from: &rest)
            guard counts[index] != 0 else {
                throw ExactSumDecodingError(.notCanonical, at: offset)
            }
        }
        self.init(
            canonicalLimbs: limbs, positiveInfinityCount: counts[0], negativeInfinityCount: counts[1], nanCount: counts[2])
        bytes = rest
    }

    private static func append<Integer: FixedWidthInteger>(_ value: Integer, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: Integer.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func take<Integer: FixedWidthInteger & UnsignedInteger>(
        _ type: Integer.Type, from bytes: inout ArraySlice<UInt8>
    ) throws(ExactSumDecodingError) -> Integer {
        let byteCount = Integer.bitWidth / 8
        guard bytes.count >= byteCount else {
            throw ExactSumDecodingError(.truncated(needed: byteCount, found: bytes.count), at: bytes.startIndex)
        }
        var value: Integer = 0
        for byte in bytes.prefix(byteCount).reversed() {
            value = value << 8 | Integer(byte)
        }
        bytes.removeFirst(byteCount)
        return value
    }
}

/// Why bytes are not the encoding of an `ExactSum`.
public struct ExactSumDecodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The fault that was found.
    public enum Reason: Equatable, Sendable {
        /// The bytes end where `needed` more were due, and `found` were left.
        case truncated(needed: Int, found: Int)
        /// The flags have bits set that mean nothing.
        case reservedFlags(UInt8)
        /// The words lie outside the 134 that there are.
        case wordsOutOfRange(first: Int, count: Int)
        /// The magnitude is 2^2112 or above: its highest word, of at most 15, is given.
        case magnitudeTooLarge(highestWord: UInt32)
        /// A zero stands where the encoding leaves zeros out (the first or last word, or a count), or zero has a sign or place.
        case notCanonical
    }

    /// The fault.
    public let reason: Reason
    /// The index of the fault in the slice that was decoded, hence an offset in the array that it is a part of.
    public let byteOffset: Int

    init(_ reason: Reason, at byteOffset: Int) {
        self.reason = reason
        self.byteOffset = byteOffset
    }

    /// The error as a sentence.
    public var description: String {
        let finding =
            switch reason {
            case .truncated(let needed, let found):
                "it ends here, \(needed) more bytes were due and \(found) are left"
            case .reservedFlags(let flags):
                "the flags are 0x\(String(flags, radix: 16)), but only bits 0 to 3 have a meaning"
            case .wordsOutOfRange(let first, let count):
                "words \(first)..<\(first + count) are announced, but only 0..<134 exist"
            case .magnitudeTooLarge(let highestWord):
                "the highest word is \(highestWord), but no sum of fewer than 2^64 rows takes it above 15"
            case .notCanonical:
                "a zero that a sum is never written with"
            }
        return "exact sum at byte \(byteOffset): \(finding); the bytes are damaged or from another version: make them anew"
    }
}
