import Scoring
import Testing

@testable import Insight

/// Slices, clusters and groups of rows.
@Suite struct GroupTests {
    @Test(arguments: [false, true])
    func slicesAddUpToTheWhole(hasWeights: Bool) throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits, hasWeights: hasWeights), rowCount: 2000, classCount: 4, seed: 51)
        let cluster = Slices.Column.companion(Clusters.column)
        let requests: [[Slices.Column]] = [
            [.label], [.predicted], [cluster], [.label, .predicted], [.intervals(of: cluster, ValueIntervals([-10, 0, 10]))],
            [.intervals(of: cluster, ValueIntervals([0])), .label],
        ]
        let slices = try rows.observed(try Slices(rows.specification, by: requests))
        let totals = try rows.observed(LossTotals(rows.specification))
        for figures in slices.figures {
            #expect(figures.reduce(0) { $0 + $1.rowCount } == 2000)
            #expect((figures.reduce(0) { $0 + $1.shareOfLoss } - 1).magnitude < 1e-12)
            for one in figures where one.differenceFromRest > 0 { #expect(one.mean > totals.moments[0].meanOverWeight) }
        }
        // To the last bit: the sums themselves, and not what they are rounded to.
        #expect(slices.exactTotals == Array(repeating: totals.moments[0].sum, count: requests.count))
    }

    /// With each row a cluster of its own the clustered error is the plain one; with one cluster there is none.
    @Test func clusteredErrorsHaveTheirLimits() throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 1500, classCount: 3, seed: 52)
        let totals = try rows.observed(LossTotals(rows.specification)).moments[0]
        let each = rows.labels.indices.map { row in
            var group = GroupSums()
            group.rowCount = 1
            rows.score(row..<row + 1, blockRowCount: 1, facts: []) { group.loss.add($0.losses(ofDialect: 0)[0]) }
            return group
        }
        func error(_ groups: [GroupSums]) -> Double {
            Uncertainty(
                .clustered, groups, isWeighted: false, mean: totals.meanOverCount, confidence: 0.95, replicateCount: 0
            ).standardError
        }
        #expect((error(each) / totals.standardErrorOverCount - 1).magnitude < 1e-9)
        #expect(error(Array(each.prefix(1))).isNaN)
    }

    /// A thousand groups at random have the error of independent rows, within what that estimate scatters.
    @Test func randomGroupsHaveThePlainError() throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 40_000, classCount: 3, seed: 53)
        let totals = try rows.observed(LossTotals(rows.specification)).moments[0]
        let groups = try rows.observed(RowGroups(rows.specification))
        for kind in [Uncertainty.Kind.jackknife, .bootstrap] {
            let uncertainty = Uncertainty(
                kind, groups.sums, isWeighted: false, mean: totals.meanOverCount, confidence: 0.95, replicateCount: 400)
            #expect((uncertainty.standardError / totals.standardErrorOverCount - 1).magnitude < 0.15, "\(kind)")
            #expect(uncertainty.lower < totals.meanOverCount && totals.meanOverCount < uncertainty.upper)
        }
    }

    /// The sums of recent rows take as many as fit, and no number is lost where one is too large for them, or too small.
    @Test(arguments: [[2047.9990234], [2047.5, 0x1.fffffffffffffp10, 3e-17, 5000, 0x1p-95, 0, 1e300]])
    func manyRowsOfOneGroup(numbers: [Double]) throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 1, classCount: 3, seed: 57)
        var groups = RowGroups(rows.specification), parts = RowGroups(rows.specification)
        var sum = ExactSum()
        let repetitions = 5000
        rows.score(0..<1, blockRowCount: 1, facts: []) { block in
            for repetition in 0..<repetitions {
                let added = numbers[repetition % numbers.count], takenOff = repetition % 3 == 0 ? -added : 0.1
                withUnsafePointer(to: added) { groups.add(block, nil, $0) { _ in (added, takenOff) } }
                sum.add(added)
                sum.add(-takenOff)
                // Parts that are merged, each with recent rows of its own.
                var part = RowGroups(rows.specification)
                if repetition % 500 == 0 {
                    withUnsafePointer(to: added) { part.add(block, nil, $0) { _ in (added, takenOff) } }
                    _ = try? parts.merge(part)
                } else {
                    withUnsafePointer(to: added) { parts.add(block, nil, $0) { _ in (added, takenOff) } }
                }
            }
        }
        #expect(groups.sums.map(\.rowCount) == [UInt64(repetitions)])
        #expect(groups.sums.map(\.loss.exact) == [sum])
        #expect(groups == parts && groups.encoded == parts.encoded)
        var decoded = RowGroups(rows.specification)
        try decoded.decode(from: groups.encoded[...])
        #expect(decoded == groups)
    }

    /// The rows of one value, and of all others, are the whole as well; others are no slice that is reported.
    @Test func oneValueAndItsRestAreTheWhole() throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 2000, classCount: 4, seed: 56)
        let cluster = Slices.Column.companion(Clusters.column)
        let slices = try rows.observed(try Slices(rows.specification, by: [[.value(of: cluster, "3")], [.value(of: cluster, "3"), .label], [cluster]]))
        let totals = try rows.observed(LossTotals(rows.specification)).moments[0]
        #expect(slices.exactTotals == Array(repeating: totals.sum, count: 3))
        let figures = slices.figures
        let of3 = figures[2].first { $0.values[0].value == .integer(3) }
        #expect(figures[0].map(\.rowCount) == [of3?.rowCount])
        #expect(figures[0].map(\.mean) == [of3?.mean])
        #expect(figures[0].map(\.differenceFromRest) == [of3?.differenceFromRest])
        #expect(figures[1].map { $0.values[1].value } == (0..<4).map { .integer($0) })
        #expect(figures[1].reduce(0) { $0 + $1.rowCount } == of3?.rowCount)
    }

    @Test(arguments: [
        (-1.0, "(-inf, 0)"), (0, "[0, 18)"), (17.9, "[0, 18)"), (18, "[18, 65.5]"), (65.5, "[18, 65.5]"), (66, "(65.5, inf)"), (-.infinity, "(-inf, 0)"),
        (.infinity, "(65.5, inf)"),
    ])
    func numbersLieInTheirInterval(number: Double, text: String) {
        let intervals = ValueIntervals([0, 18, 65.5])
        #expect(intervals.text(of: intervals.index(of: number)) == text)
    }

    @Test func edgesHaveToAscend() throws {
        let specification = try RandomRows.loss(.multiclass, .logits)
        #expect(ValueIntervals([5]).text(of: 1) == "[5, inf)" && ValueIntervals([5]).index(of: 5) == 1)
        for edges in [[], [1, 1], [2, 1], [.nan], [.infinity]] {
            #expect(throws: SpecificationError.self) { try Slices(specification, by: [[.intervals(of: .label, ValueIntervals(edges))]]) }
        }
    }

    @Test func tooManySlicesAreTold() throws {
        let rows = RandomRows(try RandomRows.loss(.binary, .logits), rowCount: 100, classCount: 1, seed: 54)
        let slices = try rows.observed(try Slices(rows.specification, by: [[.label]]))
        #expect(slices.problem == nil)
    }

    /// Equal numbers of different types are one value, and values have an order.
    @Test func valuesAreComparedByValue() {
        #expect(SliceValue(3.0) == .integer(3))
        #expect(SliceValue(UInt64(3)) == .integer(3))
        #expect(SliceValue(.nan) == .missing)
        let ordered: [SliceValue] = [
            .number(-.infinity), .integer(.min), .integer(-1), .number(-0.5), .integer(0), .number(0.5), .integer(1), .integer(.max),
            .large(1 << 63), .large(.max), .number(1e300), .text("a"), .text("b"), .missing,
        ]
        for (one, other) in zip(ordered, ordered.dropFirst()) {
            #expect(one < other)
            #expect(!(other < one))
        }
    }
}

/// Groups by columns that hold hashes of texts.
@Suite struct HashedColumnTests {
    @Test(arguments: [
        ("7", SliceValue.integer(7)), ("-7", .integer(-7)), ("7.0", .integer(7)), ("-7.00", .integer(-7)), ("0", .integer(0)),
        ("9223372036854775808", .large(1 << 63)), ("0.5", .number(0.5)), ("1e-05", .number(1e-05)), ("007", .text("007")),
        ("007.0", .text("007")), ("-0", .text("-0")), ("3.10", .text("3.10")), ("0.50", .text("0.50")), ("+7", .text("+7")), ("7.", .text("7.")),
        (".5", .text(".5")), ("", .text("")), ("nan", .text("nan")), ("inf", .text("inf")), ("0x10", .text("0x10")), ("a", .text("a")),
        (" 7", .text(" 7")), ("18446744073709551616", .text("18446744073709551616")),
    ])
    func textsThatAreNumbers(text: String, value: SliceValue) { #expect(SliceValue(text: text) == value) }

    /// Two rows of one text and one without, seen through a column of two hashes a row.
    @Test func hashesAreReadAsTheirTexts() throws {
        let values = HashedValues()
        values.add("Kenya", hash: 11)
        values.add("other", hash: 11)
        values.add("12", hash: 12)
        let stored: [UInt64] = [1, 11, 1, 0, 1, 12, 1, 13]
        stored.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let column = CompanionValues(name: "", bytes: base + 8, rowByteCount: 16, elementName: "u8", hashedValues: values)
            let element = KeyElement(column)
            #expect((0..<4).map { element?.code(at: $0) } == [11, 0, 12, 13])
            #expect([11, 0, 12, 13].map { element?.value(ofCode: $0) } == [.text("Kenya"), .missing, .integer(12), nil])
            #expect(Set((0..<4).map { element?.hash(at: $0) }).count == 4)
            #expect(element?.hash(at: 1) == SliceValue.missing.hash)
        }
    }

    @Test func valuesAreKeptUpToTheirLimit() {
        let values = HashedValues()
        for hash in 1...UInt64(HashedValues.limit + 1) { values.add("\(hash)", hash: hash) }
        #expect(values.text(ofHash: UInt64(HashedValues.limit)) == "\(HashedValues.limit)")
        #expect(values.text(ofHash: UInt64(HashedValues.limit + 1)) == nil)
    }

    /// Hashes of texts are others than those of numbers: their clusters are not merged.
    @Test func clustersOfTextsAreTheirOwn() throws {
        let specification = try RandomRows.loss(.multiclass, .logits)
        var texts = Clusters(specification, areTexts: true)
        #expect(throws: PartialError.self) { try texts.merge(Clusters(specification)) }
        #expect(try Clusters.make(texts.configuration, specification) == texts)
        #expect(try Clusters.make(Clusters(specification).configuration, specification) == Clusters(specification))
        #expect(texts != Clusters(specification))
    }

    @Test func requestsKeepTheirKind() throws {
        let specification = try RandomRows.loss(.multiclass, .logits)
        let slices = try Slices(specification, by: [[.column("a"), .label], [.companion("a")]])
        #expect(try Slices.make(slices.configuration, specification).requests == slices.requests)
    }
}

/// The worst rows, and the ranks of labels.
@Suite struct RowTests {
    @Test(arguments: [WorstRows.Measure.loss, .confidentWrong, .margin])
    func worstRowsAreTheWorst(measure: WorstRows.Measure) throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 800, classCount: 3, seed: 61, isRounded: true)
        let few = try rows.observed(try WorstRows(rows.specification, count: 20, by: measure)).rows
        let all = try rows.observed(try WorstRows(rows.specification, count: 800, by: measure)).rows
        #expect(few == Array(all.prefix(20)))
        for (one, other) in zip(all, all.dropFirst()) {
            #expect(one.measure > other.measure || (one.measure == other.measure && one.number < other.number))
        }
        if measure == .loss { #expect(all.count == 800) }
    }

    @Test func ranksAreCountedWithTies() throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 700, classCount: 6, seed: 62, isRounded: true)
        let top = try rows.observed(try TopAccuracy(rows.specification, ks: [1, 3, 6]))
        for figures in top.figures {
            var hits = (first: 0, best: 0, worst: 0)
            for row in 0..<rows.rowCount {
                let values = Array(rows.values[row * 6..<row * 6 + 6])
                let label = Int(rows.labels[row])
                let above = values.count { $0 > values[label] }
                let before = values[..<label].count { $0 == values[label] }
                let equal = values.count { $0 == values[label] } - 1
                hits.first += above + before < figures.k ? 1 : 0
                hits.best += above < figures.k ? 1 : 0
                hits.worst += above + equal < figures.k ? 1 : 0
            }
            #expect(figures.accuracy == Double(hits.first) / 700)
            #expect(figures.optimistic == Double(hits.best) / 700)
            #expect(figures.pessimistic == Double(hits.worst) / 700)
            #expect(figures.tiedRowCount == UInt64(hits.best - hits.worst))
        }
        #expect(top.figures.last?.accuracy == 1)
    }

    /// The loss at temperature 1 is the loss, and at the fitted one it is least.
    @Test(arguments: [(LossTask.multiclass, PredictionInput.logits), (.binary, .logits)])
    func temperaturesFitTheLeast(task: LossTask, input: PredictionInput) throws {
        let classCount = task == .binary ? 1 : 4
        // Labels follow the logits at temperature 2, so that there is something to find.
        let rows = RandomRows(try RandomRows.loss(task, input), rowCount: 3000, classCount: classCount, seed: 63)
        let curve = try rows.observed(try TemperatureCurve(rows.specification, temperatures: [1, 4], isFitted: true))
        let mean = try rows.observed(LossTotals(rows.specification)).moments[0].meanOverCount
        #expect((curve.sweep[0].mean - mean).magnitude < 1e-12)
        let fit = try #require(curve.fit)
        // Labels at random: the flatter, the better.
        #expect(fit.temperature == .infinity || fit.temperature > 4)
        #expect(curve.sweep[1].mean < mean)
    }
}
