internal import KernelABI

/// Scores blocks of rows and adds them up: one a worker, its buffers reused. Not for sharing between threads.
public final class BlockScorer {
    /// Rows of one call at the most.
    public static let rowLimit = Int(XentFoldRowLimit)
    /// How many bytes must be readable after the last value of a block.
    public static let readableByteCountAfterValues = 64
    /// How many labels must be readable after the last one of a block.
    public static let readableLabelCountAfterLast = 64

    public let specification: LossSpecification
    /// Values a row: C for multiclass, 1 for binary.
    public let classCount: Int
    /// All the rows scored so far.
    public private(set) var moments = Moments()
    /// The instruction set of the kernel that ran last, as the kernel itself reported it; nil before the first block.
    public private(set) var instructionSetThatRan: InstructionSet?

    private let kernel: KernelSet.RowKernel
    private let fold: @Sendable (UnsafeMutablePointer<LossFold>) -> Void
    private let losses: UnsafeMutablePointer<Double>
    private let residuals: UnsafeMutablePointer<Double>
    /// The label that stands for a row to be left out.
    private let ignoredLabel: Int32

    /// `instructionSet` must be among `InstructionSet.available`; another is replaced by the best there is.
    /// `ignoredLabel` is the label that marks a row to be left out.
    public init(specification: LossSpecification, classCount: Int, ignoredLabel: Int32, instructionSet: InstructionSet = .best) {
        self.specification = specification
        self.classCount = classCount
        self.ignoredLabel = ignoredLabel
        let kernels = KernelSet(InstructionSet.available.contains(instructionSet) ? instructionSet : .best)
        kernel =
            switch (specification.task, specification.input) {
            case (.multiclass, .logits): kernels.softmaxRows
            case (.multiclass, .probabilities): kernels.probabilityRows
            case (.multiclass, .logProbabilities): kernels.logProbabilityRows
            case (.binary, .logits): kernels.binaryLogitRows
            case (.binary, .probabilities): kernels.binaryProbabilityRows
            case (.binary, .logProbabilities): kernels.binaryLogProbabilityRows
            }
        fold = kernels.foldLosses
        losses = .allocate(capacity: Self.rowLimit)
        losses.initialize(repeating: 0, count: Self.rowLimit)
        // Each vector of eight can leave its lanes twice: whole, or their last digits.
        residuals = .allocate(capacity: Self.rowLimit + 8)
        residuals.initialize(repeating: 0, count: Self.rowLimit + 8)
    }

    deinit {
        losses.deallocate()
        residuals.deallocate()
    }

    /// Scores up to `rowLimit` rows and adds them to `moments`.
    ///
    /// - Parameters:
    ///   - values: rowCount × classCount elements in the machine's byte order, at any alignment, with
    ///     `readableByteCountAfterValues` readable bytes after the last.
    ///   - labels: rowCount class indices, with `readableLabelCountAfterLast` readable after the last.
    ///   - firstRow: the place of the first row in the dump.
    ///   - onInvalid: called for each row that has no loss and is not ignored, with its index in the block; what it throws ends the
    ///     call, and the block is then not added.
    /// - Returns: the rows' losses, NaN where a row was not scored; valid until the next call.
    ///
    /// O(rowCount × classCount); allocates nothing.
    public func score<Failure: Error>(
        values: UnsafeRawPointer, element: PredictionElement, labels: UnsafePointer<Int32>, rowCount: Int, firstRow: UInt64,
        onInvalid: (_ row: Int, _ problem: RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> UnsafeBufferPointer<Double> {
        let rowCount = min(max(rowCount, 0), Self.rowLimit)
        var block = RowBlock(
            values: values, labels: labels, losses: losses, classCount: classCount, rowCount: rowCount, elementCode: element.code,
            unscoredRowCount: 0, correctRowCount: 0, instructionSetCode: 0)
        kernel(&block)
        instructionSetThatRan = InstructionSet(code: block.instructionSetCode)
        var ignoredCount = 0
        if block.unscoredRowCount > 0 {
            for row in 0..<rowCount where losses[row].isNaN {
                if labels[row] == ignoredLabel {
                    ignoredCount += 1
                } else {
                    let rowValues = values + row * classCount * element.byteCount
                    try onInvalid(row, problem(of: rowValues, element, label: labels[row]))
                }
            }
        }
        var folded = LossFold(
            losses: losses, rowCount: rowCount, firstRow: firstRow, residuals: residuals, residualCount: 0, level1: 0, level2: 0, level3: 0,
            squareHigh: 0, squareMiddle: 0, squareLow: 0, fineSum: 0, fineSquareHigh: 0, fineSquareMiddle: 0, fineSquareLow: 0, minimum: 0,
            maximum: 0, fingerprint: 0)
        fold(&folded)
        moments.absorb(folded)
        moments.scoredCount += UInt64(rowCount - block.unscoredRowCount)
        moments.ignoredCount += UInt64(ignoredCount)
        moments.invalidCount += UInt64(block.unscoredRowCount - ignoredCount)
        moments.correctCount += UInt64(block.correctRowCount)
        return UnsafeBufferPointer(start: losses, count: rowCount)
    }

    /// Why a row's loss is NaN.
    private func problem(of values: UnsafeRawPointer, _ element: PredictionElement, label: Int32) -> RowProblem {
        let isBinary = specification.task == .binary
        guard label >= 0, Int(label) < (isBinary ? 2 : classCount) else { return .label(classCount: classCount, isBinary: isBinary) }
        for column in 0..<classCount {
            let value = element.value(values, at: column)
            let isInfinityOfProbability = value.isInfinite && specification.input == .probabilities
            if value.isNaN || (isInfinityOfProbability && !isBinary) { return .notANumber(column: column, value: value) }
        }
        let scoredColumn = isBinary ? 0 : Int(label)
        let value = element.value(values, at: scoredColumn)
        switch specification.input {
        case .probabilities where !(0...1).contains(value), .logProbabilities where value > 0:
            return .outOfRange(column: scoredColumn, value: value, input: specification.input)
        default:
            return .undefined
        }
    }
}

extension PredictionElement {
    var code: Int32 {
        switch self {
        case .float16: Int32(XentElementFloat16)
        case .bfloat16: Int32(XentElementBFloat16)
        case .float32: Int32(XentElementFloat32)
        case .float64: Int32(XentElementFloat64)
        }
    }

    /// One stored value, exactly.
    public func value(_ values: UnsafeRawPointer, at index: Int) -> Double {
        switch self {
        case .float16:
            // Not through Float16, whose conversion is a library call that not every system has.
            let bits = UInt32(values.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            let scaled = Float(bitPattern: (bits & 0x7FFF) << 13) * 0x1p112
            let magnitude = scaled >= 65536 ? scaled.bitPattern | 0x7F80_0000 : scaled.bitPattern
            return Double(Float(bitPattern: magnitude | (bits & 0x8000) << 16))
        case .bfloat16:
            return Double(Float(bitPattern: UInt32(values.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)) << 16))
        case .float32:
            return Double(values.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        case .float64:
            return values.loadUnaligned(fromByteOffset: 8 * index, as: Double.self)
        }
    }
}
