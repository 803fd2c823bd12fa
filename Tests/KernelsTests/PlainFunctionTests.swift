import KernelABI
import Oracle
import SeededRandom
import Testing

/// Every kernel has the same bits of the functions by plain arithmetic; what they are is tested by Insight's tests of functions.
@Suite("PlainFunctionTests")
struct PlainFunctionTests {
    private static let numbers: [Double] = {
        var random = SplitMix64(seed: 5)
        return [0, -0.0, -708, -708.5, -745, -1e30, -.infinity, .nan, 709, 1] + (0..<500).map { _ in random.nextUniform(in: -720...1) }
    }()

    private func results(_ body: (UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void, of numbers: [Double]) -> [UInt64] {
        let padded = numbers + [Double](repeating: 1, count: 8)
        var results = [Double](repeating: -77, count: (numbers.count + 7) / 8 * 8 + 1)
        padded.withUnsafeBufferPointer { padded in
            results.withUnsafeMutableBufferPointer { body(padded.baseAddress!, $0.baseAddress!, numbers.count) }
        }
        #expect(results.last == -77, "beyond the room for results")
        // NaN has no one encoding.
        return results.prefix(numbers.count).map { $0.isNaN ? 0 : $0.bitPattern }
    }

    @Test("exponentials, logarithms and probabilities have the same bits")
    func functions() {
        let first = KernelUnderTest.available[0].table
        let exponentials = results(first.plainExponentials, of: Self.numbers)
        let positive = Self.numbers.map { $0.isFinite && $0 != 0 ? $0.magnitude : 2 }
        let logarithms = results(first.plainLogarithms, of: positive)
        func probabilities(_ table: KernelTable) -> [UInt64] {
            results({ numbers, results, count in
                var block = ProbabilityBlock(
                    values: UnsafeRawPointer(numbers), elementCode: Int32(XentElementFloat64), count: count, probabilities: results)
                table.positiveProbabilities(&block)
            }, of: Self.numbers)
        }
        let expected = probabilities(first)
        for kernel in KernelUnderTest.available.dropFirst() {
            #expect(results(kernel.table.plainExponentials, of: Self.numbers) == exponentials, "\(kernel.instructionSet)")
            #expect(results(kernel.table.plainLogarithms, of: positive) == logarithms, "\(kernel.instructionSet)")
            #expect(probabilities(kernel.table) == expected, "\(kernel.instructionSet)")
        }
    }

    @Test("sums at a temperature have the same bits", arguments: [1, 2, 8, 9, 100])
    func temperatureSums(classCount: Int) {
        var random = SplitMix64(seed: UInt64(classCount))
        var distances = (0..<classCount).map { _ in random.nextUniform(in: -40...0) }
        distances[classCount / 2] = 0
        distances += [Double](repeating: -1e30, count: (8 - classCount % 8) % 8)
        func sums(_ table: KernelTable, _ beta: Double) -> [UInt64] {
            distances.withUnsafeBufferPointer { distances in
                var block = TemperatureBlock(
                    distances: distances.baseAddress!, classCount: classCount, top: classCount / 2, beta: beta, sum: -1, first: -1, second: -1)
                table.temperatureSums(&block)
                return [block.sum, block.first, block.second].map(\.bitPattern)
            }
        }
        for beta in [0.01, 1, 20] {
            let expected = sums(KernelUnderTest.available[0].table, beta)
            #expect(classCount == 1 || beta == 20 || expected[0] != 0)
            for kernel in KernelUnderTest.available.dropFirst() {
                #expect(sums(kernel.table, beta) == expected, "\(kernel.instructionSet), β \(beta)")
            }
        }
    }
}
