import Oracle
import SeededRandom
import Testing

@testable import Scoring

/// The standard error of a mean per token, and the section that holds its sums.
@Suite struct TokenSpreadTests {
    private static func rows(_ count: Int, seed: UInt64) -> [(loss: Double, tokens: Double)] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in (random.nextUniform(in: 0...50), Double(random.next() % 100)) }
    }

    private static func spread(_ rows: some Sequence<(loss: Double, tokens: Double)>) -> TokenSpread {
        var spread = TokenSpread()
        for row in rows { spread.add(loss: row.loss, tokens: row.tokens) }
        return spread
    }

    @Test("the error is that of a ratio of sums over records")
    func standardError() throws {
        let rows = Self.rows(500, seed: 1)
        let tokens = rows.reduce(0) { $0 + $1.tokens }
        let mean = rows.reduce(0) { $0 + $1.loss } / tokens
        let squares = rows.reduce(0) { $0 + ($1.loss - mean * $1.tokens) * ($1.loss - mean * $1.tokens) }
        let error = try #require(Self.spread(rows).standardError)
        #expect(abs(error / ((500.0 / 499 * squares).squareRoot() / tokens) - 1) < 1e-12)
        // Tokens of one number a record: that of the mean of records, by the number.
        let even = Self.spread(rows.map { ($0.loss, 4) })
        let plain = Self.spread(rows.map { ($0.loss, 1) })
        #expect(abs(try #require(even.standardError) * 4 - (try #require(plain.standardError))) < 1e-15)
        #expect(Self.spread(rows.prefix(1)).standardError?.isNaN == true)
        #expect(Self.spread([(1, 2), (.infinity, 1)]).standardError?.isNaN == true)
    }

    @Test("any order and grouping gives the same bytes", arguments: [1, 2, 3] as [UInt64])
    func merging(seed: UInt64) {
        let rows = Self.rows(300, seed: seed)
        let whole = Self.spread(rows)
        var random = SplitMix64(seed: seed)
        var parts: [TokenSpread] = []
        var start = 0
        while start < rows.count {
            let end = min(rows.count, start + 1 + Int(random.next() % 50))
            parts.append(Self.spread(rows[start..<end]))
            start = end
        }
        parts.shuffle(using: &random)
        let merged = parts.dropFirst().reduce(into: parts[0]) { $0.merge($1) }
        #expect(merged == whole && merged.encoded == whole.encoded)
    }

    @Test("bytes are read again, cut ones are refused")
    func coding() throws {
        var unknown = TokenSpread()
        unknown.merge(try Self.decoded(Self.unknownBytes))
        for spread in [TokenSpread(), Self.spread(Self.rows(40, seed: 4)), unknown] {
            let bytes = spread.encoded
            #expect(try Self.decoded(bytes) == spread)
            for length in bytes.indices { #expect(throws: PartialError.self) { try Self.decoded(Array(bytes[..<length])) } }
            #expect(throws: PartialError.self) { try Self.decoded(bytes + [0]) }
        }
        #expect(unknown.standardError == nil)
        var known = Self.spread(Self.rows(3, seed: 5))
        known.merge(unknown)
        #expect(known == unknown, "unknown stays")
        // Sums of what is not known.
        var bytes = Self.spread(Self.rows(3, seed: 6)).encoded
        bytes[0] = 0
        #expect(throws: PartialError.self) { try Self.decoded(bytes) }
        bytes[0] = 2
        #expect(throws: PartialError.self) { try Self.decoded(bytes) }
    }

    /// The encoding where tokens are not known.
    private static var unknownBytes: [UInt8] {
        var bytes = TokenSpread().encoded
        bytes[0] = 0
        return bytes
    }

    private static func decoded(_ bytes: [UInt8]) throws -> TokenSpread {
        var spread = TokenSpread()
        try spread.decode(from: bytes[...])
        return spread
    }
}
