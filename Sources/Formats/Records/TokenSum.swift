internal import Elements
internal import Messages

/// The sum of a record's log-probabilities, compensated (Neumaier 1974): within 2 ULP unless terms cancel.
struct TokenSum {
    private(set) var count: UInt64 = 0
    private var sum = 0.0
    private var compensation = 0.0
    private var plainSum = 0.0
    /// The first number above 0, and its index counted from 1.
    private var positive: (place: UInt64, number: Double)?
    /// The number of terms that no model gives, such as the −9999 that stands for an unknown log-probability.
    private(set) var placeholderCount: UInt64 = 0

    @inline(__always)
    mutating func add(_ number: Double) {
        count += 1
        if number > 0, positive == nil { positive = (count, number) }
        if number <= LogProbability.greatestPlaceholder, number > -.infinity { placeholderCount += 1 }
        plainSum += number
        let next = sum + number
        compensation += abs(sum) >= abs(number) ? (sum - next) + number : (number - next) + sum
        sum = next
    }

    /// The sum; NaN without numbers: nothing is known of a record without tokens.
    var value: Double {
        if count == 0 { return .nan }
        // Infinite terms leave no remainder.
        return plainSum.isFinite ? sum + compensation : plainSum
    }

    /// The reason why a record that gives its number of tokens as 0 and has a log-probability makes no valid row.
    static let noTokensMessage = "the number of tokens is 0, and the record has a log-probability"

    /// Returns the reason why several numbers make no valid row. A single number is checked by the loss.
    func problem(_ addends: RecordSelection.Addends) -> (message: String, remedy: Message)? {
        guard count > 1 else { return nil }
        switch addends {
        case .any: return nil
        case .oneProbability:
            return (
                "\(count) probabilities, and only log-probabilities add up",
                "give log-probabilities and \(setting: .input, .logProbabilities), or one probability a record"
            )
        case .logProbabilities:
            guard let positive else { return nil }
            return (
                "the log-probability of token \(positive.place) of \(count) is \(positive.number), above 0",
                "check \(setting: .input); \(setting: .invalidRows, .skip) leaves such rows out"
            )
        }
    }
}
