import Elements
import Scoring

/// Sample counts are this many times as high in release builds.
#if DEBUG
let scoringEffort = 1
#else
let scoringEffort = 6
#endif

/// A dump of rows in memory as BlockScorer wants it.
struct ScorerInput {
    var element = ElementType.float64
    var classCount = 1
    var values: [Double] = []
    var labels: [Int32] = []

    /// Scores all the rows in blocks of `blockRowCount` and gives back the losses.
    @discardableResult
    func score<Failure: Error>(
        _ scorer: ObservedScorer, firstRow: UInt64 = 0, blockRowCount: Int = BlockScorer.rowLimit,
        onInvalid: (Int, RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> [Double] {
        var bytes: [UInt8] = []
        for value in values {
            if element == .float32 {
                withUnsafeBytes(of: Float(value).bitPattern) { bytes.append(contentsOf: $0) }
            } else {
                withUnsafeBytes(of: value.bitPattern) { bytes.append(contentsOf: $0) }
            }
        }
        // One byte in front, so that the values are not aligned; what must be readable behind is NaN.
        let memory = [0xFF] + bytes + [UInt8](repeating: 0xFF, count: BlockScorer.readableByteCountAfterValues)
        let paddedLabels = labels + [Int32](repeating: 1, count: BlockScorer.readableLabelCountAfterLast)
        // Typed throws do not pass through withUnsafeBytes.
        let result: Result<[Double], Failure> = memory.withUnsafeBytes { memory in
            paddedLabels.withUnsafeBufferPointer { labels in
                var losses: [Double] = []
                var start = 0
                while start < self.labels.count {
                    let count = min(blockRowCount, self.labels.count - start)
                    do throws(Failure) {
                        let block = try scorer.score(
                            values: memory.baseAddress! + 1 + start * classCount * element.byteCount, element: element,
                            labels: labels.baseAddress! + start, rowCount: count, firstRow: firstRow &+ UInt64(start)
                        ) { row, problem throws(Failure) in try onInvalid(start + row, problem) }
                        losses += block
                    } catch {
                        return .failure(error)
                    }
                    start += count
                }
                return .success(losses)
            }
        }
        return try result.get()
    }
}

/// The moments of these losses, none of them negative; NaN makes an invalid row. With log-probabilities and a label of 1 the loss is the
/// negated prediction, exactly.
func moments(
    of losses: [Double], firstRow: UInt64 = 0, blockRowCount: Int = BlockScorer.rowLimit, instructionSet: InstructionSet = .best
) -> Moments {
    let scorer = ObservedScorer(
        specification: LossSpecification(task: .binary, input: .logProbabilities), classCount: 1, ignoredLabel: -100,
        instructionSet: instructionSet)
    let input = ScorerInput(values: losses.map { -$0 }, labels: losses.map { _ in 1 })
    input.score(scorer, firstRow: firstRow, blockRowCount: blockRowCount) { _, _ in }
    return scorer.moments[0]
}

func encoding(_ moments: Moments) -> [UInt8] {
    var bytes: [UInt8] = []
    moments.encode(into: &bytes)
    return bytes
}
