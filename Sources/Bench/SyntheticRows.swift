internal import Elements
internal import Engine
internal import Scoring
internal import SeededRandom
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Seeded rows of a model that is right more often than not. Logits are about normal with a deviation of 2, and the label raises its
/// class's logit by 3. Every value is finite and can be scored.
struct SyntheticRows {
    let specification: LossSpecification
    let classCount: Int
    let element: ElementType
    /// True if labels of binary decisions are numbers anywhere in [0, 1], and not 0 or 1.
    let hasSoftDecisions: Bool
    private var random: SplitMix64
    private var row: [Double]

    init(_ specification: LossSpecification, classCount: Int, _ element: ElementType, seed: UInt64, hasSoftDecisions: Bool = false) {
        self.specification = specification
        self.classCount = classCount
        self.element = element
        self.hasSoftDecisions = hasSoftDecisions
        random = SplitMix64(seed: seed)
        row = [Double](repeating: 0, count: classCount)
    }

    /// The type of the labels; nil for tasks without labels.
    var labelType: ElementType? {
        switch specification.task {
        case .multiclass: .int32
        case .soft: .float32
        case .binary, .multilabel: hasSoftDecisions ? .float32 : .uint8
        case .likelihood: nil
        }
    }

    /// The number of labels a row.
    var labelCount: Int {
        switch specification.task {
        case .multiclass, .binary: 1
        case .soft, .multilabel: classCount
        case .likelihood: 0
        }
    }

    var rowByteCount: Int { classCount * element.byteCount }
    var labelByteCount: Int { labelCount * (labelType?.byteCount ?? 0) }

    /// Writes the next `rowCount` rows to the starts of the two buffers.
    mutating func fill(_ predictions: ByteBuffer, _ labels: ByteBuffer, rowCount: Int) {
        predictions.reserve(rowCount * rowByteCount)
        labels.reserve(rowCount * labelByteCount)
        for index in 0..<rowCount {
            makeRow(labels: labels.base + index * labelByteCount)
            store(predictions.base + index * rowByteCount)
        }
    }

    /// Writes `rowCount` labels to the start of the buffer, for predictions that exist already. The task has one label a row.
    mutating func fillLabels(_ labels: ByteBuffer, rowCount: Int) {
        labels.reserve(rowCount * labelByteCount)
        for index in 0..<rowCount {
            if specification.task == .multiclass {
                labels.base.storeBytes(of: Int32(random.next() % UInt64(classCount)), toByteOffset: 4 * index, as: Int32.self)
            } else {
                labels.base.storeBytes(of: UInt8(random.next() >> 63), toByteOffset: index, as: UInt8.self)
            }
        }
    }

    private mutating func makeRow(labels: UnsafeMutableRawPointer) {
        let task = specification.task
        for column in 0..<classCount { row[column] = 2 * random.nextApproximatelyNormal() }
        switch task {
        case .multiclass, .soft:
            let label = Int(random.next() % UInt64(classCount))
            row[label] += 3
            if task == .multiclass {
                labels.storeBytes(of: Int32(label), as: Int32.self)
            } else {
                makeDistribution(labels)
            }
            toClasses()
        case .binary, .multilabel:
            for column in 0..<classCount {
                // A target, soft or hard, is above ½ as often as below.
                let target = hasSoftDecisions ? random.nextUniform() : Double(random.next() >> 63)
                row[column] += 3 * (target - 0.5)
                if hasSoftDecisions {
                    labels.storeBytes(of: Float(target), toByteOffset: 4 * column, as: Float.self)
                } else {
                    labels.storeBytes(of: UInt8(target), toByteOffset: column, as: UInt8.self)
                }
            }
            toDecisions()
        case .likelihood:
            row[0] += 1.5
            toDecisions()
        }
    }

    /// Writes soft labels that sum to 1.
    private mutating func makeDistribution(_ labels: UnsafeMutableRawPointer) {
        var sum = 0.0
        for column in 0..<classCount {
            let weight = Float(exp(random.nextApproximatelyNormal()))
            labels.storeBytes(of: weight, toByteOffset: 4 * column, as: Float.self)
            sum += Double(weight)
        }
        for column in 0..<classCount {
            let weight = labels.load(fromByteOffset: 4 * column, as: Float.self)
            labels.storeBytes(of: Float(Double(weight) / sum), toByteOffset: 4 * column, as: Float.self)
        }
    }

    /// Turns the row's logits into the specification's input, for classes that exclude one another.
    private mutating func toClasses() {
        guard specification.input != .logits else { return }
        var sum = 0.0
        for column in 0..<classCount { sum += exp(row[column]) }
        let logarithm = log(sum)
        for column in 0..<classCount {
            row[column] = specification.input == .probabilities ? exp(row[column]) / sum : min(0, row[column] - logarithm)
        }
    }

    /// Turns the row's logits into the specification's input, for independent decisions.
    private mutating func toDecisions() {
        guard specification.input != .logits else { return }
        for column in 0..<classCount {
            row[column] = specification.input == .probabilities ? 1 / (1 + exp(-row[column])) : -log1p(exp(-row[column]))
        }
    }

    /// Stores the row in its element type.
    private func store(_ target: UnsafeMutableRawPointer) {
        switch element {
        case .float16:
            for column in 0..<classCount {
                target.storeBytes(of: Self.float16Bits(row[column]), toByteOffset: 2 * column, as: UInt16.self)
            }
        case .bfloat16:
            for column in 0..<classCount {
                target.storeBytes(of: Self.bfloat16Bits(row[column]), toByteOffset: 2 * column, as: UInt16.self)
            }
        case .float32:
            for column in 0..<classCount { target.storeBytes(of: Float(row[column]), toByteOffset: 4 * column, as: Float.self) }
        case .float64:
            for column in 0..<classCount { target.storeBytes(of: row[column], toByteOffset: 8 * column, as: Double.self) }
        default: preconditionFailure("\(element.name) is not a floating-point type")
        }
    }

    /// Rounds to nearest, ties to even, by way of Float. Values beyond the largest finite one become the largest. `Float16` is not used,
    /// since not every platform has it.
    static func float16Bits(_ value: Double) -> UInt16 {
        let float = Float(value)
        let sign = float.bitPattern >> 16 & 0x8000
        // A subnormal number is a whole multiple of 2^-24. The largest may round up to the least normal number, whose bits follow.
        if float.magnitude < 0x1p-14 { return UInt16(UInt32((float.magnitude * 0x1p24).rounded(.toNearestOrEven)) | sign) }
        let bits = min(float.magnitude, 65504).bitPattern
        // The exponent's bias is 15 in Float16 and 127 in Float. Rounding up carries into the exponent.
        return UInt16((bits + 0xFFF + (bits >> 13 & 1)) >> 13 - 112 << 10 | sign)
    }

    /// Rounds to nearest, ties to even, by way of Float.
    static func bfloat16Bits(_ value: Double) -> UInt16 {
        let bits = Float(value).bitPattern
        // Wrapping matters for NaN and the largest values only, which are never made.
        return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
