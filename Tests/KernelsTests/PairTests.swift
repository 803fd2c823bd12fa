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

    /// Rows of every way are among them: by terms near and far, and, for what has no terms or no finite ratio, by distributions.
    @Test("divergences by the terms of the losses are those by exponentials", arguments: [25, 32, 61, 100, 300], [0.3, 3.0])
    func ofTerms(classCount: Int, distance: Double) {
        let rowCount = 75
        for element in [StoredElement.float16, .bfloat16, .float32, .float64] {
            var random = SplitMix64(seed: UInt64(classCount))
            let pair = Pair(element, classCount, rowCount, input: Int32(XentInputLogits), &random, distance: distance, hasEdges: true)
            let byTerms = pair.comparedByTerms(KernelUnderTest.available[0])
            #expect(byTerms.rowsWithoutTerms == [6], "\(element)")
            let byDistributions = pair.compared(by: KernelUnderTest.available[0], hasFacts: false)
            for row in 0..<rowCount {
                for kind in 0..<4 {
                    let (found, expected) = (byTerms.results[kind * rowCount + row], byDistributions[kind * rowCount + row])
                    let isOther = row == 4 || row == 6
                    #expect(
                        isOther ? sameBits(found, expected) : (found - expected).magnitude <= 0x1p-52 * Double(classCount) * (1 + distance),
                        "\(element), row \(row), figure \(kind): \(found), by distributions \(expected)")
                }
            }
            for kernel in KernelUnderTest.available.dropFirst() {
                let other = pair.comparedByTerms(kernel)
                #expect(zip(other.results, byTerms.results).allSatisfy { sameBits($0, $1) }, "\(kernel.instructionSet), \(element)")
            }
        }
    }

    @Test("terms times their factors are the probabilities, to the same bits by every kernel and with the same losses", arguments: [25, 100, 257])
    func terms(classCount: Int) {
        var random = SplitMix64(seed: 0x7E2)
        let pair = Pair(.float32, classCount, 9, input: Int32(XentInputLogits), &random, distance: 1)
        let stride = (classCount + 7) / 8 * 8
        let truths = (0..<9).map { row in
            let exponentials = pair.logits(ofModel: 0, row: row).map { BigReal.exp(BigReal($0)) }
            let sum = exponentials.reduce(BigReal(0), +)
            return exponentials.map { $0 / sum }
        }
        let first = pair.scored(by: KernelUnderTest.available[0], model: 0)
        for (row, truth) in truths.enumerated() {
            for (index, probability) in truth.enumerated() {
                let found = BigReal(first.terms[row * stride + index]) * BigReal(first.scales[row])
                #expect((found - probability).magnitude <= BigReal(0x1p-51) * probability, "row \(row), class \(index)")
            }
        }
        for kernel in KernelUnderTest.available {
            let model = pair.scored(by: kernel, model: 0), plain = pair.scored(by: kernel, model: 0, hasTerms: false)
            #expect(zip(model.losses, plain.losses).allSatisfy { sameBits($0, $1) })
            #expect(zip(model.terms, first.terms).allSatisfy { sameBits($0, $1) }, "\(kernel.instructionSet)")
            #expect(zip(model.scales.prefix(9), first.scales).allSatisfy { sameBits($0, $1) }, "\(kernel.instructionSet)")
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

/// The losses of one model, and the facts of its rows.
private struct ScoredModel {
    var losses: [Double] = []
    var topClass: [Int32] = []
    var topProbability: [Double] = []
    /// Empty where there are none.
    var terms: [Double] = [], scales: [Double] = []

    struct Pointers {
        let losses: UnsafePointer<Double>, topClass: UnsafePointer<Int32>, topProbability: UnsafePointer<Double>
        let terms: UnsafePointer<Double>, scales: UnsafePointer<Double>
    }

    func withPointers(_ body: (Pointers) -> Void) {
        func call(
            _ losses: UnsafePointer<Double>, _ topClass: UnsafePointer<Int32>, _ topProbability: UnsafePointer<Double>,
            _ terms: UnsafePointer<Double>, _ scales: UnsafePointer<Double>
        ) {
            body(Pointers(losses: losses, topClass: topClass, topProbability: topProbability, terms: terms, scales: scales))
        }
        call(losses, topClass, topProbability, terms, scales)
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
        var rows = ScoredModel()
        var logits: [[Double]] = []
    }

    /// The logits of a row as they are stored.
    func logits(ofModel model: Int, row: Int) -> [Double] { models[model].logits[row] }

    init(
        _ element: StoredElement, _ classCount: Int, _ rowCount: Int, input: Int32, _ random: inout SplitMix64, distance: Double? = nil,
        hasEdges: Bool = false
    ) {
        (self.element, self.classCount, self.rowCount, self.input) = (element, classCount, rowCount, input)
        for model in 0..<2 {
            var made = Model()
            for row in 0..<rowCount {
                var logits = (0..<classCount).map { _ in random.nextUniform(in: -6...6) }
                if let distance {
                    if model == 1 { logits = models[0].logits[row].map { $0 + random.nextUniform(in: -distance...distance) } }
                    // No class of both, one of A alone, and a label far below the largest.
                    if hasEdges, row == 2 { logits[5] = -60_000 }
                    if hasEdges, row == 4, model == 1 { logits[7] = -.infinity }
                    if hasEdges, row == 6 { logits[0] = -400 }
                    logits = logits.map { element.stored(Double(Float($0))) }
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
                made.rows.losses.append(row == 5 && model == 1 && distance == nil ? .nan : 1)
                let top = terms.indices.max { (terms[$0], -$0) < (terms[$1], -$1) } ?? 0
                made.rows.topClass.append(Int32(top))
                made.rows.topProbability.append(terms[top] / sum)
            }
            // Kernels read beyond the last value, and whole vectors of facts.
            made.bytes += [UInt8](repeating: 0xFF, count: 64)
            made.rows.topClass += [Int32](repeating: 0, count: 8)
            made.rows.topProbability += [Double](repeating: .nan, count: 8)
            models.append(made)
        }
    }

    /// The losses of a model, whose label is class 0, with their terms, and the facts that go with them.
    func scored(by kernel: KernelUnderTest, model: Int, hasTerms: Bool = true) -> ScoredModel {
        let room = (rowCount + 63) / 64 * 64, stride = (classCount + 7) / 8 * 8
        var made = ScoredModel(
            losses: Array(repeating: 0, count: room), topClass: Array(repeating: 0, count: room), topProbability: Array(repeating: 0, count: room),
            terms: Array(repeating: -77, count: rowCount * stride), scales: Array(repeating: -77, count: room))
        let labels = [Int32](repeating: 0, count: room)
        var scratch = [Double](repeating: .nan, count: Int(XentScratchCount) + 8)
        func run(
            _ values: UnsafeRawPointer, _ labels: UnsafePointer<Int32>, _ scratch: UnsafeMutablePointer<Double>, _ losses: UnsafeMutablePointer<Double>,
            _ topClass: UnsafeMutablePointer<Int32>, _ topProbability: UnsafeMutablePointer<Double>, _ terms: UnsafeMutablePointer<Double>,
            _ scales: UnsafeMutablePointer<Double>
        ) {
            var facts = RowFactArrays()
            (facts.topClass, facts.topProbability) = (topClass, topProbability)
            if hasTerms { (facts.probabilityTerms, facts.termScale) = (terms, scales) }
            let padding = (64 - Int(bitPattern: scratch) % 64) % 64 / 8
            var block = RowBlock(
                values: values, labels: labels, labelBytes: nil, targets: nil, clipped: nil, losses: losses, scratch: scratch + padding,
                classCount: classCount, rowCount: rowCount, elementCode: element.code, unscoredRowCount: 0, correctRowCount: 0,
                instructionSetCode: 0, facts: facts)
            kernel.table.softmaxRows(&block)
        }
        run(models[model].bytes, labels, &scratch, &made.losses, &made.topClass, &made.topProbability, &made.terms, &made.scales)
        return made
    }

    /// The four divergences of all rows, one after the other, by the terms of both, and the rows that have none.
    func comparedByTerms(_ kernel: KernelUnderTest) -> (results: [Double], rowsWithoutTerms: [Int]) {
        let (a, b) = (scored(by: kernel, model: 0), scored(by: kernel, model: 1))
        let results = compared(by: kernel, a, b, hasFacts: true, hasTerms: true)
        return (results, (0..<rowCount).filter { a.scales[$0].isNaN || b.scales[$0].isNaN })
    }

    /// The four divergences of all rows, one after the other.
    func compared(by kernel: KernelUnderTest, hasFacts: Bool) -> [Double] {
        compared(by: kernel, models[0].rows, models[1].rows, hasFacts: hasFacts, hasTerms: false)
    }

    private func compared(by kernel: KernelUnderTest, _ a: ScoredModel, _ b: ScoredModel, hasFacts: Bool, hasTerms: Bool) -> [Double] {
        let room = (rowCount + 7) / 8 * 8
        var results = [Double](repeating: 0, count: 4 * room)
        var scratch = [Double](repeating: .nan, count: 4 * ((classCount + 7) / 8 * 8) + Int(XentPairSumCount))
        func run(
            _ valuesA: UnsafeRawPointer, _ valuesB: UnsafeRawPointer, _ a: ScoredModel.Pointers, _ b: ScoredModel.Pointers,
            _ out: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Double>
        ) {
            var pairs = PairBlock(
                valuesA: valuesA, valuesB: valuesB, elementCodeA: element.code, elementCodeB: element.code, inputCodeA: input, inputCodeB: input,
                classCount: classCount, rowCount: rowCount, lossesA: a.losses, lossesB: b.losses, topClassA: hasFacts ? a.topClass : nil,
                topClassB: hasFacts ? b.topClass : nil, topProbabilityA: hasFacts ? a.topProbability : nil,
                topProbabilityB: hasFacts ? b.topProbability : nil, termsA: hasTerms ? a.terms : nil, termsB: hasTerms ? b.terms : nil,
                termScaleA: hasTerms ? a.scales : nil, termScaleB: hasTerms ? b.scales : nil, scratch: scratch, klAB: out, klBA: out + room,
                jensenShannon: out + 2 * room, totalVariation: out + 3 * room)
            kernel.table.comparePairs(&pairs)
        }
        a.withPointers { a in b.withPointers { b in run(models[0].bytes, models[1].bytes, a, b, &results, &scratch) } }
        return (0..<4).flatMap { kind in (0..<rowCount).map { results[kind * room + $0] } }
    }
}
