internal import Scoring

/// The sums of outcome − confidence in 4,096 cells of equal width, from which the smooth calibration error follows.
///
/// A difference is rounded to a multiple of 2^-40 and added up exactly. 96 KB.
struct ResidualGrid: Sendable, Equatable {
    private static let cellCount = 4096
    /// The number of predictions after which 64 bits are added to 128: below 2^23, since a difference is at most 2^40 units.
    private static let recentLimit = 1 << 22
    /// Σ (outcome − confidence) of each cell, in units of 2^-40, but for recent predictions.
    private var earlier = [Int128](repeating: 0, count: Self.cellCount)
    /// The same of recent predictions, and their number.
    private var recent = [Int64](repeating: 0, count: Self.cellCount)
    private var recentCount = 0

    /// Σ (outcome − confidence) of each cell, in units of 2^-40.
    private var residuals: [Int128] { zip(earlier, recent).map { $0 &+ Int128($1) } }  // Wrapping: 2^87 rows fit.

    /// Adds predictions; NaN confidences are left out.
    mutating func add(_ confidences: UnsafePointer<Double>, _ outcomes: UnsafePointer<Double>, count: Int) {
        var next = 0
        while next < count {
            let end = min(count, next + Self.recentLimit - recentCount)
            add(confidences, outcomes, next..<end)
            recentCount += end - next
            next = end
            if recentCount == Self.recentLimit { settle() }
        }
    }

    /// Calls `body` with the sums of recent predictions, to which it adds at most `count`.
    mutating func withRecent(adding count: Int, _ body: (UnsafeMutableBufferPointer<Int64>) -> Void) {
        if recentCount + count > Self.recentLimit { settle() }
        recent.withUnsafeMutableBufferPointer { body($0) }
        recentCount += count
    }

    /// Makes recent predictions earlier ones.
    private mutating func settle() {
        earlier = residuals
        recent = [Int64](repeating: 0, count: Self.cellCount)
        recentCount = 0
    }

    private mutating func add(_ confidences: UnsafePointer<Double>, _ outcomes: UnsafePointer<Double>, _ range: Range<Int>) {
        recent.withUnsafeMutableBufferPointer { recent in
            for i in range {
                let confidence = confidences[i], difference = outcomes[i] - confidence
                // NaN is in neither. What lies outside of [0, 1] may be large, and is rare.
                if confidence >= 0, confidence < 1, difference.magnitude <= 1 {
                    recent[Int(confidence * Double(Self.cellCount))] &+= FixedPoint.units(difference)  // Wrapping: see `recentLimit`.
                } else if confidence == confidence {
                    let cell = min(Int(min(max(confidence, 0), 1) * Double(Self.cellCount)), Self.cellCount - 1)
                    earlier[cell] &+= Int128(FixedPoint.units(difference))  // Wrapping: 2^87 rows fit.
                }
            }
        }
    }

    mutating func merge(_ other: ResidualGrid) {
        earlier = zip(residuals, other.residuals).map { $0 &+ $1 }  // Wrapping: see above.
        recent = [Int64](repeating: 0, count: Self.cellCount)
        recentCount = 0
    }

    /// Returns true if both have the same sums.
    static func == (left: ResidualGrid, right: ResidualGrid) -> Bool { left.residuals == right.residuals }

    /// The smooth calibration error of Błasiok and Nakkiran ("Smooth ECE", 2023), and the bandwidth: the least σ for which the error at σ is
    /// at most σ. The error at σ is the integral of the magnitude of the residuals, smoothed by a normal kernel of width σ that is reflected at 0
    /// and 1, over the number of predictions. Good to about 1e-3 of itself. nil where there are no predictions.
    ///
    /// O(cells²) at worst, some milliseconds.
    func smoothError(count: UInt64) -> (error: Double, bandwidth: Double)? {
        guard count > 0 else { return nil }
        let fine = residuals.map { residual in
            // Converting 128 bits takes the standard library some hundred times as long.
            let short = Int64(truncatingIfNeeded: residual)
            return (Int128(short) == residual ? Double(short) : Double(residual)) * 0x1p-40 / Double(count)
        }
        let coarse = stride(from: 0, to: fine.count, by: 4).map { first in fine[first..<first + 4].reduce(0, +) }
        // A wide kernel does not see the cells.
        return Self.leastBandwidth { Self.smoothed($0 > 0x1p-7 ? coarse : fine, $0) }
    }

    /// Finds the least bandwidth at which the error is at most the bandwidth, and the error there; the error falls as the bandwidth grows, and is at
    /// most 1.
    ///
    /// The bandwidth is one of 2^16 steps from 2^-12 to 1, and is found by secants, which take a third of the steps of halving; every third step halves, so
    /// that there are at most 48.
    static func leastBandwidth(_ error: (_ bandwidth: Double) -> Double) -> (error: Double, bandwidth: Double) {
        let least = 0x1p-12, stepCount = 1 << 16
        func bandwidth(_ step: Int) -> Double { least + (1 - least) * Double(step) / Double(stepCount) }  // Exact.
        let first = error(least)
        guard first > least else { return (first, least) }
        var low = (step: 0, excess: first - least), high = (step: stepCount, excess: first - 1)
        var errorAtHigh: Double?
        // No error is larger than the first, so that this bandwidth is large enough.
        var candidate = Int((first - least) / (1 - least) * Double(stepCount)) + 1, tries = 0
        while high.step - low.step > 1 {
            let step = min(max(candidate, low.step + 1), high.step - 1)
            let found = error(bandwidth(step)), excess = found - bandwidth(step)
            if excess > 0 { low = (step, excess) } else { (high, errorAtHigh) = ((step, excess), found) }
            tries += 1
            let share = low.excess / (low.excess - high.excess)
            candidate = tries % 3 == 0 ? (low.step + high.step) / 2 : low.step + Int(share * Double(high.step - low.step))
        }
        return (errorAtHigh ?? error(1), bandwidth(high.step))
    }

    /// The sum of the magnitudes of the smoothed residuals.
    private static func smoothed(_ residuals: [Double], _ bandwidth: Double) -> Double {
        let count = residuals.count, width = 1 / Double(count)
        let reach = min(count - 1, Int((6 * bandwidth / width).rounded(.up)))
        var kernel = (0...reach).map { offset in
            let distance = Double(offset) * width / bandwidth
            return ElementaryFunctions.exponential(-0.5 * distance * distance)
        }
        let mass = kernel[0] + 2 * kernel.dropFirst().reduce(0, +)
        for i in kernel.indices { kernel[i] /= mass }
        // Reflected at both ends: cell −1 is cell 0. Eight more, since eight cells are smoothed at a time.
        let reflected = (-reach..<count + reach + 8).map { place in
            residuals[place < 0 ? -1 - place : place < count ? place : max(0, 2 * count - 1 - place)]
        }
        var total = 0.0
        reflected.withUnsafeBytes { reflected in
            // Unsafe: the first of eight is at most cell count − 1, and reach + 8 follow that one.
            func eight(_ place: Int) -> SIMD8<Double> { reflected.loadUnaligned(fromByteOffset: 8 * (place + reach), as: SIMD8<Double>.self) }
            kernel.withUnsafeBufferPointer { kernel in
                for start in stride(from: 0, to: count, by: 8) {
                    var smooth = eight(start) * kernel[0]
                    for offset in stride(from: 1, through: reach, by: 1) { smooth += (eight(start - offset) + eight(start + offset)) * kernel[offset] }
                    for lane in 0..<min(8, count - start) { total += smooth[lane].magnitude }
                }
            }
        }
        return total
    }

    /// Appends a varint, the number of cells that are not zero, and for each in ascending order a varint, its index, and its integer of 16 bytes.
    func encode(into bytes: inout [UInt8]) {
        let residuals = residuals
        let used = residuals.indices.filter { residuals[$0] != 0 }
        bytes.append(varint: UInt64(used.count))
        for cell in used {
            bytes.append(varint: UInt64(cell))
            // 16 bytes, the least significant first.
            bytes.append(littleEndian: UInt64(truncatingIfNeeded: residuals[cell]))
            bytes.append(littleEndian: UInt64(truncatingIfNeeded: residuals[cell] >> 64))
        }
    }

    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        self = ResidualGrid()
        for _ in 0..<(try reader.varintCount(leastByteCount: 17)) {
            let cell = try reader.varint()
            guard cell < UInt64(Self.cellCount) else { throw .damaged("cell \(cell) is none of \(Self.cellCount)") }
            let low = try reader.unsigned(), high = try reader.unsigned()
            earlier[Int(cell)] = Int128(truncatingIfNeeded: Int64(bitPattern: high)) << 64 | Int128(low)
        }
    }
}
