package import Elements
internal import KernelABI

/// The kernels of predictions that figures of other modules use, of one instruction set.
package struct PredictionKernels: Sendable {
    /// The largest number of predictions, or of rows, of a call.
    package static let limit = Int(XentFoldRowLimit)

    private let table: KernelTable

    init(_ table: KernelTable) { self.table = table }

    /// The kernels of an instruction set that is among `InstructionSet.available`.
    package init(_ instructionSet: InstructionSet) { table = KernelTable(instructionSet) }

    /// Memory that `addConfidences` works in. It is memory alone: two are always equal.
    package struct Room: Sendable, Equatable {
        fileprivate var scratch: [Int64] = []
        fileprivate var others: [Int32] = []
        fileprivate var otherCount = 0

        /// The indices of the predictions that the last call left out, in ascending order.
        package var otherIndices: ArraySlice<Int32> { others[..<otherCount] }

        /// Makes room for nothing.
        package init() {}

        package static func == (left: Room, right: Room) -> Bool { true }
    }

    /// Adds predictions to the sums of intervals of equal width and of a grid. Left out are those with a confidence outside of [0, 1], NaN, or with
    /// digits below 2^-92, and those with an outcome that is neither 0 nor 1: `room` has their indices. O(count).
    ///
    /// - Parameters:
    ///   - confidences: readable to a multiple of eight, as `outcomes` is.
    ///   - outcomes: 1 where it happened, else 0.
    ///   - count: at most `limit`.
    ///   - intervalCount: the number of intervals n.
    ///   - cells: four numbers for each of 2n + 1 cells: the bound 0, what lies between it and 1/n, the bound 1/n, and so on. They are the number of
    ///     predictions plus 2^32 times that of those that happened, Σ of the parts of the confidences in units of 2^-40 and of 2^-92, and one that is
    ///     not used.
    ///   - grid: Σ (outcome − confidence) in units of 2^-40 of cells of equal width, whose number is a power of two; nil where it is not wanted.
    ///   - room: memory.
    package func addConfidences(
        _ confidences: UnsafePointer<Double>, _ outcomes: UnsafePointer<Double>, count: Int, intervalCount: Int,
        to cells: UnsafeMutableBufferPointer<Int64>, grid: UnsafeMutableBufferPointer<Int64>?, room: inout Room
    ) {
        precondition(count <= Self.limit && cells.count >= 4 * (2 * intervalCount + 1), "beyond the memory that the kernel writes to")
        if room.scratch.isEmpty {
            room.scratch = Array(repeating: 0, count: Int(XentConfidenceScratchCount))
            room.others = Array(repeating: 0, count: Self.limit)
        }
        room.otherCount = room.scratch.withUnsafeMutableBufferPointer { scratch in
            room.others.withUnsafeMutableBufferPointer { others in
                guard let scratch = scratch.baseAddress, let first = others.baseAddress, let cells = cells.baseAddress else { return 0 }
                var sums = ConfidenceSums(
                    confidences: confidences, outcomes: outcomes, count: count, intervalCount: intervalCount, cells: cells, grid: grid?.baseAddress,
                    gridCellCount: grid?.count ?? 0, scratch: scratch, others: first, otherCount: 0)
                table.addConfidences(&sums)
                return sums.otherCount
            }
        }
    }

    /// The exact sums of the losses of a class in a block.
    package struct ClassSums: Sendable {
        /// Σ of the parts in units of 2^-40 and 2^-92.
        package let coarse: Int64, fine: Int64
        /// Σ high², Σ high · low and Σ low² of the magnitudes in units of 2^-40, high · 2^26 + low.
        package let squareHigh: Int64, squareMiddle: Int64, squareLow: Int64
        /// The numbers of rows, and of rows that are right.
        package let count: Int64, correctCount: Int64

        fileprivate init(_ sums: KernelABI.ClassSums) {
            (coarse, fine) = (sums.coarse, sums.fine)
            (squareHigh, squareMiddle, squareLow) = (sums.squareHigh, sums.squareMiddle, sums.squareLow)
            (count, correctCount) = (sums.count, sums.correctCount)
        }
    }

    /// Returns the sums of all rows and of those of class 1; nil if a loss is NaN, 2^11 or more in magnitude, or has digits below 2^-92, or a class
    /// is neither 0 nor 1. O(count).
    ///
    /// - Parameters:
    ///   - losses: readable to a multiple of eight, as `classes` and `isCorrect` are.
    ///   - isCorrect: 1 for each row that counts as right, else 0.
    ///   - count: the number of rows, at most `limit`.
    package func sumsOfTwoClasses(
        _ losses: UnsafePointer<Double>, _ classes: UnsafePointer<Int32>, _ isCorrect: UnsafePointer<UInt8>, count: Int
    ) -> (all: ClassSums, one: ClassSums)? {
        precondition(count <= Self.limit, "more rows than sums have room for")
        let none = KernelABI.ClassSums(coarse: 0, fine: 0, squareHigh: 0, squareMiddle: 0, squareLow: 0, count: 0, correctCount: 0)
        var sums = TwoClassSums(losses: losses, classes: classes, isCorrect: isCorrect, count: count, isUsual: 0, all: none, one: none)
        table.addTwoClasses(&sums)
        return sums.isUsual != 0 ? (ClassSums(sums.all), ClassSums(sums.one)) : nil
    }

    /// Room for the places of numbers. It is memory alone: two are always equal.
    package struct Places: Sendable, Equatable {
        fileprivate var doubled: [Int32] = []

        /// Makes room for nothing.
        package init() {}

        package static func == (left: Places, right: Places) -> Bool { true }

        /// Calls `body` with twice the place of each number.
        @inline(__always)
        package func withDoubledPlaces(_ body: (UnsafePointer<Int32>) -> Void) {
            doubled.withUnsafeBufferPointer { places in
                if let first = places.baseAddress { body(first) }
            }
        }
    }

    /// Finds the places of numbers by the first bits of their keys: a key is the number's encoding as Float64, −0 as 0, with the sign bit flipped, or all
    /// bits where it is negative; without its last `shift` bits, and less `first`, it is a place. Returns false if a number has none below
    /// `placeCount`; then `places` mean nothing. O(count).
    ///
    /// - Parameters:
    ///   - values: numbers as they are stored, one after the other, with 64 readable bytes after the last one.
    ///   - count: the number of numbers, at most `limit`.
    ///   - shift: from 0 to 63.
    ///   - placeCount: at most 2^30.
    package func findPlaces(
        _ values: UnsafeRawPointer, _ element: ElementType, count: Int, shift: UInt64, first: UInt64, placeCount: UInt64, _ places: inout Places
    ) -> Bool {
        precondition(count <= Self.limit && placeCount <= 1 << 30, "beyond the memory that the kernel writes to")
        if places.doubled.isEmpty { places.doubled = Array(repeating: 0, count: Self.limit) }
        return places.doubled.withUnsafeMutableBufferPointer { doubled in
            guard let doubled = doubled.baseAddress else { return false }
            var keys = KeyPlaces(
                values: values, elementCode: element.code, count: count, shift: shift, first: first, placeCount: placeCount, places: doubled,
                areInside: 0)
            table.findKeyPlaces(&keys)
            return keys.areInside != 0
        }
    }

    /// Writes values over a divisor, each rounded once. O(count).
    ///
    /// - Parameters:
    ///   - values: as they are stored, one after the other, with 64 readable bytes after the last one.
    ///   - divisor: positive and finite.
    ///   - quotients: room for `count` rounded up to eight.
    package func divide(
        _ values: UnsafeRawPointer, _ element: ElementType, count: Int, by divisor: Double, to quotients: UnsafeMutablePointer<Double>
    ) {
        var block = DivisionBlock(values: values, elementCode: element.code, count: count, divisor: divisor, quotients: quotients)
        table.divideValues(&block)
    }

    /// Replaces each of the first `count` numbers, none above 0 by more than 709, by its exponential, within 2 ULP, or at most 2^-1021 where the result
    /// is no normal number: by plain additions and multiplications in a fixed order, the same bits by every kernel. O(count).
    ///
    /// - Parameter numbers: `count` numbers, with room for `count` rounded up to eight.
    package func exponentials(_ numbers: UnsafeMutablePointer<Double>, count: Int) { table.plainExponentials(numbers, numbers, count) }

    /// Replaces each of the first `count` numbers by its natural logarithm, in the same way, within 2 ULP. O(count).
    ///
    /// - Parameter numbers: `count` numbers, with room for `count` rounded up to eight. Others than positive normal numbers become numbers without
    ///   meaning.
    package func logarithms(_ numbers: UnsafeMutablePointer<Double>, count: Int) { table.plainLogarithms(numbers, numbers, count) }

    /// Writes 1 / (1 + e^−x) of each logit x, within 4 ULP; NaN of NaN. O(count).
    ///
    /// - Parameters:
    ///   - values: as they are stored, one after the other, with 64 readable bytes after the last one.
    ///   - probabilities: room for `count` rounded up to eight.
    package func positiveProbabilities(
        _ values: UnsafeRawPointer, _ element: ElementType, count: Int, to probabilities: UnsafeMutablePointer<Double>
    ) {
        var block = ProbabilityBlock(values: values, elementCode: element.code, count: count, probabilities: probabilities)
        table.positiveProbabilities(&block)
    }

    /// Returns Σ e^(β d), Σ d e^(β d) and Σ d² e^(β d) over the classes of a row, but for one; the same bits by every kernel. O(classCount).
    ///
    /// - Parameters:
    ///   - distances: how far each logit is from the largest, none above 0. Readable to a multiple of eight: numbers beyond the last class count too.
    ///   - top: the class that is left out.
    ///   - beta: β, the inverse of a temperature.
    package func temperatureSums(
        _ distances: UnsafePointer<Double>, classCount: Int, except top: Int, beta: Double
    ) -> (sum: Double, first: Double, second: Double) {
        var block = TemperatureBlock(distances: distances, classCount: classCount, top: top, beta: beta, sum: 0, first: 0, second: 0)
        table.temperatureSums(&block)
        return (block.sum, block.first, block.second)
    }
}

extension ScoredBlock {
    /// The kernels that scored the block.
    package var predictionKernels: PredictionKernels { PredictionKernels(scorer.kernels) }

    /// Writes the probability of label 1 of each row of one logit, which is found once for all who ask for it.
    ///
    /// - Parameter numbers: room for a number a row.
    package func writePositiveProbabilities(ofLogitsTo numbers: UnsafeMutablePointer<Double>) {
        scorer.writePositiveProbabilities(rows, to: numbers)
    }
}
