import KernelABI
import Oracle
import SeededRandom
import Testing

/// Values over a temperature are the quotients that division rounds to.
@Suite("DivisionTests")
struct DivisionTests {
    static let divisors = [1, 2, 3, 0.1, 1.5, 0.7, 1.0.nextDown, 1.0.nextUp, 2.0.nextDown, 1 / 3.0, 1e-17, 1e17, 0x1p-70, 1e300, .pi]

    @Test("quotients are rounded once", arguments: divisors, [StoredElement.float32, .float16, .float64])
    func quotients(divisor: Double, element: StoredElement) {
        var random = SplitMix64(seed: divisor.bitPattern)
        var values: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 0x1p-1074, -0x1p-1022, 1e308, 0x1p-800, 0x1p800]
        for _ in 0..<3000 {
            let sign = Bool.random(using: &random) ? 1.0 : -1
            values.append(sign * random.nextUniform(in: 1...2) * Double.random(in: 1e-5...30, using: &random))
            // Next to a product of the divisor: where a quotient is all but a number, or all but between two.
            let quotient = random.nextUniform(in: 1...2)
            values += [quotient * divisor, (quotient * divisor).nextUp, (quotient + quotient.ulp / 2) * divisor]
            // All sizes.
            values.append(Double(bitPattern: random.next()))
        }
        var bytes: [UInt8] = []
        for value in values { element.append(bits: element.bits(of: value), to: &bytes) }
        let stored = values.map { element.value(of: element.bits(of: $0)) }
        bytes += [UInt8](repeating: 0xFF, count: 64)
        for kernel in KernelUnderTest.available {
            for count in [stored.count, 3, 0] {
                let room = (count + 7) / 8 * 8
                var quotients = [Double](repeating: -77, count: room + 1)
                bytes.withUnsafeBytes { bytes in
                    quotients.withUnsafeMutableBufferPointer { quotients in
                        var block = DivisionBlock(
                            values: bytes.baseAddress!, elementCode: element.code, count: count, divisor: divisor, quotients: quotients.baseAddress!)
                        kernel.table.divideValues(&block)
                    }
                }
                let wrong = (0..<count).first { index in
                    let quotient = stored[index] / divisor
                    // NaN has no one encoding.
                    return quotient.isNaN ? !quotients[index].isNaN : quotients[index].bitPattern != quotient.bitPattern
                }
                #expect(wrong == nil, "\(kernel.instructionSet): \(wrong.map { stored[$0] } ?? 0) / \(divisor) gave \(wrong.map { quotients[$0] } ?? 0)")
                #expect(quotients.last == -77, "beyond the room for quotients")
            }
        }
    }
}
