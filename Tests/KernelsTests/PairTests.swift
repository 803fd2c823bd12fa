import KernelABI
import Oracle
import SeededRandom
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Rows of two models are compared to the same bits by every kernel; what the numbers mean is tested by Insight's tests of comparisons.
@Suite("PairTests")
struct PairTests {
    @Test("every kernel has the same divergences", arguments: [2, 3, 8, 9, 31, 100], [true, false])
    func everyKernel(classCount: Int, hasFacts: Bool) {
        for input in [XentInputLogits, XentInputProbabilities, XentInputLogProbabilities] {
            for element in [StoredElement.float32, .float16] {
                for rowCount in [1, 7, 8, 20] {
                    var random = SplitMix64(seed: UInt64(classCount * 1000 + rowCount))
                    let pair = Pair(element, classCount, rowCount, input: Int32(input), &random)
                    let expected = pair.compared(by: KernelUnderTest.available[0], hasFacts: hasFacts)
                    #expect(expected.prefix(rowCount).contains { $0 > 0 })
                    for kernel in KernelUnderTest.available.dropFirst() {
                        let found = pair.compared(by: kernel, hasFacts: hasFacts)
                        let isSame = zip(expected, found).allSatisfy { sameBits($0, $1) }
                        #expect(isSame, "\(kernel.instructionSet): input \(input), \(element), \(rowCount) rows")
                    }
                }
            }
        }
    }

    @Test("Jensen and Shannon's divergence has its digits where models are near one another, and where some classes are not", arguments: [1e-3, 0.1, 2.0])
    func nearModels(distance: Double) {
        var random = SplitMix64(seed: 0x1E55)
        let rowCount = 9, classCount = 45
        let pair = Pair(.float32, classCount, rowCount, input: Int32(XentInputLogits), &random, distance: distance)
        for kernel in KernelUnderTest.available {
            let found = pair.compared(by: kernel, hasFacts: true)
            for row in 0..<rowCount {
                let truth = Self.jensenShannon(pair.logits(ofModel: 0, row: row), pair.logits(ofModel: 1, row: row))
                let error = ((BigReal(found[2 * rowCount + row]) - truth) / truth).magnitude.rounded()
                // A sum of terms that cancel in their first order: what is lost is relative to the distance.
                #expect(error < 0x1p-48 / min(distance, 1), "\(kernel.instructionSet), row \(row): \(error) of \(truth.rounded())")
            }
        }
    }

    /// ½ Σ p log(p/m) + q log(q/m) of the softmax of two rows of logits.
    private static func jensenShannon(_ a: [Double], _ b: [Double]) -> BigReal {
        func softmax(_ logits: [Double]) -> [BigReal] {
            let terms = logits.map { BigReal.exp(BigReal($0)) }
            let sum = terms.reduce(BigReal(0), +)
            return terms.map { $0 / sum }
        }
        return zip(softmax(a), softmax(b)).reduce(BigReal(0)) { total, pair in
            let (p, q) = pair
            let mean = (p + q).scaled(byPowerOfTwo: -1)
            return total + (p * BigReal.log(p / mean) + q * BigReal.log(q / mean)).scaled(byPowerOfTwo: -1)
        }
    }
}

/// Rows of classes as two models predict them, with a row that has no loss and one of certainty, or of models whose logits differ by at most a distance.
private struct Pair {
    let element: StoredElement
    let classCount: Int
    let rowCount: Int
    let input: Int32
    private var models: [Model] = []

    private struct Model {
        var bytes: [UInt8] = []
        var losses: [Double] = []
        var topClass: [Int32] = []
        var topProbability: [Double] = []
        var logits: [[Double]] = []
    }

    /// The logits of a row as they are stored.
    func logits(ofModel model: Int, row: Int) -> [Double] { models[model].logits[row] }

    init(_ element: StoredElement, _ classCount: Int, _ rowCount: Int, input: Int32, _ random: inout SplitMix64, distance: Double? = nil) {
        (self.element, self.classCount, self.rowCount, self.input) = (element, classCount, rowCount, input)
        for model in 0..<2 {
            var made = Model()
            for row in 0..<rowCount {
                var logits = (0..<classCount).map { _ in random.nextUniform(in: -6...6) }
                if let distance {
                    if model == 1 { logits = models[0].logits[row].map { $0 + random.nextUniform(in: -distance...distance) } }
                    logits = logits.map { Double(Float($0)) }
                } else if row == 3 {
                    logits[model % classCount] = 30
                }
                made.logits.append(logits)
                let terms = logits.map { exp($0 - (logits.max() ?? 0)) }
                let sum = terms.reduce(0, +)
                var values = logits
                if input == Int32(XentInputProbabilities) { values = terms.map { $0 / sum } }
                if input == Int32(XentInputLogProbabilities) { values = terms.map { log($0 / sum) } }
                for value in values { element.append(bits: element.bits(of: value), to: &made.bytes) }
                made.losses.append(row == 5 && model == 1 && distance == nil ? .nan : 1)
                let top = terms.indices.max { (terms[$0], -$0) < (terms[$1], -$1) } ?? 0
                made.topClass.append(Int32(top))
                made.topProbability.append(terms[top] / sum)
            }
            // Kernels read beyond the last value, and whole vectors of facts.
            made.bytes += [UInt8](repeating: 0xFF, count: 64)
            made.topClass += [Int32](repeating: 0, count: 8)
            made.topProbability += [Double](repeating: .nan, count: 8)
            models.append(made)
        }
    }

    /// The four divergences of all rows, one after the other.
    func compared(by kernel: KernelUnderTest, hasFacts: Bool) -> [Double] {
        let room = (rowCount + 7) / 8 * 8
        var results = [Double](repeating: 0, count: 4 * room)
        var scratch = [Double](repeating: .nan, count: 4 * ((classCount + 7) / 8 * 8) + Int(XentPairSumCount))
        let (a, b) = (models[0], models[1])
        a.bytes.withUnsafeBytes { valuesA in
            b.bytes.withUnsafeBytes { valuesB in
                results.withUnsafeMutableBufferPointer { results in
                    scratch.withUnsafeMutableBufferPointer { scratch in
                        guard let out = results.baseAddress, let scratch = scratch.baseAddress, let valuesA = valuesA.baseAddress,
                            let valuesB = valuesB.baseAddress
                        else { return }
                        withExtendedPointers(a, b) { lossesA, lossesB, classA, classB, topA, topB in
                            var pairs = PairBlock(
                                valuesA: valuesA, valuesB: valuesB, elementCodeA: element.code, elementCodeB: element.code, inputCodeA: input,
                                inputCodeB: input, classCount: classCount, rowCount: rowCount, lossesA: lossesA, lossesB: lossesB,
                                topClassA: hasFacts ? classA : nil, topClassB: hasFacts ? classB : nil, topProbabilityA: hasFacts ? topA : nil,
                                topProbabilityB: hasFacts ? topB : nil, termsA: nil, termsB: nil, termScaleA: nil, termScaleB: nil, scratch: scratch, klAB: out, klBA: out + room,
                                jensenShannon: out + 2 * room, totalVariation: out + 3 * room)
                            kernel.table.comparePairs(&pairs)
                        }
                    }
                }
            }
        }
        return (0..<4).flatMap { kind in (0..<rowCount).map { results[kind * room + $0] } }
    }

    private func withExtendedPointers(
        _ a: Model, _ b: Model,
        _ body: (
            UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafePointer<Double>, UnsafePointer<Double>
        ) -> Void
    ) {
        body(a.losses, b.losses, a.topClass, b.topClass, a.topProbability, b.topProbability)
    }
}
