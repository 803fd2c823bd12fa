import KernelABI
import SeededRandom
import Testing

/// What kernels say of a block's labels, against the same by plain loops.
@Suite("LabelSurveyTests")
struct LabelSurveyTests {
    @Test("labels are surveyed as words and as bytes", arguments: [0, 1, 5, 8, 9, 64, 100, 1023, 1024])
    func survey(rowCount: Int) {
        var random = SplitMix64(seed: UInt64(rowCount) + 40)
        for ignoredLabel in [Int32.min + 1, 1] {
            // Labels beyond the last are readable, and must not count.
            let bits = (0..<rowCount + 64).map { $0 < rowCount ? Int32(random.next() & 1) : 77 }
            let classes = (0..<rowCount + 64).map { _ in
                random.next() & 7 == 0 ? ignoredLabel : random.next() & 15 == 0 ? Int32.min : Int32.random(in: -5...70_000, using: &random)
            }
            for labels in [bits, classes] {
                let all = labels.prefix(rowCount), counted = all.filter { $0 != ignoredLabel }
                let firstRow = UInt64(random.next() >> 20)
                for kernel in KernelUnderTest.available {
                    // Bytes are 0 and 1, and none of them is ignored.
                    for areBytes in labels == bits && ignoredLabel != 1 ? [false, true] : [false] {
                        let survey = Self.survey(labels, areBytes: areBytes, rowCount, firstRow, ignoredLabel, kernel)
                        let context = Comment(rawValue: "\(kernel.instructionSet), bytes \(areBytes), ignored \(ignoredLabel)")
                        #expect(survey.least == counted.min() ?? .max, context)
                        #expect(survey.greatest == counted.max() ?? .min, context)
                        #expect(survey.countedRowCount == counted.count, context)
                        #expect(survey.sum == counted.reduce(0) { $0 + Int64($1) }, context)
                        #expect(survey.fingerprint == Self.fingerprint(all, firstRow), context)
                    }
                }
            }
        }
    }

    private static func survey(
        _ labels: [Int32], areBytes: Bool, _ rowCount: Int, _ firstRow: UInt64, _ ignoredLabel: Int32, _ kernel: KernelUnderTest
    ) -> LabelSurvey {
        let bytes = labels.map { UInt8(truncatingIfNeeded: $0) }
        return labels.withUnsafeBufferPointer { labels in
            bytes.withUnsafeBufferPointer { bytes in
                var survey = LabelSurvey(
                    labels: labels.baseAddress!, targets: nil, bytes: areBytes ? bytes.baseAddress! : nil, rowCount: rowCount, firstRow: firstRow,
                    ignoredLabel: ignoredLabel, least: 0, greatest: 0, countedRowCount: -1, sum: -1, fingerprint: 0)
                kernel.table.surveyLabels(&survey)
                return survey
            }
        }
    }

    /// The sum, modulo 2^64, of a mix of each row's place and label.
    private static func fingerprint(_ labels: some Sequence<Int32>, _ firstRow: UInt64) -> UInt64 {
        var sum: UInt64 = 0
        for (row, label) in zip(firstRow..., labels) {
            // Wrapping: it is a hash.
            let mixed = UInt64(UInt32(bitPattern: label)) ^ (row &* 0x9E37_79B9_7F4A_7C15)
            sum &+= (mixed & 0xFFFF_FFFF) &* (mixed >> 32) &+ mixed
        }
        return sum
    }
}
