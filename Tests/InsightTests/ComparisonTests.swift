import Elements
import Scoring
import SeededRandom
import Testing

@testable import Insight

/// Two models on the same rows: the state of a comparison depends on the set of rows alone, groups that were observed apart tell what rows do, and
/// divergences are those of the definition, and never negative.
@Suite struct ComparisonTests {
    /// Rows of one model, and the values of another for the same rows.
    private struct Pair {
        let rows: RandomRows
        let second: [Float]

        init(rows: RandomRows, second: [Float]) { (self.rows, self.second) = (rows, second) }

        /// - Parameter noise: how far B's values are from A's.
        init(_ specification: LossSpecification, rowCount: Int, classCount: Int, seed: UInt64, noise: Float = 1) {
            rows = RandomRows(specification, rowCount: rowCount, classCount: classCount, seed: seed)
            var random = SplitMix64(seed: seed &+ 1)
            second = rows.values.map { value in
                let moved = value + (noise == 0 ? 0 : Float.random(in: -noise...noise, using: &random))
                switch specification.input {
                case .logits: return moved
                // No loss is infinite: the error of a difference would be no number.
                case .probabilities: return min(0.999, max(0.001, moved))
                case .logProbabilities: return min(-0.001, moved)
                }
            }
        }

        /// Returns the observer after the rows of a range.
        func observed(
            _ prototype: PairedRows, _ range: Range<Int>, blockRowCount: Int,
            shownText: @escaping (_ column: Int, _ row: Int) -> String? = RandomRows.shownText
        ) -> PairedRows {
            var pairs = prototype
            // Kernels may read behind the last row.
            let second = second + [Float](repeating: 0, count: 32)
            second.withUnsafeBytes { second in
                guard let base = second.baseAddress else { return }
                let width = 4 * rows.classCount
                rows.score(
                    range, blockRowCount: blockRowCount, facts: prototype.requiredFacts,
                    beside: {
                        [CompanionValues(name: PairedRows.column, bytes: base + width * $0, rowByteCount: width, elementName: "f4")]
                    }, shownText: shownText, { pairs.observe($0) })
            }
            return pairs
        }

        /// Returns an observer of B's own evaluation.
        func observedSecond<Observer: RowObserver>(_ prototype: Observer) throws -> Observer {
            try RandomRows(rows, values: second).observed(prototype)
        }
    }

    private static func prototype(
        _ pair: Pair, hasEverything: Bool = true, worstCount: Int = 7, shownColumns: [String] = ["id", "name"]
    ) throws -> PairedRows {
        var choice = PairedRows.Choice()
        choice.hasClusters = hasEverything
        choice.worstCount = hasEverything ? worstCount : 0
        choice.shownColumns = hasEverything ? shownColumns : []
        let task = pair.rows.specification.task
        choice.slices = hasEverything ? [[.label], [.predicted, .companion(Clusters.column)]] : []
        choice.hasLlamaCpp = task == .multiclass && hasEverything
        return try PairedRows(
            pair.rows.specification,
            PairedRows.Second(pair.rows.specification, classCount: pair.rows.classCount, ignoredLabel: .min), choice)
    }

    @Test(arguments: MergingTests.losses)
    func anyCutAndOrderGiveTheSameBytes(task: LossTask, input: PredictionInput, hasWeights: Bool) throws {
        let classCount = task == .binary ? 1 : 5
        let pair = Pair(try RandomRows.loss(task, input, hasWeights: hasWeights), rowCount: 3000, classCount: classCount, seed: 21)
        let prototype = try Self.prototype(pair)
        let whole = pair.observed(prototype, 0..<3000, blockRowCount: 1024)
        #expect(whole.pairCount == 3000 && whole.worst?.rows.count == 7)
        for (cuts, blockRowCount) in [([0..<1000, 1000..<1001, 1001..<3000], 100), ([1001..<3000, 0..<1000, 1000..<1001], 64)] {
            var parts = prototype
            for range in cuts { try parts.merge(pair.observed(prototype, range, blockRowCount: blockRowCount)) }
            #expect(parts.encoded == whole.encoded, "\(task) \(input), blocks of \(blockRowCount)")
        }
        var decoded = prototype
        try decoded.decode(from: whole.encoded[...])
        #expect(decoded.encoded == whole.encoded)
        for end in stride(from: 0, to: whole.encoded.count - 1, by: max(1, whole.encoded.count / 40)) {
            #expect(throws: PartialError.self) { try decoded.decode(from: whole.encoded[..<end]) }
        }
    }

    /// The kept rows have the values of their own shown columns, and those of no other row are read.
    @Test(arguments: [false, true])
    func changesAreListedWithTheirColumns(hasWeights: Bool) throws {
        let pair = Pair(try RandomRows.loss(.multiclass, .logits, hasWeights: hasWeights), rowCount: 3000, classCount: 4, seed: 33)
        var readRows: [Int] = []
        let pairs = pair.observed(try Self.prototype(pair), 0..<3000, blockRowCount: 500) { column, row in
            if column == 0 { readRows.append(row) }
            return RandomRows.shownText(column, row)
        }
        let worst = try #require(pairs.worst)
        #expect(worst.rows.count == 7 && worst.shownColumns.names == ["id", "name"])
        for row in worst.rows {
            for (column, value) in row.shown.enumerated() {
                let text = RandomRows.shownText(column, Int(row.number)) ?? ""
                #expect(text.count > 2000 ? value.shown.hasSuffix("…") && text.hasPrefix(value.shown.dropLast()) : value.shown == (text.isEmpty ? "none" : text))
                #expect(value.shown.utf8.count <= ShownColumns.byteLimit + "…".utf8.count)
            }
        }
        // Row by row, those that are among the first seven so far.
        let all = try #require(pair.observed(try Self.prototype(pair, worstCount: 3000), 0..<3000, blockRowCount: 1024).worst).rows
        var kept: [WorstChanges.Row] = [], entering: [Int] = []
        for row in all.sorted(by: { $0.number < $1.number }) {
            kept = (kept + [row]).sorted { $0.comes(before: $1) }
            if kept.count <= 7 || kept[7].number != row.number { entering.append(Int(row.number)) }
            kept = Array(kept.prefix(7))
        }
        #expect(readRows == entering && entering.count < 200)
        #expect(worst.rows.map(\.number) == all.prefix(7).map(\.number))
    }

    /// Values that do not lie beside the predictions are filled in at the end.
    @Test func valuesOfOtherFilesAreFilledIn() throws {
        let pair = Pair(try RandomRows.loss(.binary, .logits), rowCount: 300, classCount: 1, seed: 34)
        var pairs = pair.observed(try Self.prototype(pair), 0..<300, blockRowCount: 64)
        let before = try #require(pairs.worst).rows
        #expect(Set(pairs.numbersOfRows) == Set(before.map(\.number)) && pairs.shownColumnsOfRows?.names == ["id", "name"])
        pairs.show([before[0].number: "first", before[1].number: ""], inColumn: 1)
        let after = try #require(pairs.worst).rows
        #expect(after.map { $0.shown[0] } == before.map { $0.shown[0] } && after.map(\.number) == before.map(\.number))
        #expect(after.map { $0.shown[1] } == [.text("first")] + Array(repeating: .missing, count: 6))
    }

    /// Columns without rows, and names that are none, are refused; states with other columns are not merged.
    @Test func columnsThatCannotBeShown() throws {
        let pair = Pair(try RandomRows.loss(.multiclass, .logits), rowCount: 100, classCount: 3, seed: 35)
        let without = #expect(throws: SpecificationError.self) { try Self.prototype(pair, worstCount: 0) }
        #expect(without?.description.contains("none are listed") == true)
        for names in [["id", "id"], [""], (0...64).map { "\($0)" }] {
            #expect(throws: SpecificationError.self) { try Self.prototype(pair, shownColumns: names) }
            #expect(throws: SpecificationError.self) { try WorstRows(pair.rows.specification, count: 5, shownColumns: names) }
        }
        var state = pair.observed(try Self.prototype(pair), 0..<50, blockRowCount: 64)
        let other = pair.observed(try Self.prototype(pair, shownColumns: ["id"]), 50..<100, blockRowCount: 64)
        #expect(throws: PartialError.self) { try state.merge(other) }
    }

    /// Groups of rows, and clusters, that two evaluations observed apart give the difference, its error, bounds and chance to the bit.
    @Test(arguments: MergingTests.losses)
    func groupsTellWhatRowsDo(task: LossTask, input: PredictionInput, hasWeights: Bool) throws {
        let classCount = task == .binary ? 1 : 5
        let specification = try RandomRows.loss(task, input, hasWeights: hasWeights)
        let pair = Pair(specification, rowCount: 2500, classCount: classCount, seed: 23)
        for hasClusters in [false, true] {
            let rows = pair.observed(try Self.prototype(pair, hasEverything: hasClusters), 0..<2500, blockRowCount: 512)
            let kinds: [Uncertainty.Kind] = hasClusters ? [.clustered, .jackknife] : [.jackknife, .bootstrap]
            var ofA: [any RowObserver] = [], ofB: [any RowObserver] = []
            func observe(_ prototype: some RowObserver) throws {
                ofA.append(try pair.rows.observed(prototype))
                ofB.append(try pair.observedSecond(prototype))
            }
            try observe(LossTotals(specification))
            try observe(try #require(LabelFingerprint(specification)))
            if hasClusters { try observe(Clusters(specification)) } else { try observe(RowGroups(specification)) }
            let groups = try PairedGroups(ofA, ofB, hasLabels: true)
            let momentsA = try #require(ofA.first(LossTotals.self)).moments[0], momentsB = try #require(ofB.first(LossTotals.self)).moments[0]
            let mean = momentsA.meanDifference(to: momentsB, isWeighted: hasWeights)
            for kind in kinds {
                let choice = PairedFigures.IntervalChoice(kind: kind, replicateCount: 50)
                let expected = PairedFigures(rows, isWeighted: hasWeights, choice)
                let found = PairedFigures(groups, expected.ofA, expected.ofB, mean: mean, isWeighted: hasWeights, choice)
                let (a, b) = (expected.difference, found.difference)
                #expect(a.mean == b.mean && a.standardError == b.standardError && a.lower == b.lower && a.upper == b.upper, "\(kind)")
                #expect(a.pValue == b.pValue && a.z == b.z && a.minimumDetectable == b.minimumDetectable, "\(kind)")
                #expect(a.clusterCount == b.clusterCount && a.groupCount == b.groupCount && a.replicateCount == b.replicateCount)
                if kind != .clustered { #expect(a.correlation == b.correlation, "\(kind)") }
                #expect(a.standardError > 0)
            }
        }
    }

    @Test func groupsOfOtherRowsDoNotPair() throws {
        let specification = try RandomRows.loss(.multiclass, .logits)
        let one = Pair(specification, rowCount: 500, classCount: 3, seed: 25), other = Pair(specification, rowCount: 500, classCount: 3, seed: 26)
        func observers(_ pair: Pair, labels: Bool = true, groups: Bool = true) throws -> [any RowObserver] {
            var observers: [any RowObserver] = []
            if labels { observers.append(try pair.rows.observed(try #require(LabelFingerprint(specification)))) }
            if groups { observers.append(try pair.rows.observed(RowGroups(specification))) }
            return observers
        }
        let a = try observers(one)
        func mismatch(_ b: [any RowObserver]) -> PairedGroups.Mismatch? {
            do throws(PairedGroups.Mismatch) {
                _ = try PairedGroups(a, b, hasLabels: true)
                return nil
            } catch {
                return error
            }
        }
        #expect(mismatch(a) == nil)
        #expect(mismatch(try observers(other))?.isSecond == .some(nil), "other labels")
        #expect(mismatch(try observers(one, groups: false))?.isSecond == true)
        #expect(mismatch(try observers(one, labels: false))?.isSecond == true)
        let less = try one.rows.observed(RowGroups(specification), parts: [0..<499])
        #expect(mismatch([a[0], less])?.isSecond == .some(nil), "another number of rows")
    }

    /// Divergences against their definition in plain sums; of nearly equal models as well, whose divergences are next to 0.
    @Test(arguments: [(LossTask.multiclass, PredictionInput.logits), (.multiclass, .logProbabilities), (.binary, .logits), (.binary, .probabilities)])
    func divergencesAreThoseOfTheDefinition(task: LossTask, input: PredictionInput) throws {
        for (noise, classCount) in [(Float(2), 1), (2, 13), (300, 33), (0.3, 100), (1e-6, 8), (0, 5)] where (classCount == 1) == (task == .binary) || noise < 1 {
            let width = task == .binary ? 1 : classCount
            let pair = Pair(try RandomRows.loss(task, input), rowCount: 300, classCount: width, seed: 27, noise: noise)
            let pairs = pair.observed(try Self.prototype(pair, hasEverything: false), 0..<300, blockRowCount: 100)
            var forward = 0.0, backward = 0.0, shannon = 0.0, variation = 0.0, least = Double.infinity
            for row in 0..<300 {
                let p = Self.distribution(pair.rows.values[row * width..<(row + 1) * width], input, task)
                let q = Self.distribution(pair.second[row * width..<(row + 1) * width], input, task)
                func kl(_ p: [Double], _ q: [Double]) -> Double {
                    zip(p, q).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * (Self.log($1.0) - Self.log($1.1)) - $1.0 + $1.1 : $1.1) }
                }
                let m = zip(p, q).map { ($0 + $1) / 2 }
                let one = kl(p, q)
                forward += one
                least = min(least, one)
                backward += kl(q, p)
                shannon += (kl(p, m) + kl(q, m)) / 2
                variation += zip(p, q).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
            }
            func expectClose(_ figure: Double, _ sum: Double, _ name: String) {
                #expect(figure >= 0 && abs(figure - sum / 300) <= 1e-13 + 1e-11 * sum / 300, "\(name): \(figure), \(sum / 300)")
            }
            expectClose(pairs.divergenceAB.mean, forward, "KL(A‖B)")
            expectClose(pairs.divergenceBA.mean, backward, "KL(B‖A)")
            if input != .logProbabilities { expectClose(pairs.jensenShannonDivergence.mean, shannon, "Jensen and Shannon") }
            expectClose(pairs.meanTotalVariation.mean, variation, "total variation")
            #expect(pairs.divergenceRange.least >= 0)
            #expect(abs(pairs.divergenceRange.least - least) <= 1e-13 + 1e-11 * least)
            if noise == 0 { #expect(pairs.divergenceAB.mean == 0 && pairs.divergenceRange.largest == 0 && pairs.tieCount == 300) }
        }
    }

    /// Every kernel gives the same bits, of rows with equal infinities, none, and probabilities of 0 too.
    @Test func kernelsGiveTheSameBits() throws {
        let specification = try RandomRows.loss(.multiclass, .logits)
        var pair = Pair(specification, rowCount: 200, classCount: 21, seed: 29)
        var values = pair.rows.values
        for row in stride(from: 0, to: 200, by: 5) { values[row * 21 + row % 21] = row % 2 == 0 ? -.infinity : -900 }
        pair = Pair(rows: RandomRows(pair.rows, values: values), second: pair.second)
        let states = try InstructionSet.available.map { set in
            let prototype = try PairedRows(
                specification, PairedRows.Second(specification, classCount: 21, ignoredLabel: .min, instructionSet: set))
            return pair.observed(prototype, 0..<200, blockRowCount: 64).encoded
        }
        #expect(states.allSatisfy { $0 == states[0] })
    }

    private static func log(_ x: Double) -> Double { ElementaryFunctions.logarithm(x) }

    private static func distribution(_ values: ArraySlice<Float>, _ input: PredictionInput, _ task: LossTask) -> [Double] {
        let x = values.map { Double($0) }
        if task == .binary {
            let p = input == .logits ? 1 / (1 + ElementaryFunctions.exponential(-x[0])) : x[0]
            return [input == .logits ? 1 / (1 + ElementaryFunctions.exponential(x[0])) : 1 - p, p]
        }
        guard input == .logits else { return x.map { ElementaryFunctions.exponential($0) } }
        let largest = x.max() ?? 0
        let terms = x.map { ElementaryFunctions.exponential($0 - largest) }
        let sum = terms.reduce(0, +)
        return terms.map { $0 / sum }
    }

    /// What llama.cpp's cut and its interpolation give for a few rows, worked out by hand.
    @Test func llamaCppLeavesSmallProbabilitiesOut() {
        var figures = LlamaCppFigures()
        let p = [0.5, 0.25, 1e-9], logP = p.map { Self.log($0) }
        for shift in [0.0, 0.1, 0.2, 0.4] {
            let logQ = logP.map { $0 - shift }
            figures.add(p, logP, logQ, count: 3, change: shift)
        }
        #expect(abs(figures.meanDivergence.mean - 0.75 * 0.7 / 4) < 1e-12)
        let median = figures.changeQuantiles.first { $0.order == 0.5 }?.value ?? 0
        #expect(abs(median - 0.15) < 1e-7)
        #expect(figures.changeQuantiles.first?.value == 0 && abs((figures.changeQuantiles.last?.value ?? 0) - 0.4) < 1e-7)
        let ninetieth = figures.changeQuantiles.first { $0.order == 0.9 }?.value ?? 0
        #expect(abs(ninetieth - (0.3 * 0.2 + 0.7 * 0.4)) < 1e-6)
    }

    @Test func correctionOfSeveralTests() {
        #expect(HolmCorrection.corrected([0.01, 0.04, 0.03]).elementsEqual([0.03, 0.06, 0.06]) { abs($0 - $1) < 1e-15 })
        let withNone = HolmCorrection.corrected([.nan, 0.5, 0.9])
        #expect(withNone[0].isNaN && withNone[1] == 1 && withNone[2] == 1)
    }

    @Test func aHeapKeepsTheFirst() {
        struct Number: Ranked, Equatable {
            let value: Int
            func comes(before other: Number) -> Bool { value < other.value }
        }
        var random = SplitMix64(seed: 31)
        for limit in [1, 2, 7, 64] {
            var heap = RankedHeap<Number>(limit: limit)
            let numbers = (0..<500).map { _ in Number(value: Int.random(in: 0..<100_000, using: &random)) }
            for number in numbers { heap.insert(number) }
            #expect(heap.sorted == Array(numbers.sorted { $0.value < $1.value }.prefix(limit)))
        }
    }
}
