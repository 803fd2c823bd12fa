import Elements
import Engine
import Formats
import Scoring
import Testing

/// The examples of Engine's docstrings, as they are written there but for files in a folder of their own, figures in place of `print`, and this
/// target's initialiser of a plain loss, which does not throw.
@Suite struct DocumentationExampleTests {
    private static let logits: [Float] = [2, 0, 1, 0, 3, 1]
    private static let labels: [Int32] = [0, 1]
    private static let mean = 0.288_725_992_000_332_9

    private let folder = TemporaryFolder()

    /// Options for the numbers above in files.
    private func options() throws -> EvaluationOptions {
        func file(_ name: String, _ type: ElementType, _ shape: [Int], _ numbers: [some BitwiseCopyable]) -> String {
            folder.write(NPYHeader.encode(elementType: type, shape: shape) + numbers.withUnsafeBytes { Array($0) }, name)
        }
        let logits = file("logits.npy", .float32, [2, 3], Self.logits), labels = file("labels.npy", .int32, [2], Self.labels)
        let specification = LossSpecification(task: .multiclass, input: .logits)
        return EvaluationOptions(predictionPaths: [logits], labelPaths: [labels], specification: specification)
    }

    @Test func evaluation() throws {
        let options = try options()
        let report = try Evaluation(options).report
        #expect(abs(report.loss.mean - Self.mean) < 1e-15)
        #expect(report.warnings.isEmpty)
    }

    @Test func evaluationWithoutBlocking() async throws {
        let options = try options()
        let task = Task { try await Evaluation(options).report.loss.mean }
        #expect(abs(try await task.value - Self.mean) < 1e-15)
    }

    @Test func arraysInMemory() throws {
        let specification = LossSpecification(task: .multiclass, input: .logits)
        let logits: [Float] = [2, 0, 1, 0, 3, 1]
        let labels: [Int32] = [0, 1]
        let report = try Evaluation(
            predictions: logits.span, classCount: 3, labels: labels.span, specification: specification).report
        #expect(abs(report.loss.mean - Self.mean) < 1e-15)
    }

    @Test func accumulator() throws {
        let specification = LossSpecification(task: .multiclass, input: .logits)
        let (logits, labels) = (Self.logits, Self.labels)
        let accumulator = try EvaluationAccumulator<Float, Int32>(specification, classCount: 3)
        try accumulator.add(predictions: logits.span, labels: labels.span)
        let mean = accumulator.report.loss.mean
        #expect(abs(mean - Self.mean) < 1e-15)
    }

    @Test func rowsOfANewSource() throws {
        let numbers = Numbers()
        let labels = CompanionColumn(name: CompanionColumn.labels, rows: Numbers())
        let pipeline = RowPipeline(source: numbers, companions: [labels], threadCount: 4)
        let counted = try pipeline.run { RowCounter() }
        let rowCount = counted.consumers.reduce(0) { $0 + $1.rowCount }
        #expect(rowCount == 1000)
        #expect(counted.consumers.reduce(0) { $0 + $1.sum } == 2 * 499_500)
    }

    /// The example of `UnitRowSource`.
    private struct Numbers: UnitRowSource {
        let layout = RowLayout(elementType: .float64, valuesPerRow: 1)
        var rowCount: Int? { 1000 }
        var decodedByteCount: Int? { 8000 }
        var unitCount: Int { 10 }
        func rows(ofUnit index: Int) -> Range<Int> { index * 100..<(index + 1) * 100 }
        func place(ofRow row: Int) -> RowPlace { RowPlace(path: "numbers", row: row) }
        func makeReader(_ control: RunControl) -> sending NumbersReader { NumbersReader() }
    }

    private final class NumbersReader: UnitReader {
        private let buffer = ByteBuffer()

        func read(unit index: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            buffer.reserve(800)
            for row in 0..<100 { buffer.base.storeBytes(of: Double(100 * index + row), toByteOffset: 8 * row, as: Double.self) }
            try body(
                RowBatch(
                    firstRow: 100 * index, rowCount: 100, values: buffer.base, elementType: .float64,
                    place: { RowPlace(path: "numbers", row: 100 * index + $0) }))
        }
    }

    /// The consumer of `RowPipeline`'s example; it adds the values and their companions up as well.
    private final class RowCounter: RowConsumer {
        private(set) var rowCount = 0
        private(set) var sum = 0.0

        func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {
            rowCount += batch.rowCount
            for row in 0..<batch.rowCount {
                sum += batch.values.load(fromByteOffset: 8 * row, as: Double.self)
                sum += companions[0].loadUnaligned(fromByteOffset: 8 * row, as: Double.self)
            }
        }
    }
}
