import Engine
import Testing

/// How many invalid rows a limit allows.
@Suite struct InvalidRowLimitTests {
    @Test("a share is of all rows, rounded down, whatever its digits", arguments: 1...400)
    func percent(hundredths: Int) {
        // As it is written: 0.29 has no exact Float64, and 0.29 % of 10,000 rows are 29.
        let limit = InvalidRowLimit.percent(Double("\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)") ?? 0)
        for rowCount in [10_000, 100_000, 12_345, 7] as [UInt64] {
            #expect(limit.allowedCount(of: rowCount) == rowCount * UInt64(hundredths) / 10_000, "\(hundredths) of \(rowCount)")
        }
    }

    @Test func extremes() {
        #expect(InvalidRowLimit.percent(100).allowedCount(of: .max) == .max)
        #expect(InvalidRowLimit.percent(0).allowedCount(of: .max) == 0)
        #expect(InvalidRowLimit.count(3).allowedCount(of: 1) == 3)
    }
}
