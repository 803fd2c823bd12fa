/// Room for one number for each row of a block, which an observer fills and adds up. It is memory alone: two are always equal, and a copy starts
/// empty where it is first written to.
struct RowNumbers: Sendable, Equatable {
    private var numbers: [Double] = []

    /// Makes room for `count` numbers, rounded up to eight, and calls `body` with it.
    mutating func fill(_ count: Int, _ body: (UnsafeMutablePointer<Double>) -> Void) {
        let capacity = (count + 7) / 8 * 8 + 8
        if numbers.count < capacity { numbers = Array(repeating: 0, count: capacity) }
        numbers.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base) }
        }
    }

    /// Replaces each of the first `count` numbers by what `number` makes of its row and itself.
    @inline(__always)
    mutating func update(_ count: Int, _ number: (_ row: Int, _ old: Double) -> Double) {
        fill(count) { base in
            for row in 0..<count { base[row] = number(row, base[row]) }
        }
    }

    /// A number that was written.
    @inline(__always)
    subscript(index: Int) -> Double { numbers[index] }

    /// Calls `body` with the numbers.
    func withNumbers<Result>(_ body: (UnsafePointer<Double>) -> Result) -> Result? {
        numbers.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { body($0) } }
    }

    /// Returns true.
    static func == (left: RowNumbers, right: RowNumbers) -> Bool { true }
}
