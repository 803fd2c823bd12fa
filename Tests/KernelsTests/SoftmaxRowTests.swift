import KernelABI
import Oracle
import SeededRandom
import Testing

@Suite("SoftmaxRowTests")
struct SoftmaxRowTests {
    static let bound = 2.6
    static let seeds: [UInt64] = [11, 0xC1A55]

    /// Runs every kernel, at aligned and unaligned addresses; expects equal bits, the right counts, and losses within the bound.
    @discardableResult
    static func judge(_ rows: StoredRows, _ name: String, offsets: [Int] = [0, 1], findings: inout Findings) -> ErrorStatistics {
        var statistics = ErrorStatistics()
        guard let first = KernelUnderTest.available.first else { return statistics }
        let expected = rows.run(first.softmax)
        for kernel in KernelUnderTest.available {
            for offset in offsets {
                let result = rows.run(kernel.softmax, byteOffset: offset)
                findings.check(!result.isOutOfBounds, "\(name) \(kernel.instructionSet): written outside its room")
                findings.check(
                    result.hasSameBits(as: expected),
                    "\(name) \(kernel.instructionSet) at offset \(offset): \(result), \(first.instructionSet) gave \(expected)")
                findings.check(
                    result.instructionSetCode == kernel.code, "\(name): \(kernel.instructionSet) says \(result.instructionSetCode)")
            }
        }
        var unscored = 0
        var correct = 0
        for (i, row) in rows.values.enumerated() {
            let label = rows.labels[i]
            let truth = TrueLoss.softmax(row, label: label)
            let error = truth.error(of: expected.losses[i])
            let text = "\(name) row \(i) label \(label) -> \(hex(expected.losses[i])), true \(truth)"
            statistics.add(error, text)
            findings.check(error <= bound, "\(error) ULP: \(text), \(row.prefix(9).map { "\($0)" })")
            if truth.isUndefined {
                unscored += 1
            } else if let largest = row.max(), largest < .infinity, row.firstIndex(of: largest) == Int(label) {
                correct += 1
            }
        }
        findings.check(expected.unscoredRowCount == unscored, "\(name): \(expected.unscoredRowCount) unscored, should be \(unscored)")
        findings.check(expected.correctRowCount == correct, "\(name): \(expected.correctRowCount) correct, should be \(correct)")
        return statistics
    }

    // MARK: Ordinary and extreme rows

    @Test(
        "losses are within 2.6 ULP for every number of classes", arguments: StoredElement.allCases,
        [1, 2, 3, 7, 8, 9, 10, 31, 32, 33, 40, 64, 100])
    func narrowRows(element: StoredElement, classCount: Int) {
        let seed = UInt64(1000 * element.rawValue + classCount)
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var total = ErrorStatistics()
        for kind in RowKind.allCases {
            var rows = StoredRows(element, classCount: classCount)
            for _ in 0..<max(2, 6 * effort / (1 + classCount / 16)) {
                let label = Int.random(in: 0..<classCount, using: &random)
                rows.append(kind.row(classCount: classCount, label: label, element, &random), label: Int32(label))
            }
            total.merge(Self.judge(rows, "\(kind)", findings: &findings))
        }
        print("softmax \(element) C = \(classCount), seed \(seed): \(total.description)")
        findings.expectNone("\(element), \(classCount) classes, seed \(seed)")
    }

    @Test("losses are within 2.6 ULP for wide rows", arguments: StoredElement.allCases, [1000, 49152, 262144])
    func wideRows(element: StoredElement, classCount: Int) {
        let seed = UInt64(77 * element.rawValue + classCount)
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var rows = StoredRows(element, classCount: classCount)
        // A debug build's oracle takes a minute for the widest.
        let kinds: [RowKind] =
            switch classCount {
            case ...1000: RowKind.allCases
            case ...50000: [.normal, .confident, .far]
            default: effort == 1 ? [.normal] : [.normal, .confident]
            }
        for kind in kinds {
            let label = Int.random(in: 0..<classCount, using: &random)
            rows.append(kind.row(classCount: classCount, label: label, element, &random), label: Int32(label))
        }
        let statistics = Self.judge(rows, "wide", findings: &findings)
        print("softmax \(element) C = \(classCount), seed \(seed): \(statistics.description)")
        findings.expectNone("\(element), \(classCount) classes, seed \(seed)")
    }

    @Test("many rows of random widths and spreads stay within 2.6 ULP", arguments: seeds)
    func manyRows(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for element in StoredElement.allCases {
            var total = ErrorStatistics()
            for classCount in [2, 3, 5, 8, 13] {
                var rows = StoredRows(element, classCount: classCount)
                for _ in 0..<(30 * effort) {
                    let spread = random.pick([0.1, 1, 5, 30, 300, 740])
                    let shift = random.nextUniform(in: -spread...spread)
                    rows.append(
                        (0..<classCount).map { _ in random.nextUniform(in: -spread...spread) + shift },
                        label: Int32.random(in: 0..<Int32(classCount), using: &random))
                }
                total.merge(Self.judge(rows, "spread", offsets: [0], findings: &findings))
            }
            print("softmax \(element), many: \(total.description)")
        }
        findings.expectNone("seed \(seed)")
    }

    // MARK: Tiny losses

    @Test("a confident row keeps its digits, down to subnormal losses of many classes", arguments: [2, 9, 33, 1000, 4096])
    func tinyLosses(classCount: Int) {
        var findings = Findings()
        var total = ErrorStatistics()
        var rows = StoredRows(.float64, classCount: classCount)
        let label = classCount / 2
        for distance in [
            46.0, 600, 623.8, 623.9, 690.7755, 699.9, 700, 708.3, 708.5, 709, 715, 730, 740, 744, 744.4401, 745, 745.13, 745.14, 745.5, 746,
            748, 750, 752, 753.4, 760, 761,
        ] {
            for logit in [0.0, 3.75, -500.125] {
                var row = [Double](repeating: logit - distance, count: classCount)
                row[label] = logit
                rows.append(row, label: Int32(label))
            }
        }
        total.merge(Self.judge(rows, "tiny", findings: &findings))
        print("softmax tiny losses, C = \(classCount): \(total.description)")
        findings.expectNone("\(classCount) classes")
    }

    // MARK: Infinities and NaN

    @Test("infinities and NaN in any place", arguments: StoredElement.allCases)
    func nonFinite(element: StoredElement) {
        var findings = Findings()
        for classCount in [1, 2, 7, 8, 9, 31, 32, 33, 40, 65] {
            for special in [Double.nan, -.nan, .infinity, -.infinity] {
                var rows = StoredRows(element, classCount: classCount)
                for column in 0..<classCount {
                    for label in Set([0, classCount / 2, classCount - 1, column]).sorted() {
                        var row = (0..<classCount).map { Double($0 % 5) - 2 }
                        row[column] = special
                        rows.append(row, label: Int32(label))
                    }
                }
                rows.append([Double](repeating: special, count: classCount), label: 0)
                Self.judge(rows, "\(special), C = \(classCount)", offsets: [0], findings: &findings)
            }
            var rows = StoredRows(element, classCount: classCount)
            for label in 0..<classCount {
                var row = [Double](repeating: -.infinity, count: classCount)
                row[label] = 1.5
                rows.append(row, label: Int32(label))
                rows.append(row, label: Int32((label + 1) % classCount))
                row = [Double](repeating: .infinity, count: classCount)
                row[label] = -.infinity
                rows.append(row, label: Int32(label))
            }
            Self.judge(rows, "infinities, C = \(classCount)", offsets: [0], findings: &findings)
        }
        findings.expectNone("\(element)")
    }

    @Test("a NaN of any payload is not scored", arguments: StoredElement.allCases)
    func payloads(element: StoredElement) {
        let seed: UInt64 = 99
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        let infinity = element.bits(of: .infinity)
        let fractionMask = (infinity & (~infinity + 1)) - 1
        let sign = element.bits(of: -0.0)
        for classCount in [2, 9, 40] {
            var rows = StoredRows(element, classCount: classCount)
            func append(_ payload: UInt64) {
                let fraction = payload & fractionMask
                guard fraction != 0 else { return }
                for nan in [infinity | fraction, sign | infinity | fraction] {
                    var row = [UInt64](repeating: element.bits(of: 0), count: classCount)
                    row[classCount - 1] = nan
                    rows.append(bits: row, label: 0)
                }
            }
            for bit in 0..<52 { append(1 << UInt64(bit)) }
            // 1954 is what the R language writes for a missing value.
            for payload in UInt64(1)...4200 { append(payload | (random.next() & 1) << 51) }
            append(1954)
            for _ in 0..<500 { append(random.next()) }
            Self.judge(rows, "payload, C = \(classCount)", offsets: [0], findings: &findings)
        }
        findings.expectNone("\(element), seed \(seed)")
    }

    // MARK: Labels

    @Test("labels outside of the classes are not scored, whatever lies around the row")
    func labelsOutOfRange() {
        var findings = Findings()
        for element in StoredElement.allCases {
            for classCount in [1, 2, 8, 33] {
                var rows = StoredRows(element, classCount: classCount)
                for label in [-1, Int32.min, Int32.max, Int32(classCount), Int32(classCount) + 1, -100, 0, Int32(classCount - 1)] {
                    rows.append((0..<classCount).map { Double($0) / 4 }, label: label)
                }
                Self.judge(rows, "C = \(classCount)", findings: &findings)
                #expect(rows.run(KernelUnderTest.available[0].softmax).unscoredRowCount == 6)
            }
        }
        findings.expectNone("labels")
    }

    @Test("of equal logits only the first is correct", arguments: StoredElement.allCases)
    func ties(element: StoredElement) {
        var findings = Findings()
        for classCount in [2, 8, 9, 33, 70] {
            var rows = StoredRows(element, classCount: classCount)
            for first in Set([0, 1, classCount / 2, classCount - 2]).sorted() {
                for second in (first + 1)..<classCount {
                    for level in [1.0, 2000, -2000] {
                        var row = [Double](repeating: level - 8, count: classCount)
                        row[first] = level
                        row[second] = level
                        rows.append(row, label: Int32(first))
                        rows.append(row, label: Int32(second))
                    }
                }
                // -0 equals +0.
                var row = [Double](repeating: -1, count: classCount)
                row[first] = -0.0
                row[classCount - 1] = 0
                rows.append(row, label: Int32(first))
                rows.append(row, label: Int32(classCount - 1))
            }
            Self.judge(rows, "C = \(classCount)", offsets: [0], findings: &findings)
        }
        findings.expectNone("\(element)")
    }

    // MARK: Blocks

    @Test("a row's loss does not depend on its neighbours or its place in the block", arguments: StoredElement.allCases)
    func neighbours(element: StoredElement) {
        let seed: UInt64 = 5
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for classCount in [1, 3, 8, 33] {
            let row = (0..<classCount).map { _ in random.nextNormal() }
            let label = Int32.random(in: 0..<Int32(classCount), using: &random)
            var alone = StoredRows(element, classCount: classCount)
            alone.append(row, label: label)
            for kernel in KernelUnderTest.available {
                let expected = alone.run(kernel.softmax).losses[0]
                findings.check(!expected.isNaN, "\(kernel.instructionSet) alone, C = \(classCount)")
                for rowCount in [2, 7, 63, 64, 65, 130] {
                    for place in Set([0, rowCount / 2, rowCount - 1]).sorted() {
                        var rows = StoredRows(element, classCount: classCount)
                        for i in 0..<rowCount {
                            rows.append(i == place ? row : [Double](repeating: .nan, count: classCount), label: label)
                        }
                        let result = rows.run(kernel.softmax)
                        findings.check(
                            sameBits(result.losses[place], expected) && result.unscoredRowCount == rowCount - 1 && !result.isOutOfBounds,
                            "\(kernel.instructionSet) C = \(classCount), row \(place) of \(rowCount): \(result)")
                    }
                }
            }
        }
        findings.expectNone("\(element), seed \(seed)")
    }

    @Test("every count of rows, and every alignment")
    func rowCounts() {
        let seed: UInt64 = 6
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        let all = (0..<70).map { _ in (0..<5).map { _ in random.nextNormal() * 4 } }
        for element in StoredElement.allCases {
            var whole = StoredRows(element, classCount: 5)
            for (i, row) in all.enumerated() { whole.append(row, label: Int32(i % 6)) }
            let expected = whole.run(KernelUnderTest.available[0].softmax).losses
            for kernel in KernelUnderTest.available {
                for rowCount in 0...70 {
                    var rows = StoredRows(element, classCount: 5)
                    for i in 0..<rowCount { rows.append(all[i], label: Int32(i % 6)) }
                    let result = rows.run(kernel.softmax, byteOffset: rowCount % 64)
                    findings.check(
                        zip(result.losses, expected).allSatisfy { sameBits($0, $1) } && !result.isOutOfBounds
                            && result.unscoredRowCount == rowCount / 6,
                        "\(element) \(kernel.instructionSet), \(rowCount) rows: \(result)")
                }
            }
        }
        findings.expectNone("seed \(seed)")
    }
}
