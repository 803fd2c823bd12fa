import KernelABI
import Oracle
import SeededRandom
import Testing

/// The kernels that score one entry of a row, and the binary ones, which have one.
@Suite("LabelRowTests")
struct LabelRowTests {
    static let seeds: [UInt64] = [21, 0xB1A5]

    /// A kernel with what its documentation promises.
    enum Loss: String, CaseIterable {
        case probability, logProbability, binaryLogit, binaryProbability, binaryLogProbability

        var kernel: KeyPath<KernelUnderTest, KernelUnderTest.Rows> {
            switch self {
            case .probability: \.probability
            case .logProbability: \.logProbability
            case .binaryLogit: \.binaryLogit
            case .binaryProbability: \.binaryProbability
            case .binaryLogProbability: \.binaryLogProbability
            }
        }

        /// In ULP.
        var bound: Double {
            switch self {
            case .probability: 1
            case .logProbability: 0
            case .binaryLogit: 1.5
            case .binaryProbability: 0.9
            case .binaryLogProbability: 2.4
            }
        }

        func truth(_ row: [Double], label: Int32) -> TrueLoss {
            switch self {
            case .probability: .probability(row, label: label)
            case .logProbability: .logProbability(row, label: label)
            case .binaryLogit: .binaryLogit(row[0], label: label)
            case .binaryProbability: .binaryProbability(row[0], label: label)
            case .binaryLogProbability: .binaryLogProbability(row[0], label: label)
            }
        }

        func isCorrect(_ row: [Double], label: Int32) -> Bool {
            switch self {
            case .probability, .logProbability: row.max().flatMap { row.firstIndex(of: $0) } == Int(label)
            case .binaryLogit: (row[0] > 0) == (label == 1)
            case .binaryProbability: (row[0] > 0.5) == (label == 1)
            case .binaryLogProbability: (row[0] > -0.6931471805599453) == (label == 1)
            }
        }

        /// Arguments over the whole range, at the limits and outside.
        func arguments(_ random: inout SplitMix64) -> [Double] {
            var x: [Double] = [
                0, -0.0, 1, -1, 0.5, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
                1.0.nextUp, 1.0.nextDown, -1e30, 1e30, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 2, -0.25,
            ]
            switch self {
            case .probability, .binaryProbability:
                x += neighbourhood(0.5, 20) + neighbourhood(0.5.squareRoot(), 10) + neighbourhood(1 - 0.5.squareRoot(), 10)
                for distance in 1...53 { x += neighbourhood(Double(sign: .plus, exponent: -distance, significand: 1), 1) }
                for distance in 1...53 { x.append(1 - Double(sign: .plus, exponent: -distance, significand: 1)) }
                for _ in 0..<(150 * effort) {
                    x.append(random.nextUniform(in: 0...1))
                    x.append(random.nextPower(-1074 ... -1))
                    x.append(1 - random.nextPower(-52 ... -2))
                }
            case .binaryLogit:
                for threshold in [36.04, 36.7, 37.43, 708.4, 709.78, 744.44, 745.13, 745.2, 760, 1000] {
                    x += neighbourhood(threshold, 5) + neighbourhood(-threshold, 5)
                }
                for _ in 0..<(150 * effort) {
                    x.append(random.nextUniform(in: -40...40))
                    x.append(random.nextUniform(in: -1...1))
                    x.append(random.nextUniform(in: -760...760))
                    x.append(random.nextPower(-1074...10))
                    x.append(-random.nextPower(-1074...10))
                }
            case .logProbability, .binaryLogProbability:
                x += neighbourhood(-0.6931471805599453, 40) + neighbourhood(-0.34657359027997264, 20) + neighbourhood(-1, 10)
                for threshold in [-1.0397207708399179, -36.7, -37.43, -708.4, -744.44, -745.13, -745.2, -760] {
                    x += neighbourhood(threshold, 6)
                }
                for distance in 1...1074 { x.append(-Double(sign: .plus, exponent: -distance, significand: 1)) }
                for _ in 0..<(150 * effort) {
                    x.append(random.nextUniform(in: -1...0))
                    x.append(random.nextUniform(in: -0.8 ... -0.6))
                    x.append(random.nextUniform(in: -760...0))
                    x.append(-random.nextPower(-1074...10))
                }
            }
            return x
        }

        var isBinary: Bool { self != .probability && self != .logProbability }
    }

    /// Expects of every kernel equal bits, right counts and losses within the bound.
    @discardableResult
    static func judge(
        _ rows: StoredRows, _ loss: Loss, _ name: String, offsets: [Int] = [0, 3], findings: inout Findings
    ) -> ErrorStatistics {
        var statistics = ErrorStatistics()
        guard let first = KernelUnderTest.available.first else { return statistics }
        let expected = rows.run(first[keyPath: loss.kernel])
        for kernel in KernelUnderTest.available {
            for offset in offsets {
                let result = rows.run(kernel[keyPath: loss.kernel], byteOffset: offset)
                findings.check(
                    result.hasSameBits(as: expected) && !result.isOutOfBounds && result.instructionSetCode == kernel.code,
                    "\(loss) \(name) \(kernel.instructionSet) at offset \(offset) differs from \(first.instructionSet), or strays")
            }
        }
        var unscored = 0
        var correct = 0
        for (i, row) in rows.values.enumerated() {
            let label = rows.labels[i]
            let truth = loss.truth(row, label: label)
            let error = truth.error(of: expected.losses[i])
            let result = expected.losses[i]
            func text() -> String {
                "\(loss) \(name) row \(i), label \(label) of \(row.prefix(4).map { hex($0) }) -> \(hex(result)), true \(truth)"
            }
            statistics.add(error, text())
            findings.check(error <= loss.bound, "\(error) ULP: \(text())")
            findings.check(!(result < 0) && result.bitPattern != (-0.0).bitPattern, "negative: \(text())")
            if truth.isUndefined { unscored += 1 } else if loss.isCorrect(row, label: label) { correct += 1 }
        }
        findings.check(expected.unscoredRowCount == unscored, "\(loss) \(name): \(expected.unscoredRowCount) unscored, not \(unscored)")
        findings.check(expected.correctRowCount == correct, "\(loss) \(name): \(expected.correctRowCount) correct, not \(correct)")
        return statistics
    }

    // MARK: Accuracy

    @Test("binary losses are within their bounds", arguments: [Loss.binaryLogit, .binaryProbability, .binaryLogProbability], seeds)
    func binary(loss: Loss, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        let arguments = loss.arguments(&random)
        for element in StoredElement.allCases {
            var rows = StoredRows(element, classCount: 1)
            for x in element == .float64 ? arguments : arguments.filter({ _ in random.next() & 3 == 0 }) {
                rows.append([x], label: 0)
                rows.append([x], label: 1)
            }
            let statistics = Self.judge(rows, loss, "\(element)", findings: &findings)
            print("\(loss) \(element), seed \(seed): \(statistics.description)")
        }
        findings.expectNone("\(loss), seed \(seed)")
    }

    @Test("losses from rows of probabilities are within their bounds", arguments: [Loss.probability, .logProbability], seeds)
    func rows(loss: Loss, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        let arguments = loss.arguments(&random).filter { $0.isFinite }
        for element in StoredElement.allCases {
            var total = ErrorStatistics()
            for classCount in [1, 2, 3, 7, 8, 9, 31, 32, 33, 65] {
                var rows = StoredRows(element, classCount: classCount)
                for x in arguments where random.next() % UInt64(2 + classCount) == 0 {
                    let label = Int32.random(in: 0..<Int32(classCount), using: &random)
                    let range = loss == .probability ? 0...1 : -9.0...0
                    var row = (0..<classCount).map { _ in random.nextUniform(in: range) }
                    row[Int(label)] = x
                    // A value that does not belong there: it matters only at the label.
                    if random.next() & 7 == 0 { row[Int.random(in: 0..<classCount, using: &random)] = 3 }
                    if random.next() & 7 == 0, loss == .logProbability { row[Int.random(in: 0..<classCount, using: &random)] = -.infinity }
                    rows.append(row, label: label)
                }
                total.merge(Self.judge(rows, loss, "\(element), C = \(classCount)", findings: &findings))
            }
            print("\(loss) \(element), seed \(seed): \(total.description)")
        }
        findings.expectNone("\(loss), seed \(seed)")
    }

    // MARK: Invalid rows and labels

    @Test("invalid labels are not scored", arguments: Loss.allCases)
    func labels(loss: Loss) {
        var findings = Findings()
        for element in StoredElement.allCases {
            for classCount in loss.isBinary ? [1] : [1, 2, 9] {
                var rows = StoredRows(element, classCount: classCount)
                for label in [Int32.min, -100, -1, 0, 1, 2, 3, 8, 9, 10, Int32.max] {
                    for value in [0.25, -0.25, 0, 1] { rows.append([Double](repeating: value, count: classCount), label: label) }
                }
                Self.judge(rows, loss, "\(element), C = \(classCount)", findings: &findings)
            }
        }
        findings.expectNone("\(loss)")
    }

    @Test("NaN and infinities in any place", arguments: [Loss.probability, .logProbability], StoredElement.allCases)
    func nonFinite(loss: Loss, element: StoredElement) {
        var findings = Findings()
        for classCount in [1, 2, 7, 8, 9, 17, 33] {
            var rows = StoredRows(element, classCount: classCount)
            for special in [Double.nan, Double(bitPattern: 0xFFF0_0000_0000_0400), .infinity, -.infinity] {
                for column in 0..<classCount {
                    for label in Set([0, column, classCount - 1]).sorted() {
                        var row = [Double](repeating: loss == .probability ? 0.125 : -2, count: classCount)
                        row[column] = special
                        rows.append(row, label: Int32(label))
                    }
                }
            }
            Self.judge(rows, loss, "C = \(classCount)", offsets: [0], findings: &findings)
        }
        findings.expectNone("\(loss), \(element)")
    }

    @Test("of equal probabilities only the first is correct", arguments: [Loss.probability, .logProbability], StoredElement.allCases)
    func ties(loss: Loss, element: StoredElement) {
        var findings = Findings()
        for classCount in [2, 8, 9, 33] {
            var rows = StoredRows(element, classCount: classCount)
            for first in 0..<(classCount - 1) {
                for second in (first + 1)..<classCount {
                    for (level, top) in loss == .probability ? [(0.125, 0.25), (-0.0, 0)] : [(-3.0, -1.0), (-.infinity, -2)] {
                        var row = [Double](repeating: level, count: classCount)
                        row[first] = top
                        row[second] = top
                        rows.append(row, label: Int32(first))
                        rows.append(row, label: Int32(second))
                    }
                }
            }
            Self.judge(rows, loss, "C = \(classCount)", offsets: [0], findings: &findings)
        }
        findings.expectNone("\(loss), \(element)")
    }

    // MARK: Counts of rows

    @Test("every count of rows from 0 to 70", arguments: Loss.allCases)
    func rowCounts(loss: Loss) {
        let seed: UInt64 = 8
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        let classCount = loss.isBinary ? 1 : 3
        let arguments = loss.arguments(&random)
        for element in StoredElement.allCases {
            let all = (0..<70).map { _ in (0..<classCount).map { _ in random.pick(arguments) } }
            let labels = (0..<70).map { _ in Int32.random(in: 0...2, using: &random) }
            var whole = StoredRows(element, classCount: classCount)
            for i in 0..<70 { whole.append(all[i], label: labels[i]) }
            Self.judge(whole, loss, "\(element)", findings: &findings)
            let losses = whole.run(KernelUnderTest.available[0][keyPath: loss.kernel]).losses
            let correct = (0..<70).map { !losses[$0].isNaN && loss.isCorrect(whole.values[$0], label: labels[$0]) }
            for rowCount in 0...70 {
                var rows = StoredRows(element, classCount: classCount)
                for i in 0..<rowCount { rows.append(all[i], label: labels[i]) }
                let expected = StoredRows.Result(
                    losses: Array(losses.prefix(rowCount)), unscoredRowCount: losses.prefix(rowCount).filter(\.isNaN).count,
                    correctRowCount: correct.prefix(rowCount).filter { $0 }.count, instructionSetCode: 0, isOutOfBounds: false)
                for kernel in KernelUnderTest.available {
                    let result = rows.run(kernel[keyPath: loss.kernel], byteOffset: rowCount % 64)
                    findings.check(
                        result.hasSameBits(as: expected) && !result.isOutOfBounds,
                        "\(element) \(kernel.instructionSet), \(rowCount) rows: \(result), should be \(expected)")
                }
            }
        }
        findings.expectNone("\(loss), seed \(seed)")
    }

    @Test("labels of a byte each give the same losses", arguments: [Loss.binaryLogit, .binaryProbability, .binaryLogProbability], seeds)
    func byteLabels(loss: Loss, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        let arguments = loss.arguments(&random)
        for element in StoredElement.allCases {
            for rowCount in [0, 1, 7, 8, 9, 63, 64, 65, 200, 1024] {
                // All but a few values are common: whole groups of vectors are scored together, and some value by value.
                let oddity = random.next() & 3
                var rows = StoredRows(element, classCount: 1)
                for _ in 0..<rowCount {
                    let isOdd = oddity > 0 && random.next() % 40 < oddity
                    rows.append([isOdd ? random.pick(arguments) : random.nextUniform(in: loss == .binaryLogProbability ? -3 ... -0.01 : 0.01...0.99)],
                        label: Int32(random.next() & 1))
                }
                for kernel in KernelUnderTest.available {
                    let words = rows.run(kernel[keyPath: loss.kernel]), bytes = rows.run(kernel[keyPath: loss.kernel], labelsAreBytes: true)
                    findings.check(
                        bytes.hasSameBits(as: words) && !bytes.isOutOfBounds && bytes.instructionSetCode == kernel.code,
                        "\(element) \(kernel.instructionSet), \(rowCount) rows")
                }
                Self.judge(rows, loss, "\(element), \(rowCount) rows", offsets: [0], findings: &findings)
            }
        }
        findings.expectNone("\(loss), seed \(seed)")
    }

    // MARK: Element types

    @Test("each of the 65,536 float16 and bfloat16 values is read as what it is", arguments: [StoredElement.float16, .bfloat16])
    func everyHalf(element: StoredElement) {
        var findings = Findings()
        let values = (0..<65536).map { element.value(of: UInt64($0)) }
        for kernel in KernelUnderTest.available {
            for loss in [Loss.binaryLogit, .logProbability] {
                var halves = StoredRows(element, classCount: 1)
                var doubles = StoredRows(.float64, classCount: 1)
                for bits in 0..<65536 {
                    let label: Int32 = loss == .binaryLogit ? Int32(bits & 1) : 0
                    halves.append(bits: [UInt64(bits)], label: label)
                    doubles.append([values[bits]], label: label)
                }
                let result = halves.run(kernel[keyPath: loss.kernel])
                let expected = doubles.run(kernel[keyPath: loss.kernel])
                for bits in 0..<65536 {
                    findings.check(
                        sameBits(result.losses[bits], expected.losses[bits]),
                        "\(kernel.instructionSet) \(loss): 0x\(String(bits, radix: 16)) is \(values[bits]): \(hex(result.losses[bits]))")
                    if loss == .logProbability, values[bits] <= 0 {
                        findings.check(result.losses[bits] == -values[bits], "\(kernel.instructionSet) 0x\(String(bits, radix: 16))")
                    }
                }
            }
        }
        findings.expectNone("\(element)")
    }
}
