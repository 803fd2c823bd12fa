import Oracle
import SeededRandom
import Testing

/// The double-double path, against `BigReal` and against closed forms, to 100 bits.
@Suite struct WideRowTests {
    @Test(arguments: [2, 3, 7, 100, 2000]) func agreesWithBigReal(classCount: Int) {
        let seed: UInt64 = 11 + UInt64(classCount)
        var generator = SplitMix64(seed: seed)
        for scale in [1e-3, 1.0, 20, 300] {
            let logits = (0..<classCount).map { _ in generator.nextNormal() * scale }
            let label = Int(generator.next() % UInt64(classCount))
            let truth = Reference.softmaxCrossEntropy(logits: logits, label: label)
            let value = Reference.softmaxCrossEntropyFast(logits: logits, label: label)
            #expect(agrees(value, truth, within: -100), "seed \(seed), scale \(scale), label \(label)")
        }
    }

    @Test func everyDistanceThatCounts() {
        // Two classes beside the maximum, the second at every distance from the first down to where it is left out.
        for distance in stride(from: 0.0, through: 205, by: 0.37) {
            let logits = [0.0, -1.1, -1.1 - distance]
            let truth = Reference.softmaxCrossEntropy(logits: logits, label: 0)
            let value = Reference.softmaxCrossEntropyFast(logits: logits, label: 0)
            #expect(agrees(value, truth, within: -100), "distance \(distance)")
        }
    }

    @Test func confidentRowKeepsItsDigits() {
        let seed: UInt64 = 5
        var generator = SplitMix64(seed: seed)
        var logits = (0..<1000).map { _ in generator.nextUniform(in: -720 ... -700) }
        logits[321] = 0
        let truth = Reference.softmaxCrossEntropy(logits: logits, label: 321)
        #expect(truth.rounded() > 0 && truth.rounded() < 1e-300)
        #expect(agrees(Reference.softmaxCrossEntropyFast(logits: logits, label: 321), truth, within: -100), "seed \(seed)")
    }

    @Test func equalLogitsOfTheWidestRow() {
        // log(2^18 e^x) − x = 18 ln 2.
        let logits = [Double](repeating: -3.25, count: 1 << 18)
        let value = Reference.softmaxCrossEntropyFast(logits: logits, label: 77)
        #expect(agrees(value, BigReal(18) * Reference.log(2), within: -100))
    }

    @Test func fewDistinctLogitsInTheWidestRow() {
        let seed: UInt64 = 8
        var generator = SplitMix64(seed: seed)
        let distinct = (0..<16).map { _ in generator.nextNormal() * 4 }
        let logits = (0..<(1 << 18)).map { _ in distinct[Int(generator.next() % 16)] }
        var sum = BigReal.zero
        for value in distinct {
            sum += BigReal(logits.filter { $0 == value }.count) * Reference.exp(value)
        }
        let truth = BigReal.log(sum) - BigReal(logits[0])
        #expect(agrees(Reference.softmaxCrossEntropyFast(logits: logits, label: 0), truth, within: -100), "seed \(seed)")
    }

    @Test func entriesOfMinusInfinityContributeNothing() {
        let logits = [-Double.infinity, 1.5, -.infinity, 0.25, -.infinity]
        let truth = Reference.softmaxCrossEntropy(logits: [1.5, 0.25], label: 1)
        #expect(Reference.softmaxCrossEntropy(logits: logits, label: 3) == truth)
        #expect(agrees(Reference.softmaxCrossEntropyFast(logits: logits, label: 3), truth, within: -100))
        #expect(Reference.softmaxCrossEntropyFast(logits: [-.infinity, 9], label: 1).isZero)
    }
}
