/// Errors of many results as the accuracy page shows them.
struct AccuracyFigures {
    /// In ULP.
    var maximum = 0.0
    var mean = 0.0
    var count = 0

    init() {}

    /// Of a largest error alone.
    init(maximum: Double) { (self.maximum, count) = (maximum, 1) }

    init(_ statistics: ErrorStatistics) {
        (maximum, mean, count) = (statistics.maximum, statistics.mean, statistics.count)
    }

    /// Rounded up: what the page says is never exceeded.
    var maximumText: String { count == 0 ? Self.none : fixed((maximum * 100).rounded(.up)) }
    var meanText: String { count == 0 ? Self.none : fixed((mean * 100).rounded()) }
    var countText: String { count == 0 ? Self.none : grouped(count) }

    /// What stands for a figure that was not measured.
    static let none = "–"

    private func fixed(_ hundredths: Double) -> String {
        guard hundredths < 1e9 else { return "inf" }
        let digits = String(Int(hundredths) % 100)
        return "\(Int(hundredths) / 100).\(digits.count < 2 ? "0" : "")\(digits)"
    }
}

/// The number with commas between thousands.
func grouped(_ number: Int) -> String {
    var groups: [String] = []
    var digits = String(number)[...]
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits = digits.dropLast(3)
    }
    return ([String(digits)] + groups).joined(separator: ",")
}
