import Foundation

/// A dump that takes no room on the disk and, scored by one thread of the slowest kernel, a good while.
struct LongRun {
    let scratch: Scratch
    let rows: Int
    private static let columns = 100

    /// About how many rows the slowest kernel scores in a second: it has no fused multiply-add where the processor's family began without.
    #if arch(x86_64)
        private static let rowsPerSecond = 300_000.0
    #else
        private static let rowsPerSecond = 5_000_000.0
    #endif

    init(seconds: Double) throws {
        scratch = try Scratch()
        rows = Int(seconds * Self.rowsPerSecond)
        try scratch.writeZeros("p.npy", after: NPYFixture.header("<f4", [rows, Self.columns]), byteCount: 4 * rows * Self.columns)
        // Labels that are all equal would draw a warning.
        try scratch.writeZeros("y.npy", after: NPYFixture.header("|u1", [rows]) + Data([1]), byteCount: rows - 1)
    }

    static let arguments = SmallDump.eval + ["--threads", "1", "--kernel", "baseline"]
    /// log(100), which every row's loss is.
    static let mean = "4.605170185988092"
}
