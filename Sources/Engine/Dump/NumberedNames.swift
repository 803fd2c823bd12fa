/// Names of columns that differ in the number at their end: `p_0`, `p_1`, `p_2`.
enum NumberedNames {
    /// The names with a common beginning and the numbers 0… or 1…, in the order of their numbers.
    ///
    /// - Returns: nil where there is no such run of at least two names, or more than one.
    static func onlyRun(in names: [String]) -> [String]? {
        var runs: [Substring: [(number: Int, name: String)]] = [:]
        for name in names {
            let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
            // A leading zero is written where all numbers have as many digits; both orders are the same then.
            guard digits > 0, let number = Int(name.suffix(digits)) else { continue }
            runs[name.dropLast(digits), default: []].append((number, name))
        }
        let whole = runs.values.map { run in run.sorted { $0.number < $1.number } }.filter { run in
            run.count > 1 && run[0].number <= 1 && run.enumerated().allSatisfy { $1.number == run[0].number + $0 }
        }
        return whole.count == 1 ? whole[0].map(\.name) : nil
    }
}
