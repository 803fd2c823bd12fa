import Elements
import Formats
import Oracle
import Scoring
import SeededRandom

/// Predictions and labels as values, and as the bytes of `.npy` files.
struct Dump: Sendable {
    var specification = LossSpecification(task: .multiclass, input: .logits)
    var elementType = ElementType.float32
    var isBigEndian = false
    var labelType = ElementType.int64
    var areLabelsBigEndian = false
    /// Labels and weights of shape (N, 1) instead of (N,).
    var areLabelsColumn = false
    /// Predictions of shape (N, 1) instead of (N,), for tasks of one value a row.
    var isColumn = false
    var classCount: Int
    /// Row by row: exactly what is stored.
    var values: [Double]
    var labels: [Int]
    /// What is stored instead of `labels` where they are no whole numbers, or more than one a row.
    var targets: [Double]?
    /// One a row.
    var weights: [Double]?
    var weightType = ElementType.float64

    var rowCount: Int { values.count / classCount }
    var labelColumnCount: Int { [.multilabel, .soft].contains(specification.task) ? classCount : 1 }

    func values(ofRow row: Int) -> ArraySlice<Double> { values[row * classCount..<(row + 1) * classCount] }

    /// The same predictions and labels for some of the rows.
    func slice(_ rows: Range<Int>) -> Dump {
        var slice = self
        slice.values = Array(values[rows.lowerBound * classCount..<rows.upperBound * classCount])
        if !labels.isEmpty { slice.labels = Array(labels[rows]) }
        slice.targets = targets.map { Array($0[rows.lowerBound * labelColumnCount..<rows.upperBound * labelColumnCount]) }
        slice.weights = weights.map { Array($0[rows]) }
        return slice
    }

    var predictionBytes: [UInt8] {
        let shape = specification.task.isSingleValued && !isColumn ? [rowCount] : [rowCount, classCount]
        return NPY.file(elementType, shape: shape, isBigEndian: isBigEndian, values: values)
    }

    var labelBytes: [UInt8] {
        let isMatrix = areLabelsColumn || labelColumnCount > 1
        return NPY.file(
            labelType, shape: isMatrix ? [rowCount, labelColumnCount] : [rowCount], isBigEndian: areLabelsBigEndian,
            values: targets ?? labels.map { Double($0) })
    }

    var weightBytes: [UInt8] {
        NPY.file(
            weightType, shape: areLabelsColumn ? [rowCount, 1] : [rowCount], isBigEndian: areLabelsBigEndian, values: weights ?? [])
    }

    /// The tasks whose labels are indices.
    static let tasks: [LossTask] = [.binary, .multiclass]

    /// The loss of a row, to more than 200 bits; nil for an infinite one.
    func trueLoss(_ row: Int) -> BigReal? {
        let values = Array(values(ofRow: row))
        let label = labels[row]
        switch (specification.task, specification.input) {
        case (.multiclass, .logits): return Reference.softmaxCrossEntropy(logits: values, label: label)
        case (.multiclass, .probabilities): return values[label] > 0 ? Reference.negativeLog(probability: values[label]) : nil
        case (.multiclass, .logProbabilities): return BigReal(-values[label])
        case (.binary, .logits): return Reference.binaryFromLogit(values[0], label: Double(label))
        case (.binary, .probabilities):
            if label == 1 { return values[0] > 0 ? Reference.negativeLog(probability: values[0]) : nil }
            return values[0] < 1 ? Reference.negativeLogOfComplement(values[0]) : nil
        case (.binary, .logProbabilities):
            if label == 1 { return BigReal(-values[0]) }
            return values[0] < 0 ? -BigReal.log1p(-Reference.exp(values[0])) : nil
        case (let task, _): fatalError("no dump is made for task \(task.rawValue)")
        }
    }

    /// Whether the prediction is right: the label is the first of the largest; for binary the likelier side of ½.
    func isRight(_ row: Int) -> Bool {
        let values = values(ofRow: row)
        guard specification.task == .binary else { return values.firstIndex(of: values.max() ?? 0) == values.startIndex + labels[row] }
        let value = values[values.startIndex]
        let says1 =
            switch specification.input {
            case .logits: value > 0
            case .probabilities: value > 0.5
            case .logProbabilities: value > -0x1.62e42fefa39efp-1
            }
        return says1 == (labels[row] == 1)
    }
}

extension Dump {
    /// A dump of any kind. All values are such that the loss is finite.
    static func random(
        _ random: inout SplitMix64, task: LossTask? = nil, input: PredictionInput? = nil, elementType: ElementType? = nil,
        elementLimit: Int = 40_000
    ) -> Dump {
        let task = task ?? Self.tasks.randomElement(using: &random)!
        let input = input ?? PredictionInput.allCases.randomElement(using: &random)!
        let type = elementType ?? [.float16, .bfloat16, .float32, .float64].randomElement(using: &random)!
        // As many small ones as large ones.
        func size(_ limit: Int) -> Int { Int.random(in: 1...(1 << Int.random(in: 0...limit, using: &random)), using: &random) }
        let classCount = task == .binary ? 1 : size(9)
        let rowCount = min(size(12), max(1, elementLimit / classCount))
        var values: [Double] = []
        values.reserveCapacity(rowCount * classCount)
        for _ in 0..<rowCount {
            let spread = [0.1, 3, 30].randomElement(using: &random)!
            var row = (0..<classCount).map { _ in spread * random.nextUniform(in: -1...1) }
            switch input {
            case .logits: break
            case .probabilities:
                // Positive after rounding to any type.
                row = row.map { 0.001 + 0.998 * ($0 / spread + 1) / 2 }
                if task == .multiclass {
                    let sum = row.reduce(0, +)
                    row = row.map { max($0 / sum, 1e-4) }
                }
            case .logProbabilities: row = row.map { -0.001 - $0.magnitude }
            }
            values += row.map { NPY.rounded($0, to: type) }
        }
        let classes = task == .binary ? 2 : classCount
        let labels = (0..<rowCount).map { _ in Int.random(in: 0..<classes, using: &random) }
        let labelTypes = ElementType.allCases.filter { type in
            switch type {
            case .bool: classes <= 2
            case .int8, .uint8: classes <= 128
            case .bfloat16: classes <= 256
            case .float16: classes <= 2048
            default: true
            }
        }
        return Dump(
            specification: LossSpecification(task: task, input: input), elementType: type, isBigEndian: Bool.random(using: &random),
            labelType: labelTypes.randomElement(using: &random)!, areLabelsBigEndian: Bool.random(using: &random),
            areLabelsColumn: Bool.random(using: &random), isColumn: Bool.random(using: &random), classCount: classCount, values: values,
            labels: labels)
    }

    var summary: String {
        "\(specification.canonicalText), \(rowCount) x \(classCount) of \(elementType.name)\(isBigEndian ? " big-endian" : ""), "
            + "labels \(labelType.name)\(areLabelsBigEndian ? " big-endian" : "")\(weights == nil ? "" : ", weights \(weightType.name)")"
    }
}

/// Files of arrays, written here and not by what is tested.
enum NPY {
    static func header(_ descriptor: String, shape: [Int], isFortranOrder: Bool = false) -> [UInt8] {
        let shapeText = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '\(descriptor)', 'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': (\(shapeText)), }"
        while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
        text += "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0] + Compressor.littleEndian(text.utf8.count, 2) + Array(text.utf8)
    }

    static func descriptor(_ type: ElementType, isBigEndian: Bool = false) -> String {
        let order = type.byteCount == 1 ? "|" : isBigEndian ? ">" : "<"
        return switch type {
        case .bool: order + "b1"
        case .bfloat16: order + "V2"
        default: order + type.name
        }
    }

    static func file(_ type: ElementType, shape: [Int], isBigEndian: Bool = false, values: [Double]) -> [UInt8] {
        header(descriptor(type, isBigEndian: isBigEndian), shape: shape) + data(type, isBigEndian: isBigEndian, values: values)
    }

    static func data(_ type: ElementType, isBigEndian: Bool, values: [Double]) -> [UInt8] {
        let byteCount = type.byteCount
        return [UInt8](unsafeUninitializedCapacity: values.count * byteCount) { target, count in
            count = values.count * byteCount
            for index in 0..<values.count {
                let bits = bits(values[index], type)
                for byte in 0..<byteCount {
                    let shift = UInt64(8 * (isBigEndian ? byteCount - 1 - byte : byte))
                    target[index * byteCount + byte] = UInt8(truncatingIfNeeded: bits >> shift)
                }
            }
        }
    }

    private static func bits(_ value: Double, _ type: ElementType) -> UInt64 {
        switch type {
        case .float16: UInt64(Float16(value).bitPattern)
        case .bfloat16: UInt64(Float(value).bitPattern >> 16)
        case .float32: UInt64(Float(value).bitPattern)
        case .float64: value.bitPattern
        case .uint64: UInt64(value)
        default: UInt64(bitPattern: Int64(value))
        }
    }

    /// The nearest value of a type; for bfloat16 the one towards zero.
    static func rounded(_ value: Double, to type: ElementType) -> Double {
        switch type {
        case .float16: Double(Float16(value))
        case .bfloat16: Double(Float(bitPattern: Float(value).bitPattern & 0xFFFF_0000))
        case .float32: Double(Float(value))
        default: value
        }
    }

    /// The numbers of a file of f8 that the engine wrote: what follows its header.
    static func losses(_ file: [UInt8], rowCount: Int) -> [Double] {
        let data = file.suffix(8 * rowCount)
        return (0..<rowCount).map { row in
            Double(bitPattern: (0..<8).reduce(0) { $0 | UInt64(data[data.startIndex + 8 * row + $1]) << UInt64(8 * $1) })
        }
    }
}
