import Oracle
import SeededRandom
import Testing

/// Sample counts are this many times as high in release builds: the oracle's big integers are slow in debug ones.
#if DEBUG
let effort = 1
#else
let effort = 6
#endif

/// What went wrong in a loop of very many checks, each too cheap for an `#expect` of its own.
struct Findings: Sendable {
    private(set) var failureCount = 0
    private var examples: [String] = []

    mutating func check(_ condition: Bool, _ text: @autoclosure () -> String) {
        if condition { return }
        failureCount += 1
        if examples.count < 8 { examples.append(text()) }
    }

    mutating func merge(_ other: Findings) {
        failureCount += other.failureCount
        examples += other.examples.prefix(8 - examples.count)
    }

    /// Fails the test if a check failed.
    func expectNone(_ context: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let text = "\(context): \(failureCount) failures, first:\n" + examples.joined(separator: "\n")
        #expect(failureCount == 0, Comment(rawValue: text), sourceLocation: sourceLocation)
    }
}

/// The errors of many results, in ULP, and the worst of them.
struct ErrorStatistics: Sendable {
    private(set) var maximum = 0.0
    private(set) var count = 0
    private var total = 0.0
    private(set) var worst = "none"

    var mean: Double { count == 0 ? 0 : total / Double(count) }

    mutating func add(_ error: Double, _ input: @autoclosure () -> String) {
        count += 1
        total += error
        if !(error <= maximum) {
            maximum = error
            worst = input()
        }
    }

    mutating func merge(_ other: ErrorStatistics) {
        count += other.count
        total += other.total
        if !(other.maximum <= maximum) { (maximum, worst) = (other.maximum, other.worst) }
    }

    var description: String { "max \(rounded(maximum)) ULP, mean \(rounded(mean)), n = \(count), worst \(worst)" }

    private func rounded(_ x: Double) -> Double { x.isFinite ? (x * 10000).rounded() / 10000 : x }
}

/// Equal as bits; NaN equals NaN whatever its payload.
func sameBits(_ a: Double, _ b: Double) -> Bool {
    a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
}

func hex(_ x: Double) -> String {
    "\(x) (0x\(String(x.bitPattern, radix: 16)))"
}

/// `x` and its neighbours, `distance` ULP to both sides.
func neighbourhood(_ x: Double, _ distance: Int = 3) -> [Double] {
    var values = [x]
    var (above, below) = (x, x)
    for _ in 0..<distance {
        above = above.nextUp
        below = below.nextDown
        values += [above, below]
    }
    return values
}

extension SplitMix64 {
    /// A value whose binary exponent is of the range, each as likely.
    mutating func nextPower(_ exponents: ClosedRange<Int>) -> Double {
        Double(sign: .plus, exponent: Int.random(in: exponents, using: &self), significand: nextUniform(in: 1...2))
    }

    /// One of the values, each as likely.
    mutating func pick(_ values: [Double]) -> Double { values[Int.random(in: values.indices, using: &self)] }
}
