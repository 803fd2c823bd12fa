import Elements
import Foundation
import KernelABI
import Oracle
import SeededRandom
import Testing

@testable import Scoring

@Suite("ObserverTests")
struct ObserverTests {
    static let seeds: [UInt64] = [81, 0xC0DE]

    /// A few rows of a task with labels as indices, cut into blocks and shared among workers as chance has it.
    private struct Rows {
        let specification: LossSpecification
        let input: ScorerInput

        /// Merges workers' observers in a random tree.
        func observers(_ random: inout SplitMix64, workerCount: Int) throws -> [any RowObserver] {
            var workers: [[any RowObserver]] = []
            let scorers = (0..<workerCount).map { _ in
                ObservedScorer(specification: specification, classCount: input.classCount, ignoredLabel: -100)
            }
            var start = 0
            while start < input.labels.count {
                let count = min(Int.random(in: 1...40, using: &random), input.labels.count - start)
                var part = input
                part.values = Array(input.values[start * input.classCount..<(start + count) * input.classCount])
                part.labels = Array(input.labels[start..<start + count])
                let worker = scorers[Int.random(in: 0..<workerCount, using: &random)]
                part.score(worker, firstRow: UInt64(start), blockRowCount: Int.random(in: 1...17, using: &random)) { _, _ in }
                start += count
            }
            for worker in scorers { workers.append([worker.totals, worker.warnings, worker.invalidRows]) }
            while workers.count > 1 {
                var one = workers.remove(at: Int.random(in: workers.indices, using: &random))
                let other = Int.random(in: workers.indices, using: &random)
                try one.merge(workers[other])
                workers[other] = one
            }
            return workers[0]
        }
    }

    @Test("any cutting, sharing and merging gives the same bytes of every observer", arguments: seeds)
    func anyOrder(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let specification = try LossSpecification(
            task: .multiclass, input: .probabilities, dialects: [.exact, .sklearn, .pytorch, .keras, .xgboost].filter {
                $0.accepts(.multiclass, .probabilities)
            })
        var input = ScorerInput(classCount: 3)
        for row in 0..<300 {
            let values = (0..<3).map { _ in random.nextUniform(in: 0...1) }
            let sum = values.reduce(0, +)
            input.values += row % 11 == 0 ? [.nan, 0, 1] : row % 7 == 0 ? values : values.map { $0 / sum }
            input.labels.append(row % 13 == 0 ? -100 : row % 17 == 0 ? 3 : Int32.random(in: 0..<3, using: &random))
        }
        let rows = Rows(specification: specification, input: input)
        let expected = try rows.observers(&random, workerCount: 1)
        for workerCount in [1, 2, 3, 8] {
            let found = try rows.observers(&random, workerCount: workerCount)
            for (one, other) in zip(found, expected) {
                #expect(one.encoded == other.encoded, "\(one.tag), \(workerCount) workers, seed \(seed)")
            }
        }
        let totals = try #require(expected.first(LossTotals.self)), invalid = try #require(expected.first(InvalidRows.self))
        #expect(totals.moments.count == specification.dialects.count && totals.moments.allSatisfy { $0.readCount == 300 })
        #expect(totals.moments[0].invalidCount > 30 && invalid.count >= totals.moments[0].invalidCount)
        #expect(invalid.first.map(\.order).prefix(4) == [11, 17, 22, 33], "row 0 is ignored")
        #expect(invalid.first[1].problem == "label 3 is outside 0..<3")
        #expect(expected.first(InputWarnings.self)?.warnings(specification, classCount: 3) { "row \($0)" }.count == 1)
    }

    // MARK: Losses

    /// A block of binary log-probabilities with the facts that a test gives.
    private func block<Result>(
        _ scorer: BlockScorer, losses: [Double], weights: [Double]?, isCorrect: [UInt8]?, firstRow: UInt64 = 0,
        _ body: (ScoredBlock) -> Result
    ) -> Result {
        let values = losses.map { -$0 } + [Double](repeating: 0, count: BlockScorer.readableByteCountAfterValues / 8)
        let labels = [Int32](repeating: 1, count: losses.count + BlockScorer.readableLabelCountAfterLast)
        return values.withUnsafeBytes { values in
            labels.withUnsafeBufferPointer { labels in
                (weights ?? []).withUnsafeBufferPointer { weightsOfRows in
                    (isCorrect ?? []).withUnsafeBufferPointer { isCorrectOfRows in
                        let scored = scorer.score(
                            LabelledRows(
                                values: values.baseAddress!, element: .float64, classLabels: labels.baseAddress!, targets: nil,
                                weights: weights == nil ? nil : weightsOfRows.baseAddress!, rowCount: losses.count, firstRow: firstRow)
                        ) { (_, _) throws(Never) in }
                        var facts = RowFactColumns()
                        if isCorrect != nil { facts.isCorrect = isCorrectOfRows.baseAddress! }
                        return body(
                            ScoredBlock(
                                rows: scored.rows, facts: facts, companions: [], shownText: nil, invalidRows: scored.invalidRows, labelSurvey: scored.labelSurvey,
                                scorer: scorer, stored: nil))
                    }
                }
            }
        }
    }

    private static func weighted(_ task: LossTask) throws -> LossSpecification {
        var modifiers = LossModifiers()
        modifiers.hasRowWeights = true
        return try LossSpecification(task: task, input: .logProbabilities, modifiers: modifiers)
    }

    @Test("accuracy over weight is Σ weight of right rows over Σ weight of scored rows")
    func weightedAccuracy() throws {
        let specification = try Self.weighted(.binary)
        let scorer = BlockScorer(specification: specification, classCount: 1, ignoredLabel: -100, hasIndices: true)
        var totals = LossTotals(specification)
        #expect(totals.requiredFacts == .isCorrect && totals.accuracyOverWeight?.isNaN == true)
        block(scorer, losses: [0.1, 2, .nan, 0.3], weights: [3, 0.5, 100, -1], isCorrect: [1, 0, 1, 1]) { totals.observe($0) }
        #expect(totals.accuracyOverWeight == 3 / 3.5)
        var other = LossTotals(specification)
        block(scorer, losses: [0.1, 2], weights: [0, 0.25], isCorrect: [1, 1], firstRow: 4) { other.observe($0) }
        try totals.merge(other)
        #expect(totals.accuracyOverWeight == 3.25 / 3.75)
        var decoded = LossTotals(specification)
        try decoded.decode(from: totals.encoded[...])
        #expect(decoded == totals && decoded.accuracyOverWeight == totals.accuracyOverWeight)
        // Rows of which it is not known leave it unknown, whatever comes after.
        var unknown = LossTotals(specification)
        block(scorer, losses: [0.1], weights: [1], isCorrect: nil) { unknown.observe($0) }
        #expect(unknown.accuracyOverWeight == nil)
        try totals.merge(unknown)
        #expect(totals.accuracyOverWeight == nil)
        try unknown.merge(other)
        #expect(unknown.accuracyOverWeight == nil)
    }

    @Test("no facts are asked for where there are no weights, or no labels")
    func facts() throws {
        #expect(LossTotals(LossSpecification(task: .binary, input: .logits)).requiredFacts == [])
        for task in [LossTask.likelihood, .multilabel] { #expect(LossTotals(try Self.weighted(task)).requiredFacts == []) }
        let observers: [any RowObserver] = [InputWarnings(), LossTotals(try Self.weighted(.binary))]
        #expect(observers.requiredFacts == .isCorrect)
    }

    @Test("a block that is thrown away is seen by nobody, and its rows can be scored again")
    func counts() {
        let specification = LossSpecification(task: .binary, input: .logProbabilities)
        let scorer = BlockScorer(specification: specification, classCount: 1, ignoredLabel: -100, hasIndices: true)
        block(scorer, losses: [1, .nan, 3], weights: nil, isCorrect: nil, firstRow: 10) { block in
            #expect(block.counts(ofDialect: 0) == ScoredBlock.RowCounts(scored: 2, ignored: 0, invalid: 1, correct: 0))
            #expect(block.rowDivisors(ofDialect: 0) == nil && block.clipped(ofDialect: 0) == nil)
            #expect(block.invalidRows.map(\.index) == [1] && block.classCount == 1 && block.rows.firstRow == 10)
            #expect(block.losses(ofDialect: 0)[1].bitPattern == Double.nan.bitPattern)
        }
    }

    @Test("a row without a loss adds nothing to the divisor, and its divisor is NaN")
    func divisors() throws {
        let scorer = BlockScorer(specification: try Self.weighted(.binary), classCount: 1, ignoredLabel: -100, hasIndices: true)
        block(scorer, losses: [1, .nan, 3, 4], weights: [2, 7, -1, 0], isCorrect: nil) { block in
            let divisors = block.rowDivisors(ofDialect: 0)
            #expect(divisors?[0] == 2 && divisors?[1].isNaN == true && divisors?[2].isNaN == true && divisors?[3] == 0)
        }
    }

    @Test("dialects that were added up together part where their losses do")
    func partingDialects() throws {
        let specification = try LossSpecification(task: .binary, input: .probabilities, dialects: [.exact, .pytorch, .sklearn])
        // Labels as indices and as numbers have other programs.
        func observed(_ hasIndices: Bool, _ values: [Double], firstRow: UInt64) -> LossTotals {
            let worker = ObservedScorer(specification: specification, classCount: 1, ignoredLabel: -100, hasIndices: hasIndices)
            let values = values + [Double](repeating: 0, count: 8)
            let labels = [Int32](repeating: 1, count: 80), targets = [Double](repeating: 1, count: 16)
            values.withUnsafeBytes { values in
                labels.withUnsafeBufferPointer { labels in
                    targets.withUnsafeBufferPointer { targets in
                        let rows = LabelledRows(
                            values: values.baseAddress!, element: .float64, classLabels: labels.baseAddress!, targets: targets.baseAddress!,
                            weights: nil, rowCount: 3, firstRow: firstRow)
                        _ = worker.score(rows) { _, _ in }
                    }
                }
            }
            return worker.totals
        }
        let one = observed(true, [0.5, 0, 1], firstRow: 0), two = observed(false, [0.25, 1, 0], firstRow: 3)
        var merged = one, reversed = two
        try merged.merge(two)
        try reversed.merge(one)
        #expect(merged == reversed && merged.encoded == reversed.encoded)
        for dialect in 0..<3 {
            var moments = one.moments[dialect]
            moments.merge(two.moments[dialect])
            #expect(merged.moments[dialect] == moments)
        }
        #expect(merged.moments[0].infiniteCount == 2 && merged.moments[2].infiniteCount == 0)
        // What was decoded goes on being added to.
        var decoded = LossTotals(specification)
        try decoded.decode(from: one.encoded[...])
        try decoded.merge(two)
        #expect(decoded.encoded == merged.encoded)
    }

    // MARK: Invalid rows

    @Test("the first ten in the order of the rows, in any order of merging, as their reader describes them", arguments: seeds)
    func firstInvalidRows(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let orders = Array(0..<1000).shuffled(using: &random).prefix(Int.random(in: 0...40, using: &random))
            var workers = [InvalidRows](repeating: InvalidRows(), count: Int.random(in: 1...6, using: &random))
            for order in orders {
                workers[Int.random(in: 0..<workers.count, using: &random)]
                    .describe(InvalidRow(path: "p", row: order % 100, line: nil, problem: "NaN", order: order))
            }
            workers.shuffle(using: &random)
            var merged = InvalidRows()
            for worker in workers { merged.merge(worker) }
            #expect(merged.first.map(\.order) == Array(orders.sorted().prefix(10)), "seed \(seed)")
        }
    }

    @Test("a description takes the place of a row, before it is observed or after")
    func descriptions() {
        let scorer = BlockScorer(
            specification: LossSpecification(task: .binary, input: .logProbabilities), classCount: 1, ignoredLabel: -100, hasIndices: true)
        let described = InvalidRow(path: "a.csv", row: 3, line: 5, problem: "column p: it is no number", order: 101)
        for isDescribedFirst in [true, false] {
            var rows = InvalidRows()
            if isDescribedFirst { rows.describe(described) }
            block(scorer, losses: [.nan, .nan, 1], weights: nil, isCorrect: nil, firstRow: 100) { rows.observe($0) }
            if !isDescribedFirst { rows.describe(described) }
            #expect(rows.count == 2 && rows.first.count == 2 && rows.first[1] == described)
            #expect(rows.first[0].order == 100 && rows.first[0].path == nil)
            #expect(rows.first[0].problem.hasPrefix("the prediction in column 0 is "))
        }
    }

    @Test("rows of shards that have one number are all kept, without their places in files")
    func equalNumbers() throws {
        func rows(_ path: String, _ problem: String) -> InvalidRows {
            var rows = InvalidRows()
            rows.describe(InvalidRow(path: path, row: 3, line: 4, problem: problem, order: 3))
            return rows
        }
        var one = rows("b", "x"), other = rows("a", "y")
        let first = one
        one.merge(other)
        other.merge(first)
        #expect(one == other && one.first.map(\.problem) == ["x", "y"])
        var decoded = InvalidRows()
        try decoded.decode(from: one.encoded[...])
        #expect(decoded.first.map(\.path) == [nil, nil] && decoded.first.map(\.row) == [3, 3] && decoded.first.map(\.line) == [nil, nil] && decoded.encoded == one.encoded)
    }

    @Test("as JSON a row has its path, row, line and problem, and comes back")
    func json() throws {
        let row = InvalidRow(path: "p.csv", row: 7, line: 9, problem: "label 3 is outside 0..<3", order: 1007)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(row), as: UTF8.self)
        #expect(text == #"{"line":9,"path":"p.csv","problem":"label 3 is outside 0..<3","row":7}"#)
        let read = try JSONDecoder().decode(InvalidRow.self, from: Data(text.utf8))
        #expect(read == InvalidRow(path: "p.csv", row: 7, line: 9, problem: row.problem, order: 7))
        let short = try encoder.encode(InvalidRow(path: nil, row: 7, line: nil, problem: "x", order: 7))
        #expect(String(decoding: short, as: UTF8.self) == #"{"problem":"x","row":7}"#)
    }

    // MARK: Tokens

    @Test("tokens and bytes are known where all rows came with them")
    func tokens() throws {
        let observers = ShardFixture.observers(rows: 0..<40)
        let known = try #require(observers.first(TokenSums.self)), losses = try #require(observers.first(LossTotals.self)).moments[0]
        var tokenCount: UInt64 = 0, weighted = 0.0
        for row in 0..<40 as Range<UInt64> {
            var random = SplitMix64(seed: row)
            let isInvalid = random.next() % 7 == 0
            if !isInvalid { _ = random.next() }
            let weight = random.nextUniform(in: 0...3), count = random.next() % 100
            if isInvalid { continue }
            tokenCount += count
            weighted += weight * Double(count)
        }
        #expect(known.tokenCount == tokenCount && known.byteCount ?? 0 > 0)
        #expect(abs((known.meanPerToken(losses) ?? 0) - losses.sum.rounded() / weighted) < 1e-12)
        #expect(known.bitsPerByte(losses) != nil)
        var withoutBytes = known
        withoutBytes.merge(TokenSums(countsBytes: false))
        #expect(withoutBytes.byteCount == nil && withoutBytes.tokenCount == tokenCount && withoutBytes.bitsPerByte(losses) == nil)
        var unknown = TokenSums()
        let scorer = BlockScorer(
            specification: LossSpecification(task: .likelihood, input: .logProbabilities), classCount: 1, ignoredLabel: -100,
            hasIndices: true)
        block(scorer, losses: [1], weights: nil, isCorrect: nil) { unknown.observe($0) }
        #expect(unknown.tokenCount == nil && unknown.byteCount == nil)
        for sums in [known, withoutBytes, unknown, TokenSums()] {
            var decoded = TokenSums()
            try decoded.decode(from: sums.encoded[...])
            #expect(decoded == sums)
            var merged = sums
            merged.merge(unknown)
            #expect(merged == unknown, "unknown stays")
        }
    }

    @Test("Words are known where they are known of all rows, and their section is read again")
    func words() throws {
        let specification = LossSpecification(task: .likelihood, input: .logProbabilities)
        let worker = ObservedScorer(specification: specification, classCount: 1, ignoredLabel: -100)
        /// Observes a row with a loss of 1.5, and a count of words if there is one.
        func observed(_ count: UInt64?) -> WordSums {
            var sums = WordSums()
            let values = [-1.5] + [Double](repeating: .nan, count: BlockScorer.readableByteCountAfterValues / 8)
            let labels = [Int32](repeating: 1, count: 1 + BlockScorer.readableLabelCountAfterLast)
            withUnsafeBytes(of: count ?? 0) { words in
                values.withUnsafeBytes { values in
                    labels.withUnsafeBufferPointer { labels in
                        let columns =
                            count == nil
                            ? [] : [CompanionValues(name: "words", bytes: words.baseAddress!, rowByteCount: 8, elementName: "u8")]
                        let block = worker.scorer.score(
                            LabelledRows(
                                values: values.baseAddress!, element: .float64, classLabels: labels.baseAddress!, targets: nil, weights: nil,
                                rowCount: 1, firstRow: 0), companions: columns
                        ) { (_, _) throws(Never) in }
                        sums.observe(block)
                        worker.totals.observe(block)
                    }
                }
            }
            return sums
        }
        let known = observed(6), unknown = observed(nil), marked = observed(.max)
        #expect(known.wordCount == 6 && unknown.wordCount == nil && marked == unknown)
        // Three rows were scored: a loss of 4.5 over 6 words.
        #expect(known.meanPerWord(worker.totals.moments[0]) == 0.75 && unknown.meanPerWord(worker.totals.moments[0]) == nil)
        for sums in [known, unknown, WordSums()] {
            var decoded = WordSums()
            try decoded.decode(from: sums.encoded[...])
            #expect(decoded == sums)
            var merged = sums
            merged.merge(unknown)
            #expect(merged == unknown)
            #expect(throws: PartialError.self) { try decoded.decode(from: sums.encoded.dropLast()) }
        }
        var twice = known
        twice.merge(known)
        #expect(twice.wordCount == 12)
        var bytes = known.encoded
        bytes[0] = 0
        #expect(throws: PartialError.self) {
            var decoded = WordSums()
            try decoded.decode(from: bytes[...])
        }
    }

    // MARK: Sections

    @Test("bytes of any section that are cut, or longer, are refused")
    func truncatedSections() {
        for observer in ShardFixture.observers(rows: 0..<30) {
            let bytes = observer.encoded
            for length in 0..<bytes.count {
                #expect(throws: PartialError.self, "\(observer.tag), \(length) bytes") {
                    var copy = observer
                    try copy.decode(from: bytes.prefix(length))
                }
            }
            #expect(throws: PartialError.self) {
                var copy = observer
                try copy.decode(from: (bytes + [0])[...])
            }
        }
    }

    @Test("equal labels of either zero are one state, whichever came first")
    func zeros() {
        func warnings(_ targets: [Double]) -> InputWarnings {
            var warnings = InputWarnings()
            targets.withUnsafeBufferPointer { warnings.add(targets: $0.baseAddress!, rowCount: targets.count, firstRow: 0) }
            return warnings
        }
        #expect(warnings([0, -0.0]).encoded == warnings([-0.0, 0]).encoded)
    }
}
