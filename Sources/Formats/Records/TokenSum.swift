/// The sum of a record's log-probabilities, compensated (Neumaier 1974): within 2 ULP unless terms cancel.
struct TokenSum {
    private(set) var count: UInt64 = 0
    private var sum = 0.0
    private var compensation = 0.0
    private var plainSum = 0.0
    /// The first number above 0, and its place among them.
    private var positive: (place: UInt64, number: Double)?

    @inline(__always)
    mutating func add(_ number: Double) {
        count += 1
        if number > 0, positive == nil { positive = (count, number) }
        plainSum += number
        let next = sum + number
        compensation += abs(sum) >= abs(number) ? (sum - next) + number : (number - next) + sum
        sum = next
    }

    /// 0 of nothing: what has no tokens happens for certain.
    var value: Double {
        // Infinite terms have no remainder.
        return plainSum.isFinite ? sum + compensation : plainSum
    }

    /// Why several numbers make no row; a single one is as the loss says.
    func problem(_ addends: RecordSelection.Addends) -> (message: String, remedy: String)? {
        guard count > 1 else { return nil }
        switch addends {
        case .any: return nil
        case .oneProbability:
            return (
                "\(count) probabilities, and only log-probabilities add up",
                "give log-probabilities and --input log-probabilities, or one probability a record"
            )
        case .logProbabilities:
            guard let positive else { return nil }
            return (
                "the log-probability of token \(positive.place) of \(count) is \(positive.number), above 0",
                "check --input; --on-invalid skip leaves such rows out"
            )
        }
    }
}
