import Oracle

#if arch(x86_64) && canImport(Glibc)
import Glibc
#endif

/// A function at all Float32 numbers that it is defined for.
///
/// 200 bits for each would take days. Where there is Float80 (x86-64), the C library's function in it is the yardstick: its error of about
/// an ULP of its own, 2^-11 of Float64's, is below the digits that are told. The arguments that came out worst are judged again by 200 bits.
struct Float32Sweep: Sendable {
    let function: AccuracyFunction
    let encodings: Range<UInt32>

    /// The mean by Float80, and the worst arguments.
    struct Result: Sendable {
        var statistics = ErrorStatistics()
        var worst: [(x: Double, result: Double, error: Double)] = []
        /// How far the errors of the worst by Float80 were from those by 200 bits.
        var yardstickError = 0.0
    }

    /// Encodings a part at the most.
    static let encodingLimit: UInt32 = 1 << 22
    private static let keptCount = 8
    private static let pieceCount: UInt32 = 4096
    /// Emulated kernels see one piece in so many: all of them would take hours.
    static let emulatedPieceStride: UInt32 = 64
    private static let native = KernelUnderTest.available.filter { !$0.isEmulated }

    /// All of a function's arguments, in parts.
    static func parts(_ function: AccuracyFunction) -> [Float32Sweep] {
        function.float32Encodings.flatMap { range in
            stride(from: UInt64(range.lowerBound), through: UInt64(range.upperBound), by: Int(encodingLimit)).map { start in
                let end = min(start + UInt64(encodingLimit), UInt64(range.upperBound) + 1)
                return Float32Sweep(function: function, encodings: UInt32(start)..<UInt32(end))
            }
        }
    }

    /// A few of them, far apart.
    static func someArguments(_ function: AccuracyFunction) -> [Double] {
        // A prime number, so that the last bits are of all kinds.
        function.float32Encodings.flatMap { range in
            stride(from: UInt64(range.lowerBound), through: UInt64(range.upperBound), by: 524_287)
                .map { Double(Float(bitPattern: UInt32($0))) }
        }
    }

    #if arch(x86_64) && canImport(Glibc)
    static let isAvailable = true

    func run(_ findings: inout Findings) -> Result {
        var result = Result()
        var start = encodings.lowerBound
        while start < encodings.upperBound {
            let end = min(start + Self.pieceCount, encodings.upperBound)
            let isForAll = start / Self.pieceCount % Self.emulatedPieceStride == 0
            let arguments = (start..<end).map { Double(Float(bitPattern: $0)) }
            for (x, value) in zip(arguments, function.results(arguments, by: isForAll ? KernelUnderTest.available : Self.native, &findings)) {
                let error = Self.ulpError(value, truth(Float80(x)))
                result.statistics.add(error, "\(function.name) at \(hex(x))")
                if result.worst.count < Self.keptCount || !(error <= result.worst[Self.keptCount - 1].error) {
                    let place = result.worst.firstIndex { !(error <= $0.error) } ?? result.worst.count
                    result.worst.insert((x, value, error), at: place)
                    if result.worst.count > Self.keptCount { result.worst.removeLast() }
                }
            }
            start = end
        }
        return result
    }

    private func truth(_ x: Float80) -> Float80 {
        switch function {
        case .exponential: exp(x)
        case .negativeLogarithm: 0 - log(x)
        case .logarithmOfOnePlus: log1p(x)
        }
    }

    /// As the oracle's `ulpError`, with a truth of 64 bits.
    private static func ulpError(_ value: Double, _ truth: Float80) -> Double {
        guard value.isFinite, truth.isFinite else { return Float80(value) == truth ? 0 : .infinity }
        let bias = 16383
        let unitExponent = max(Int(truth.exponentBitPattern) - bias - 52, -1074)
        let unitsInOne = Float80(sign: .plus, exponentBitPattern: UInt(bias - unitExponent), significandBitPattern: 1 << 63)
        return Double((Float80(value) - truth).magnitude * unitsInOne)
    }
    #else
    static let isAvailable = false

    func run(_ findings: inout Findings) -> Result { Result() }
    #endif
}
