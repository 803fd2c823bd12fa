import Elements
import Engine
import Insight
import Oracle
import Scoring
import SeededRandom
import Testing

/// Labels of a byte each are scored as they are stored, and others converted: the type of the labels must not matter.
@Suite struct StoredLabelTypeTests {
    /// What rows of labels hold.
    enum Labels: String, CaseIterable {
        /// 0 and 1 alone.
        case bits
        /// A label that is no class here and there: whole blocks are without one.
        case fewInvalid
    }

    @Test(arguments: Labels.allCases)
    func typesGiveTheSameBits(kind: Labels) throws {
        let folder = TemporaryFolder()
        var random = SplitMix64(seed: 61)
        for input in PredictionInput.allCases {
            let specification = LossSpecification(task: .binary, input: input)
            let rowCount = 5000
            let range = input == .logits ? -9.0...9 : input == .probabilities ? 0...1 : -4.0...0
            let values = (0..<rowCount).map { _ in Double(Float(random.nextUniform(in: range))) }
            // None in the first two blocks.
            let labels = (0..<rowCount).map { kind != .bits && $0 > 2100 && random.next() % 400 == 0 ? 3 : Int(random.next() & 1) }
            var dump = Dump(specification: specification, labelType: .int64, classCount: 1, values: values, labels: labels)
            func outcome(_ type: ElementType, isInsightful: Bool) throws -> Outcome {
                dump.labelType = type
                var options = EvaluationOptions(
                    predictionPaths: [folder.write(dump.predictionBytes, "p.npy")], labelPaths: [folder.write(dump.labelBytes, "l.npy")],
                    specification: specification)
                options.invalidRows = .skip
                options.threadCount = 2
                options.perRowPath = folder["rows.npy"]
                // The usual figures, of which some read the labels of each row.
                if isInsightful { options.insight.addUsual(.binary) }
                let evaluation = try Evaluation(options)
                try evaluation.perRow?.commit()
                return Outcome(evaluation, perRow: folder.read("rows.npy"))
            }
            for isInsightful in [false, true] {
                let expected = try outcome(.int64, isInsightful: isInsightful)
                let types: [ElementType] = kind == .bits ? [.uint8, .bool, .int8, .int32, .uint16] : [.uint8, .int8, .int32, .uint16]
                for type in types { #expect(try outcome(type, isInsightful: isInsightful) == expected, "\(input) \(type.name)") }
            }
        }
    }

    /// A byte that is no boolean is no label.
    @Test func aByteThatIsNoBooleanIsInvalid() throws {
        let folder = TemporaryFolder()
        var dump = Dump(
            specification: LossSpecification(task: .binary, input: .probabilities), labelType: .uint8, classCount: 1,
            values: [Double](repeating: 0.25, count: 1500), labels: (0..<1500).map { $0 == 1200 ? 2 : $0 & 1 })
        var problems: [String] = []
        for type in [ElementType.uint8, .bool] {
            dump.labelType = type
            do {
                try evaluate(dump, folder, framing: .raw)
            } catch {
                problems.append("\(error.row ?? -1) \(error.problem)")
            }
        }
        #expect(problems == ["1200 label 2 is neither 0 nor 1", "1200 label the byte 2, which is no bool is neither 0 nor 1"])
    }
}
