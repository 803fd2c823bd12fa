import Elements
import Messages
import Oracle
import Scoring
import SeededRandom
import Testing

@Suite("BlockScorerTests")
struct BlockScorerTests {
    struct Stop: Error, Equatable {
        let row: Int
    }

    static func scorer(_ task: LossTask, _ input: PredictionInput, classCount: Int = 1, ignoredLabel: Int32 = -100) -> ObservedScorer {
        ObservedScorer(specification: LossSpecification(task: task, input: input), classCount: classCount, ignoredLabel: ignoredLabel)
    }

    // MARK: Problems

    /// A row that has no loss, and why.
    struct InvalidRow: CustomTestStringConvertible, Sendable {
        let task: LossTask
        let input: PredictionInput
        let row: [Double]
        let label: Int32
        let problem: RowProblem

        var testDescription: String { "\(task) \(input) \(row) label \(label)" }
    }

    static let invalidRows: [InvalidRow] = {
        let infinity = Double.infinity
        func multiclass(_ input: PredictionInput, _ row: [Double], _ label: Int32, _ problem: RowProblem) -> InvalidRow {
            InvalidRow(task: .multiclass, input: input, row: row, label: label, problem: problem)
        }
        func binary(_ input: PredictionInput, _ value: Double, _ label: Int32, _ problem: RowProblem) -> InvalidRow {
            InvalidRow(task: .binary, input: input, row: [value], label: label, problem: problem)
        }
        var rows = [
            multiclass(.logits, [1, .nan, 3], 0, .notANumber(column: 1, value: .nan)),
            multiclass(.logits, [1, 2, .nan], 2, .notANumber(column: 2, value: .nan)),
            multiclass(.logits, [infinity, 2, 3], 0, .undefined),
            multiclass(.logits, [infinity, infinity, 3], 1, .undefined),
            multiclass(.logits, [-infinity, -infinity, -infinity], 1, .undefined),
            multiclass(.probabilities, [0.5, 1.5, 0], 1, .outOfRange(column: 1, value: 1.5, input: .probabilities)),
            multiclass(.probabilities, [-0.25, 1, 0], 0, .outOfRange(column: 0, value: -0.25, input: .probabilities)),
            multiclass(.probabilities, [0.5, .nan, 0], 0, .notANumber(column: 1, value: .nan)),
            multiclass(.probabilities, [0.5, 0.5, infinity], 0, .notANumber(column: 2, value: infinity)),
            multiclass(.probabilities, [0.5, 0.5, -infinity], 2, .notANumber(column: 2, value: -infinity)),
            multiclass(.logProbabilities, [-1, 0.5, -2], 1, .outOfRange(column: 1, value: 0.5, input: .logProbabilities)),
            multiclass(.logProbabilities, [-1, infinity, -2], 1, .notANumber(column: 1, value: infinity)),
            multiclass(.logProbabilities, [-1, -1, .nan], 0, .notANumber(column: 2, value: .nan)),
            // No logits here, and nothing undefined: the infinity in another column is what is wrong.
            multiclass(.logProbabilities, [-1, infinity, -2], 0, .notANumber(column: 1, value: infinity)),
            binary(.logits, .nan, 0, .notANumber(column: 0, value: .nan)),
            binary(.probabilities, .nan, 1, .notANumber(column: 0, value: .nan)),
            binary(.probabilities, 1.25, 1, .outOfRange(column: 0, value: 1.25, input: .probabilities)),
            binary(.probabilities, -0.5, 0, .outOfRange(column: 0, value: -0.5, input: .probabilities)),
            binary(.probabilities, infinity, 0, .outOfRange(column: 0, value: infinity, input: .probabilities)),
            binary(.logProbabilities, 0.5, 0, .outOfRange(column: 0, value: 0.5, input: .logProbabilities)),
            binary(.logProbabilities, infinity, 1, .outOfRange(column: 0, value: infinity, input: .logProbabilities)),
            binary(.logProbabilities, .nan, 1, .notANumber(column: 0, value: .nan)),
        ]
        for input in PredictionInput.allCases {
            // The label first: what the prediction would be judged by is not known.
            for label in [-1, 3, 100, Int32.min + 1, Int32.max] {
                rows.append(multiclass(input, [0, .nan, 0], label, .label(classCount: 3, isBinary: false)))
                rows.append(multiclass(input, [0, 0, 0], label, .label(classCount: 3, isBinary: false)))
            }
            for label in [-1, 2, Int32.max] { rows.append(binary(input, 0, label, .label(classCount: 1, isBinary: true))) }
        }
        return rows
    }()

    @Test("why a row has no loss", arguments: invalidRows)
    func problems(row: InvalidRow) {
        for element in [ElementType.float32, .float64] {
            let scorer = Self.scorer(row.task, row.input, classCount: row.row.count)
            // Beside good rows, in the last place of a vector and beyond.
            let good = [Double](repeating: row.input == .logProbabilities ? -0.5 : 0.5, count: row.row.count)
            var input = ScorerInput(element: element, classCount: row.row.count)
            for i in 0..<19 {
                input.values += i == 7 || i == 18 ? row.row : good
                input.labels.append(i == 7 || i == 18 ? row.label : 1)
            }
            var found: [(Int, RowProblem)] = []
            let losses = input.score(scorer) { row, problem in found.append((row, problem)) }
            #expect(found.map(\.0) == [7, 18])
            // NaN is no equal of itself: by description.
            for (_, problem) in found { #expect("\(problem)" == "\(row.problem)") }
            for (i, loss) in losses.enumerated() { #expect(loss.isNaN == (i == 7 || i == 18)) }
            #expect(scorer.invalidRows.count == 2 && scorer.invalidRows.first.map(\.order) == [7, 18])
            #expect(scorer.moments[0].invalidCount == 2 && scorer.moments[0].scoredCount == 17 && scorer.moments[0].ignoredCount == 0)
        }
    }

    @Test("messages name what was found and what was allowed, and a remedy")
    func messages() {
        #expect(RowProblem.label(classCount: 50257, isBinary: false).message(labelText: "50257") == "label 50257 is outside 0..<50257")
        #expect(RowProblem.label(classCount: 1, isBinary: true).message(labelText: "2") == "label 2 is neither 0 nor 1")
        #expect(RowProblem.notANumber(column: 3, value: .nan).message(labelText: "1") == "the prediction in column 3 is nan")
        let probability = RowProblem.outOfRange(column: 2, value: 1.5, input: .probabilities)
        #expect(probability.message(labelText: "2") == "the probability in column 2 is 1.5, outside [0, 1]")
        let logarithm = RowProblem.outOfRange(column: 2, value: 0.5, input: .logProbabilities)
        #expect(logarithm.message(labelText: "2") == "the log-probability in column 2 is 0.5, above 0")
        let all: [RowProblem] = [.label(classCount: 2, isBinary: false), .notANumber(column: 0, value: .nan), probability, .undefined]
        #expect(Set(all.map(\.kind)).count == 4)
        for problem in all + [.label(classCount: 2, isBinary: true), logarithm] {
            #expect(problem.remedy.description.contains("EvaluationOptions.invalidRows = .skip"))
        }
    }

    // MARK: Counting

    @Test("rows scored, ignored, invalid, infinite and correct are counted apart")
    func counts() {
        let scorer = Self.scorer(.multiclass, .logits, classCount: 2)
        let infinity = Double.infinity
        let input = ScorerInput(
            classCount: 2,
            // Correct, wrong, ignored, ignored although NaN, invalid, infinite, correct, bad label.
            values: [2, 1, 2, 1, 2, 1, .nan, 1, .nan, 1, -infinity, 1, 0, 0, 0, 0],
            labels: [0, 1, -100, -100, 0, 0, 0, 2])
        var invalid: [Int] = []
        input.score(scorer, blockRowCount: 3) { row, _ in invalid.append(row) }
        #expect(invalid == [4, 7])
        let moments = scorer.moments[0]
        #expect(moments.scoredCount == 4 && moments.ignoredCount == 2 && moments.invalidCount == 2 && moments.infiniteCount == 1)
        #expect(moments.correctCount == 2 && moments.readCount == 8 && moments.accuracy == 0.5)
        #expect(moments.mean == infinity && moments.maximum == infinity)
    }

    @Test("what the callback throws ends the call, and the block is not added")
    func thrownErrors() throws {
        let scorer = Self.scorer(.binary, .logits)
        let good = ScorerInput(values: [1, 2, 3], labels: [0, 1, 0])
        good.score(scorer) { _, _ in }
        let before = encoding(scorer.moments[0])
        let bad = ScorerInput(values: [1, .nan, 3, .nan], labels: [0, 1, 0, 1])
        var calls = 0
        let error = #expect(throws: Stop.self) {
            try bad.score(scorer) { row, _ throws(Stop) in
                calls += 1
                throw Stop(row: row)
            }
        }
        #expect(error == Stop(row: 1), "the first in the block's order")
        #expect(calls == 1)
        #expect(encoding(scorer.moments[0]) == before)
        // And the scorer goes on.
        good.score(scorer, firstRow: 3) { _, _ in }
        #expect(scorer.moments[0].scoredCount == 6)
    }

    @Test("more rows than the limit are cut to it, fewer than none to none")
    func rowLimit() {
        let scorer = Self.scorer(.binary, .logits)
        let count = BlockScorer.rowLimit + 10
        let values = [Double](repeating: 0.5, count: count + 8)
        let labels = [Int32](repeating: 1, count: count + BlockScorer.readableLabelCountAfterLast)
        values.withUnsafeBytes { values in
            labels.withUnsafeBufferPointer { labels in
                for (rowCount, scored) in [(count, BlockScorer.rowLimit), (0, 0), (-5, 0), (Int.min, 0)] {
                    let losses = scorer.score(
                        values: values.baseAddress!, element: .float64, labels: labels.baseAddress!, rowCount: rowCount, firstRow: 0
                    ) { _, _ in }
                    #expect(losses.count == scored)
                }
            }
        }
        #expect(scorer.moments[0].scoredCount == UInt64(BlockScorer.rowLimit))
    }

    // MARK: Instruction sets

    @Test("the instruction set that was asked for is the one that ran", arguments: InstructionSet.available)
    func forcedInstructionSet(set: InstructionSet) {
        for task in plainTasks {
            for input in PredictionInput.allCases {
                let scorer = ObservedScorer(
                    specification: LossSpecification(task: task, input: input), classCount: 1, ignoredLabel: -100, instructionSet: set)
                #expect(scorer.scorer.instructionSetThatRan == nil)
                ScorerInput(values: [0], labels: [0]).score(scorer) { _, _ in }
                #expect(scorer.scorer.instructionSetThatRan == set)
            }
        }
    }

    @Test("an instruction set that is not there is replaced by the best", arguments: InstructionSet.allCases)
    func missingInstructionSet(set: InstructionSet) {
        guard !InstructionSet.available.contains(set) else { return }
        let scorer = ObservedScorer(
            specification: LossSpecification(task: .binary, input: .logits), classCount: 1, ignoredLabel: -100, instructionSet: set)
        ScorerInput(values: [0], labels: [0]).score(scorer) { _, _ in }
        #expect(scorer.scorer.instructionSetThatRan == .best)
    }

    @Test("every instruction set and cutting gives the same moments, and sees the same", arguments: plainTasks, PredictionInput.allCases)
    func sameMoments(task: LossTask, input: PredictionInput) {
        let seed: UInt64 = 61
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let classCount = task == .binary ? 1 : 5
        var rows = ScorerInput(classCount: classCount)
        for _ in 0..<1500 {
            for _ in 0..<classCount {
                let value = random.nextUniform(in: 0...1)
                rows.values.append(input == .logits ? 30 * value - 15 : input == .probabilities ? value : -9 * value)
            }
            rows.labels.append(Int32.random(in: -1...Int32(max(classCount, 2)), using: &random))
        }
        var expected: [UInt8]?
        var expectedLosses: [UInt64]?
        var seen: InputWarnings?
        for set in InstructionSet.available {
            for blockRowCount in [1024, 1, 63, 64, 65, 1000] {
                let scorer = ObservedScorer(
                    specification: LossSpecification(task: task, input: input), classCount: classCount, ignoredLabel: -1,
                    instructionSet: set)
                // Rows without a loss too: they are written to files as they are.
                let losses = rows.score(scorer, blockRowCount: blockRowCount) { _, _ in }.map(\.bitPattern)
                #expect(losses == expectedLosses ?? losses, "\(set), blocks of \(blockRowCount)")
                #expect(rows.labels.indices.allSatisfy { rows.labels[$0] != -1 || losses[$0] == Double.nan.bitPattern })
                expectedLosses = losses
                let bytes = encoding(scorer.moments[0])
                #expect(bytes == expected ?? bytes, "\(set), blocks of \(blockRowCount)")
                expected = bytes
                #expect(scorer.warnings == seen ?? scorer.warnings, "\(set), blocks of \(blockRowCount)")
                seen = scorer.warnings
                #expect(scorer.moments[0].ignoredCount > 0 && scorer.moments[0].invalidCount > 0 && scorer.moments[0].readCount == 1500)
            }
        }
    }

    // MARK: Stored values

    @Test("float16 and bfloat16 values are read as what they are")
    func halfValues() {
        for bits in UInt16.min...UInt16.max {
            let (float16, bfloat16) = withUnsafeBytes(of: bits) {
                (ElementType.float16.value($0.baseAddress!, at: 0), ElementType.bfloat16.value($0.baseAddress!, at: 0))
            }
            let sign = bits & 0x8000 == 0 ? 1.0 : -1
            func value(exponentBits: Int, fractionBits: Int) -> Double {
                let field = Int(bits & 0x7FFF) >> fractionBits
                let fraction = Int(bits) & (1 << fractionBits - 1)
                let bias = 1 << (exponentBits - 1) - 1
                if field == 1 << exponentBits - 1 { return fraction == 0 ? sign * .infinity : .nan }
                let scale = Double(sign: .plus, exponent: max(field, 1) - bias - fractionBits, significand: 1)
                return sign * Double(field == 0 ? fraction : fraction + 1 << fractionBits) * scale
            }
            let (true16, trueB) = (value(exponentBits: 5, fractionBits: 10), value(exponentBits: 8, fractionBits: 7))
            let isRight = (float16 == true16 || (float16.isNaN && true16.isNaN)) && (bfloat16 == trueB || (bfloat16.isNaN && trueB.isNaN))
            if !isRight { Issue.record("0x\(String(bits, radix: 16)): \(float16), \(bfloat16)") }
        }
    }
}
