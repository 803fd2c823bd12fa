import Oracle
import Testing

/// Our arithmetic against mpmath's, a second and independent implementation.
@Suite struct ReferenceTests {
    /// The fixture has 240 bits.
    static let agreement = -238

    let values: ReferenceValues

    init() throws {
        values = try ReferenceValues.load()
    }

    private func check(_ points: [ReferenceValues.Point], atLeast count: Int, _ function: (Double) -> BigReal) {
        #expect(points.count >= count)
        for point in points {
            let value = function(point.x)
            #expect(agrees(value, point.truth.value, within: Self.agreement), "at \(hex(point.x)): \(value)")
            #expect(value.rounded().bitPattern == point.truth.rounded.bitPattern, "at \(hex(point.x)): \(value)")
        }
    }

    @Test func exp() {
        check(values.exp, atLeast: 200, Reference.exp)
    }

    @Test func log() {
        check(values.log, atLeast: 200, Reference.log)
    }

    @Test func log1p() {
        check(values.log1p, atLeast: 150, Reference.log1p)
    }

    @Test func negativeLog() {
        check(values.negativeLog, atLeast: 20) { Reference.negativeLog(probability: $0) }
    }

    @Test func negativeLogOfComplement() {
        check(values.negativeLogOfComplement, atLeast: 20, Reference.negativeLogOfComplement)
    }

    @Test func binaryFromLogit() {
        #expect(values.binaryFromLogit.count >= 70)
        for row in values.binaryFromLogit {
            let value = Reference.binaryFromLogit(row.x, label: row.label)
            #expect(agrees(value, row.truth.value, within: Self.agreement), "\(row)")
            #expect(value.rounded().bitPattern == row.truth.rounded.bitPattern, "\(row)")
        }
    }

    @Test func softmaxCrossEntropy() {
        #expect(values.softmaxCrossEntropy.count >= 30)
        for row in values.softmaxCrossEntropy {
            let value = Reference.softmaxCrossEntropy(logits: row.logits, label: row.label)
            #expect(agrees(value, row.truth.value, within: Self.agreement), "\(row.logits.count) classes: \(row)")
            #expect(value.rounded().bitPattern == row.truth.rounded.bitPattern, "\(row.logits.count) classes: \(row)")
        }
    }

    @Test func softmaxCrossEntropyFast() {
        for row in values.softmaxCrossEntropy {
            let value = Reference.softmaxCrossEntropyFast(logits: row.logits, label: row.label)
            #expect(agrees(value, row.truth.value, within: -100), "\(row.logits.count) classes: \(row)")
            #expect(value.rounded().bitPattern == row.truth.rounded.bitPattern, "\(row.logits.count) classes: \(row)")
        }
    }
}

/// As C's `%a`, for messages.
private func hex(_ x: Double) -> String {
    "\(x) = \(BigReal(x))"
}
