import Elements
import Scoring
import SeededRandom
import Testing

@testable import Insight

/// Tables of scores against sorting.
@Suite struct RankTests {
    private static func scores(_ count: Int, seed: UInt64, isRounded: Bool) -> [(score: Double, isPositive: Bool)] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            let isPositive = Int.random(in: 0..<3, using: &random) == 0
            let score = Double.random(in: -1...1, using: &random) + (isPositive ? 0.4 : 0)
            return (isRounded ? (score * 20).rounded() / 20 : score, isPositive)
        }
    }

    /// The area under the curve and the average precision by their definitions.
    private static func bruteForce(_ scores: [(score: Double, isPositive: Bool)]) -> (area: Double, precision: Double) {
        let positives = scores.filter(\.isPositive).map(\.score), negatives = scores.filter { !$0.isPositive }.map(\.score)
        var wins = 0.0
        for p in positives {
            for n in negatives { wins += p > n ? 1 : p == n ? 0.5 : 0 }
        }
        var precision = 0.0
        for threshold in Set(scores.map(\.score)).sorted(by: >) {
            let trues = positives.count { $0 >= threshold }, before = positives.count { $0 > threshold }
            let all = scores.count { $0.score >= threshold }
            precision += Double(trues - before) / Double(positives.count) * Double(trues) / Double(all)
        }
        return (wins / Double(positives.count * negatives.count), precision)
    }

    @Test(arguments: [false, true])
    func figuresAreExact(isRounded: Bool) {
        let scores = Self.scores(600, seed: 31, isRounded: isRounded)
        var table = RankTable(hasWeights: false)
        for (score, isPositive) in scores { table.add(score, isPositive: isPositive) }
        let figures = RankingFigures(table)
        let expected = Self.bruteForce(scores)
        #expect((figures.rocArea.value - expected.area).magnitude < 1e-13)
        #expect((figures.averagePrecision.value - expected.precision).magnitude < 1e-13)
        #expect(figures.isExact)
        #expect(figures.rocArea.lower == figures.rocArea.upper)
        #expect(figures.distinctCount == Set(scores.map(\.score)).count)
    }

    /// Each point of the curves is what its threshold says, they are few, and no step of them is longer than a score's own rows make it.
    @Test(arguments: [(600, true), (600, false), (3000, false), (3, false)], [nil, 64])
    func curvesAreThoseOfTheirThresholds(_ shape: (count: Int, isRounded: Bool), limit: Int?) {
        let scores = Self.scores(shape.count, seed: 34, isRounded: shape.isRounded)
        var table = RankTable(limit: limit ?? RankTable.usualLimit, hasWeights: false)
        for (score, isPositive) in scores { table.add(score, isPositive: isPositive) }
        let curve = RankingFigures.curve(of: table)
        let positives = Double(scores.count(where: \.isPositive)), negatives = Double(scores.count) - positives
        guard positives > 0, negatives > 0 else {
            #expect(curve.isEmpty)
            return
        }
        for point in curve {
            let called = scores.filter { $0.score >= point.threshold }
            let trues = Double(called.count(where: \.isPositive))
            #expect(point.truePositiveRate == trues / positives && point.precision == trues / Double(called.count))
            #expect(point.falsePositiveRate == (Double(called.count) - trues) / negatives)
        }
        #expect(curve.count <= 500 && curve.last?.truePositiveRate == 1 && curve.last?.falsePositiveRate == 1)
        let flushed = table.flushed
        let thresholds = flushed.entries.map { flushed.range(of: $0).lowerBound }
        for (one, next) in zip(curve, curve.dropFirst()) {
            #expect(one.threshold > next.threshold)
            let step = max(next.truePositiveRate - one.truePositiveRate, next.falsePositiveRate - one.falsePositiveRate)
            // Beyond that the step is one entry's.
            let between = thresholds.count { $0 < one.threshold && $0 >= next.threshold }
            #expect(step < 2 * RankingFigures.curveStep || between == 1)
        }
    }

    @Test func curvesOfOneOutcomeAreNone() {
        var table = RankTable(hasWeights: false)
        table.add(0.5, isPositive: true)
        #expect(RankingFigures.curve(of: table).isEmpty)
    }

    /// A coarse histogram has at most so many bins, in order, and each number lies in one of them that counts it.
    @Test(arguments: [1, 2, 7, 64], [0.5, 30.0, 1000.0])
    func binsHoldAllNumbers(limit: Int, spread: Double) {
        var random = SplitMix64(seed: 33)
        var numbers = (0..<3000).map { _ in
            let magnitude = Double(sign: .plus, exponent: Int(Double.random(in: -spread...spread, using: &random)), significand: 1.5)
            return Bool.random(using: &random) ? magnitude : -magnitude
        }
        numbers += [0, 0, .infinity, -.infinity, .leastNonzeroMagnitude]
        var histogram = LogLinearHistogram(hasWeights: false), weighted = LogLinearHistogram(hasWeights: true)
        for number in numbers {
            histogram.add(number)
            weighted.add(number, weight: 0.5)
        }
        let bins = histogram.bins(limit: limit)
        #expect(!bins.isEmpty && bins.count <= limit)
        for (index, bin) in bins.enumerated() {
            let isLast = index == bins.count - 1
            #expect(bin.lower <= bin.upper && (isLast || bin.upper <= bins[index + 1].lower))
            #expect(numbers.count { $0 >= bin.lower && ($0 < bin.upper || isLast || bin.upper == bin.lower) } == Int(bin.rowCount))
        }
        #expect(bins.reduce(0) { $0 + $1.rowCount } == UInt64(numbers.count))
        let halves = weighted.bins(limit: limit)
        #expect(halves.map(\.rowCount) == bins.map(\.rowCount))
        #expect(halves.map(\.weight) == bins.map { Double($0.rowCount) / 2 })
        #expect(LogLinearHistogram(hasWeights: false).bins(limit: limit).isEmpty)
    }

    /// Weights that are all 1 change nothing.
    @Test func weightsOfOneAreNone() {
        let scores = Self.scores(500, seed: 32, isRounded: true)
        var plain = RankTable(hasWeights: false), weighted = RankTable(hasWeights: true)
        for (score, isPositive) in scores {
            plain.add(score, isPositive: isPositive)
            weighted.add(score, isPositive: isPositive, weight: 1)
        }
        #expect(RankingFigures(plain).rocArea == RankingFigures(weighted).rocArea)
        #expect(RankingFigures(plain).averagePrecision == RankingFigures(weighted).averagePrecision)
    }

    /// Past the limit of different scores the bounds hold the true figures.
    @Test(arguments: [8, 50, 200])
    func boundsHoldPastTheLimit(limit: Int) {
        let scores = Self.scores(1500, seed: 33, isRounded: false)
        var table = RankTable(limit: limit, hasWeights: false)
        for (score, isPositive) in scores { table.add(score, isPositive: isPositive) }
        let figures = RankingFigures(table)
        let expected = Self.bruteForce(scores)
        #expect(!figures.isExact)
        #expect(figures.distinctCount <= limit)
        #expect(figures.rocArea.lower <= expected.area && expected.area <= figures.rocArea.upper)
        #expect(figures.averagePrecision.lower <= expected.precision && expected.precision <= figures.averagePrecision.upper)
        // A few keys tell little; more tell much.
        #expect(figures.rocArea.upper - figures.rocArea.lower < (limit < 10 ? 0.6 : 0.1))
    }

    /// Past the limit too the table depends on the set of scores alone: however they are cut, and in whatever order parts are merged.
    @Test(arguments: [1, 2, 16, 100, 1000])
    func coarseningCommutesWithMerging(limit: Int) {
        let scores = Self.scores(3000, seed: 34, isRounded: false)
        func table(_ parts: [Range<Int>]) -> [UInt8] {
            var whole = RankTable(limit: limit, hasWeights: false)
            for part in parts {
                var one = RankTable(limit: limit, hasWeights: false)
                for (score, isPositive) in scores[part] { one.add(score, isPositive: isPositive) }
                whole.merge(one)
            }
            var bytes: [UInt8] = []
            whole.encode(into: &bytes)
            return bytes
        }
        let whole = table([0..<3000])
        #expect(table([0..<10, 10..<1500, 1500..<3000]) == whole)
        #expect(table([1500..<3000, 10..<1500, 0..<10]) == whole)
        #expect(table((0..<30).map { $0 * 100..<($0 + 1) * 100 }) == whole)
    }

    /// Scores that are counted at the places of their keys, since keys were cut before, give the table that sorting gives: scores beyond the keys that
    /// were seen, such as there is no room for, and NaN among them.
    @Test(arguments: [16, 1000])
    func countingGivesTheTableOfSorting(limit: Int) throws {
        var scores = Self.scores(200_000, seed: 37, isRounded: false)
        for index in stride(from: 70_000, to: 200_000, by: 997) { scores[index].score *= [1e-3, 1e30, -1e-200, .infinity, -.infinity][index % 5] }
        scores[150_000].score = .nan
        var counted = RankTable(limit: limit, hasWeights: false), inBlocks = counted, sorted = counted
        for (score, isPositive) in scores where !score.isNaN { counted.add(score, isPositive: isPositive) }
        let kernels = PredictionKernels(.best)
        var places = PredictionKernels.Places(), inPlaceCount = 0
        for start in stride(from: 0, to: scores.count, by: 1000) {
            let block = scores[start..<start + 1000]
            var next = 0
            if !block.contains(where: { $0.score.isNaN }) {
                // Kernels read 64 bytes beyond the last one.
                let values = block.map { $0.score } + [Double](repeating: 0, count: 8), labels = block.map { Int32($0.isPositive ? 1 : 0) }
                next = values.withUnsafeBytes { values in
                    values.baseAddress.map { inBlocks.count($0, .float64, labels, count: 1000, kernels, &places) } ?? 0
                }
                inPlaceCount += next
            }
            for (score, isPositive) in block.dropFirst(next) where !score.isNaN { inBlocks.add(score, isPositive: isPositive) }
            var part = RankTable(limit: limit, hasWeights: false)
            for (score, isPositive) in scores[start..<start + 1000] where !score.isNaN { part.add(score, isPositive: isPositive) }
            sorted.merge(part)
        }
        func bytes(_ table: RankTable) -> [UInt8] {
            var bytes: [UInt8] = []
            table.encode(into: &bytes)
            return bytes
        }
        #expect(bytes(counted) == bytes(sorted) && bytes(inBlocks) == bytes(sorted))
        #expect(inPlaceCount > 0)
        let counts = counted.flushed.outcomeCounts
        #expect(counts.positive + counts.negative == UInt64(scores.count - 1))
        // From bytes, too, more scores are counted.
        var decoded = RankTable(limit: limit, hasWeights: false)
        var reader = SectionReader(bytes(sorted)[...])
        try decoded.decode(&reader)
        for (score, isPositive) in scores where !score.isNaN {
            decoded.add(score, isPositive: isPositive)
            counted.add(score, isPositive: isPositive)
        }
        #expect(bytes(decoded) == bytes(counted))
    }

    /// Counts in place are of 16 bits, and say so of no score, however often it comes.
    @Test func aScoreMayComeAsOftenAsItLikes() {
        // Of so many different ones keys are cut; then two scores come again and again.
        let scores = Self.scores(70_000, seed: 39, isRounded: false)
        let often = (0..<400_000).map { (score: $0 % 5 == 0 ? 0.75 : 0.25, isPositive: $0 % 3 == 0) }
        var counted = RankTable(limit: 16, hasWeights: false), inBlocks = counted, sorted = counted
        for (score, isPositive) in scores {
            counted.add(score, isPositive: isPositive)
            inBlocks.add(score, isPositive: isPositive)
        }
        for start in stride(from: 0, to: 70_000, by: 1000) {
            var part = RankTable(limit: 16, hasWeights: false)
            for (score, isPositive) in scores[start..<start + 1000] { part.add(score, isPositive: isPositive) }
            sorted.merge(part)
        }
        let kernels = PredictionKernels(.best)
        var places = PredictionKernels.Places(), inPlaceCount = 0
        for start in stride(from: 0, to: often.count, by: 1000) {
            let block = often[start..<start + 1000]
            for (score, isPositive) in block { counted.add(score, isPositive: isPositive) }
            // Kernels read 64 bytes beyond the last one.
            let values = block.map { $0.score } + [Double](repeating: 0, count: 8), labels = block.map { Int32($0.isPositive ? 1 : 0) }
            let next = values.withUnsafeBytes { values in
                values.baseAddress.map { inBlocks.count($0, .float64, labels, count: 1000, kernels, &places) } ?? 0
            }
            inPlaceCount += next
            for (score, isPositive) in block.dropFirst(next) { inBlocks.add(score, isPositive: isPositive) }
            var part = RankTable(limit: 16, hasWeights: false)
            for (score, isPositive) in block { part.add(score, isPositive: isPositive) }
            sorted.merge(part)
        }
        func bytes(_ table: RankTable) -> [UInt8] {
            var bytes: [UInt8] = []
            table.encode(into: &bytes)
            return bytes
        }
        #expect(inPlaceCount > 300_000)
        #expect(bytes(counted) == bytes(sorted) && bytes(inBlocks) == bytes(sorted))
    }

    /// The numbers that keys may stand for hold all scores, also while some are not merged.
    @Test(arguments: [4, 50, 5000])
    func keysEncloseTheirScores(limit: Int) {
        let scores = Self.scores(1000, seed: 38, isRounded: false)
        var pending = RankTable(limit: limit, hasWeights: false)
        for (score, isPositive) in scores { pending.add(score, isPositive: isPositive) }
        let table = pending.flushed
        #expect(table.isExact == (limit >= 1000))
        let ranges = table.entries.map { table.range(of: $0) }
        for (score, _) in scores { #expect(ranges.contains { $0.contains(score) }) }
        if limit < 1000 { #expect(ranges.allSatisfy { $0.lowerBound < $0.upperBound }) }
    }

    @Test func clustersPastTheLimitAreTheSame() throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 2000, classCount: 3, seed: 35)
        for limit in [1, 3, 10, 1000] {
            let prototype = Clusters(rows.specification, limit: limit)
            let whole = try rows.observed(prototype)
            #expect(whole.count <= limit)
            #expect(try rows.observed(prototype, parts: [1000..<2000, 0..<10, 10..<1000], blockRowCount: 17).encoded == whole.encoded)
        }
    }

    @Test func keysHaveTheOrderOfNumbers() {
        let numbers: [Double] = [
            -.infinity, -1e300, -1, -0x1p-1074, -0.0, 0, 0x1p-1074, 1, 1.0000000000000002, 1e300, .infinity,
        ]
        for (one, other) in zip(numbers, numbers.dropFirst()) {
            if one == other {
                #expect(OrderedKey.key(of: one) == OrderedKey.key(of: other))
            } else {
                #expect(OrderedKey.key(of: one) < OrderedKey.key(of: other))
            }
        }
        for number in numbers { #expect(OrderedKey.number(of: OrderedKey.key(of: number)) == number) }
    }

    @Test func radixSortSorts() {
        var random = SplitMix64(seed: 36)
        for shift in [0, 30, 61] as [UInt64] {
            let numbers = (0..<2000).map { _ in random.next() >> shift }
            var sorted = numbers
            RadixSort.sort(&sorted)
            #expect(sorted == numbers.sorted())
        }
    }

    /// Quantiles lie between their bounds, and the bounds are narrow.
    /// Of few rows the quantiles are exact, also from a merge; of more they are those of the histogram, whatever came first.
    @Test(arguments: [false, true])
    func quantilesOfFewRowsAreExact(hasWeights: Bool) throws {
        let limit = LossQuantiles.exactLimit
        for rowCount in [1, 1000, limit, limit + 1] {
            let rows = RandomRows(try RandomRows.loss(.binary, .logits, hasWeights: hasWeights), rowCount: rowCount, classCount: 1, seed: 57)
            let prototype = try LossQuantiles(rows.specification, orders: [0, 0.25, 0.5, 0.999, 1])
            let whole = try rows.observed(prototype)
            let parts = try rows.observed(prototype, parts: [rowCount / 2..<rowCount, 0..<rowCount / 3, rowCount / 3..<rowCount / 2])
            #expect(whole.encoded == parts.encoded, "\(rowCount) rows")
            var decoded = prototype
            try decoded.decode(from: whole.encoded[...])
            #expect(decoded.encoded == whole.encoded && decoded.quantiles == whole.quantiles, "\(rowCount) rows")
            let isExact = whole.quantiles.allSatisfy { $0.lower == $0.upper }
            #expect(isExact == (rowCount <= limit), "\(rowCount) rows")
            #expect((whole.interpolated != nil) == (rowCount <= limit && !hasWeights), "\(rowCount) rows")
            guard isExact, !hasWeights else { continue }
            var losses: [Double] = []
            rows.score(0..<rowCount, blockRowCount: 1024, facts: []) { block in
                losses += (0..<block.rows.rowCount).map { block.losses(ofDialect: 0)[$0] }
            }
            losses.sort()
            for quantile in whole.quantiles {
                #expect(quantile.value == losses[max(0, Int((quantile.order * Double(rowCount)).rounded(.up)) - 1)], "\(rowCount) rows")
            }
        }
    }

    @Test func quantilesAreEnclosed() {
        var random = SplitMix64(seed: 37)
        let numbers = (0..<5000).map { _ in Double.random(in: 0...1, using: &random) * Double(sign: .plus, exponent: Int.random(in: -30...4, using: &random), significand: 1) }
            + [0, 0, .infinity]
        var histogram = LogLinearHistogram(hasWeights: false)
        for number in numbers { histogram.add(number) }
        let sorted = numbers.sorted()
        let orders = [0, 0.0001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]
        for (order, quantile) in zip(orders, histogram.quantiles(orders)) {
            let expected = sorted[max(0, Int((order * Double(numbers.count)).rounded(.up)) - 1)]
            #expect(quantile.lower <= expected && expected <= quantile.upper, "\(order)")
            if expected > 0, expected < .infinity {
                #expect((quantile.value - expected).magnitude <= LogLinearHistogram.relativeError * expected, "\(order)")
            }
        }
    }
}
