import Elements
import Formats
import Foundation
import Insight
import Scoring
import SeededRandom
import Testing
import WorkStealing

@testable import Engine

/// What a Swift program uses: evaluation of arrays in memory, of rows that are pushed, without blocking; reports that are read again.
@Suite struct LibraryTests {
    /// Random logits and labels, in memory and as files.
    struct Rows {
        let classCount: Int
        var logits: [Float] = []
        var labels: [Int32] = []
        var weights: [Double] = []

        init(rowCount: Int, classCount: Int, seed: UInt64) {
            self.classCount = classCount
            var random = SplitMix64(seed: seed)
            for _ in 0..<rowCount {
                for _ in 0..<classCount { logits.append(Float.random(in: -9...9, using: &random)) }
                labels.append(Int32.random(in: 0..<Int32(classCount), using: &random))
                weights.append(Double.random(in: 0...2, using: &random))
            }
        }

        func write(_ folder: TemporaryFolder) -> (predictions: String, labels: String, weights: String) {
            func file<Element>(_ name: String, _ type: ElementType, _ shape: [Int], _ elements: [Element]) -> String {
                folder.write(NPYHeader.encode(elementType: type, shape: shape) + elements.withUnsafeBytes { Array($0) }, name)
            }
            return (
                file("p.npy", .float32, [labels.count, classCount], logits), file("y.npy", .int32, [labels.count], labels),
                file("w.npy", .float64, [labels.count], weights)
            )
        }
    }

    static let specification = LossSpecification(task: .multiclass, input: .logits)

    /// Arrays in memory give the bits of files, without any room after their end, whatever the number of rows and threads.
    @Test(arguments: [1, 2, 63, 64, 65, 4097, 40_000])
    func memoryIsAsFiles(rowCount: Int) throws {
        let rows = Rows(rowCount: rowCount, classCount: 37, seed: UInt64(rowCount))
        let folder = TemporaryFolder()
        let paths = rows.write(folder)
        for isWeighted in [false, true] {
            var options = EvaluationOptions(
                predictionPaths: [paths.predictions], labelPaths: [paths.labels], specification: Self.specification)
            if isWeighted { options.weightPaths = [paths.weights] }
            let wanted = try Evaluation(options).partial.encoded()
            for threads in [1, 4] {
                let evaluation = try Evaluation(
                    predictions: rows.logits.span, classCount: rows.classCount, labels: rows.labels.span,
                    weights: isWeighted ? rows.weights : [], specification: Self.specification
                ) { $0.threadCount = threads }
                let isSame = evaluation.partial.encoded() == wanted
                #expect(isSame, "\(rowCount) rows, \(threads) threads, weighted \(isWeighted)")
                #expect(evaluation.report.rows.read == UInt64(rowCount))
            }
        }
    }

    /// Arrays in memory lie in no file, whatever messages call them.
    @Test func worstRowsInMemory() throws {
        let rows = Rows(rowCount: 50, classCount: 5, seed: 7)
        let folder = TemporaryFolder()
        let paths = rows.write(folder)
        var options = EvaluationOptions(predictionPaths: [paths.predictions], labelPaths: [paths.labels], specification: Self.specification)
        (options.insight.worstCount, options.firstRow) = (9, 1000)
        let ofFiles = try #require(try Evaluation(options).report.worst)
        let inMemory = try #require(
            try Evaluation(predictions: rows.logits.span, classCount: 5, labels: rows.labels.span, specification: Self.specification) {
                ($0.insight.worstCount, $0.firstRow) = (9, 1000)
            }.report.worst)
        #expect(ofFiles.count == 9 && inMemory.map(\.row) == ofFiles.map(\.row))
        for (index, row) in ofFiles.enumerated() {
            let number = Int(row.row) - 1000
            #expect(row.file == paths.predictions && row.rowInFile == number && row.place == "\(paths.predictions): row \(number)")
            #expect(inMemory[index].place == "predictions: row \(number)" && inMemory[index].file == nil && inMemory[index].rowInFile == nil)
        }
    }

    /// Every type that is told apart gives the same figures for the same numbers.
    @Test func typesInMemory() throws {
        let values: [Float] = [1, -2, 0.5, 3, 0, -1, 2, 2, 2]
        let wanted = try Evaluation(
            predictions: values.span, classCount: 3, labels: ([0, 1, 2] as [Int32]).span, specification: Self.specification
        ).report.loss.mean
        let doubles = values.map { Double($0) }
        let labels: [UInt8] = [0, 1, 2]
        #expect(
            try Evaluation(predictions: doubles.span, classCount: 3, labels: labels.span, specification: Self.specification).report.loss.mean
                == wanted)
        #if !(os(macOS) && arch(x86_64))
        let halves = values.map { Float16($0) }
        let wide: [Int] = [0, 1, 2]
        #expect(
            try Evaluation(predictions: halves.span, classCount: 3, labels: wide.span, specification: Self.specification).report.loss.mean
                == wanted)
        #endif
        let binary = try Evaluation(
            predictions: ([0.25, 0.5] as [Double]).span, labels: ([true, false] as [Bool]).span,
            specification: LossSpecification(task: .binary, input: .probabilities))
        #expect(abs(binary.report.loss.mean - (-log(0.25) - log(0.5)) / 2) < 1e-15)
    }

    @Test func numbersThatDoNotFit() throws {
        let values: [Float] = [1, 2, 3, 4, 5]
        let labels: [Int32] = [0, 1]
        func category(_ body: () throws -> Any) -> EngineError.Category? {
            do {
                _ = try body()
                return nil
            } catch {
                return (error as? EngineError)?.category
            }
        }
        #expect(
            category { try Evaluation(predictions: values.span, classCount: 2, labels: labels.span, specification: Self.specification) }
                == .usage)
        #expect(
            category {
                try Evaluation(
                    predictions: Array(values.prefix(4)).span, classCount: 2, labels: Array(labels.prefix(1)).span,
                    specification: Self.specification)
            } == .usage)
        #expect(
            category {
                try Evaluation(
                    predictions: Array(values.prefix(4)).span, classCount: 2, labels: labels.span, weights: [1],
                    specification: Self.specification)
            } == .usage)
        let whole: [Int32] = [1, 2, 3, 4]
        #expect(
            category { try Evaluation(predictions: whole.span, classCount: 2, labels: labels.span, specification: Self.specification) }
                == .usage)
        #expect(category { try EvaluationAccumulator<Int32, Int32>(Self.specification, classCount: 2) } == .usage)
        let error = #expect(throws: EngineError.self) {
            try Evaluation(
                predictions: Array(values.prefix(4)).span, classCount: 2, labels: ([0, 2] as [Int32]).span, specification: Self.specification)
        }
        #expect(error?.category == .data && error?.row == 1)
    }

    /// However rows are cut into pushes, the figures are those of all at once; partials of several accumulators make up the whole.
    @Test func accumulatorInPieces() throws {
        let rows = Rows(rowCount: 5000, classCount: 11, seed: 5)
        let wanted = try Evaluation(
            predictions: rows.logits.span, classCount: 11, labels: rows.labels.span, specification: Self.specification)
        var random = SplitMix64(seed: 6)
        for _ in 0..<5 {
            let accumulator = try EvaluationAccumulator<Float, Int32>(Self.specification, classCount: 11)
            var row = 0
            while row < 5000 {
                let end = min(5000, row + Int.random(in: 0...900, using: &random))
                let (logits, labels) = (Array(rows.logits[11 * row..<11 * end]), Array(rows.labels[row..<end]))
                try accumulator.add(predictions: logits.span, labels: labels.span)
                row = end
                #expect(accumulator.rowCount == row)
            }
            #expect(accumulator.report.loss.meanHex == wanted.report.loss.meanHex)
            let isSame = accumulator.partial.encoded() == wanted.partial.encoded()
            #expect(isSame)
        }
        var partials: [Partial] = []
        for range in [0..<1234, 1234..<5000] {
            let accumulator = try EvaluationAccumulator<Float, Int32>(Self.specification, classCount: 11, firstRow: range.lowerBound)
            let (logits, labels) = (Array(rows.logits[11 * range.lowerBound..<11 * range.upperBound]), Array(rows.labels[range]))
            try accumulator.add(predictions: logits.span, labels: labels.span)
            partials.append(accumulator.partial)
        }
        let merged = try Partial.merging(partials).partial
        #expect(try merged.total(LossTotals.self)?.moments == wanted.observers.first(LossTotals.self)?.moments)
    }

    /// Rows are counted from 0, and not from where their numbers would overflow.
    @Test(arguments: [-1, Int.min, Int.max])
    func firstRowsThatAreNone(firstRow: Int) {
        let error = #expect(throws: EngineError.self) {
            try EvaluationAccumulator<Float, Int32>(Self.specification, classCount: 2, firstRow: firstRow)
        }
        #expect(error?.category == .usage)
        let values: [Float] = [1, 2]
        #expect(throws: EngineError.self) {
            try Evaluation(
                predictions: values.span, classCount: 2, labels: ([0] as [Int32]).span, specification: Self.specification
            ) { $0.firstRow = firstRow }
        }
    }

    @Test func accumulatorWithWeightsAndInvalidRows() throws {
        var modifiers = LossModifiers()
        modifiers.hasRowWeights = true
        let specification = try LossSpecification(task: .multiclass, input: .logits, modifiers: modifiers)
        let accumulator = try EvaluationAccumulator<Float, Int32>(specification, classCount: 2, invalidRows: .skip)
        let logits: [Float] = [1, 2, 3, 4]
        try accumulator.add(predictions: logits.span, labels: ([0, 7] as [Int32]).span, weights: [2, 1])
        let report = accumulator.report
        #expect(report.rows.scored == 1 && report.rows.invalid == 1 && report.rows.firstInvalid.map(\.row) == [1])
        #expect(throws: EngineError.self) { try accumulator.add(predictions: logits.span, labels: ([0, 1] as [Int32]).span) }
        #expect(accumulator.report.rows.read == 2)
    }

    // MARK: Tasks

    @Test func evaluationWithoutBlocking() async throws {
        let rows = Rows(rowCount: 3000, classCount: 5, seed: 7)
        let folder = TemporaryFolder()
        let paths = rows.write(folder)
        let options = EvaluationOptions(
            predictionPaths: [paths.predictions], labelPaths: [paths.labels], specification: Self.specification)
        let evaluation = try await Evaluation(options)
        let report = try Evaluation(
            predictions: rows.logits.span, classCount: 5, labels: rows.labels.span, specification: Self.specification
        ).report
        #expect(evaluation.report.loss.meanHex == report.loss.meanHex)
    }

    // MARK: Reports

    /// The JSON of a report is read again to the same report.
    @Test func reportsAreReadAgain() throws {
        let rows = Rows(rowCount: 100, classCount: 4, seed: 8)
        var labels = rows.labels
        labels[7] = 4
        let report = try Evaluation(
            predictions: rows.logits.span, classCount: 4, labels: labels.span, weights: rows.weights, specification: Self.specification
        ) { $0.invalidRows = .skip }.report
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let bytes = try encoder.encode(report)
        let again = try decoder.decode(Report.self, from: bytes)
        #expect(try encoder.encode(again) == bytes)
        #expect(again.task == .multiclass && again.input == .logits && again.rowsPolicy?.onInvalid == .skip)
        #expect(again.rows.firstInvalid.map(\.row) == [7] && again.accuracyWeighted == report.accuracyWeighted)
    }
}
