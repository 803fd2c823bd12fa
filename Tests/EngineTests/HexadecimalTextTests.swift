import Foundation
import SeededRandom
import Testing

@testable import Engine

@Suite struct HexadecimalTextTests {
    /// As C's printf prints it.
    @Test func asPrintf() {
        let seed: UInt64 = 24
        var random = SplitMix64(seed: seed)
        var values: [Double] = [
            0, -0.0, 1, -1, 0.1, 2, 0x1.1b797e58d6b0ap+1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNormalMagnitude,
            .leastNonzeroMagnitude, -.leastNonzeroMagnitude, Double.leastNormalMagnitude.nextDown, 0x0.8p-1022, 0x0.0000000000010p-1022,
            1.0.nextUp, 1.0.nextDown, 1e308, 1e-308,
        ]
        for _ in 0..<2000 { values.append(Double(bitPattern: random.next())) }
        // Subnormals.
        for _ in 0..<500 { values.append(Double(bitPattern: random.next() & 0x800F_FFFF_FFFF_FFFF)) }
        for _ in 0..<500 { values.append(Double(bitPattern: (1 << (random.next() % 52)) | (random.next() & 0x8000_0000_0000_0000))) }
        for value in values where !value.isNaN {
            #expect(value.hexadecimalText == String(format: "%a", value), "seed \(seed)")
            #expect(Double(value.hexadecimalText) == value)
        }
        #expect(Double.nan.hexadecimalText == "nan" && (-Double.nan).hexadecimalText == "nan")
    }
}
