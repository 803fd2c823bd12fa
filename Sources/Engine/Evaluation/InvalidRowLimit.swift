/// The number of invalid rows that an evaluation leaves out before it fails.
public enum InvalidRowLimit: Sendable, Hashable {
    /// At most this many rows.
    case count(UInt64)
    /// At most this share of all rows, in percent.
    case percent(Double)

    /// The largest number of invalid rows among `rowCount`.
    public func allowedCount(of rowCount: UInt64) -> UInt64 {
        switch self {
        case .count(let count): return count
        case .percent(let percent):
            // The factor is above the rounding of the product, so that 0.29 % of 10,000 rows are 29.
            let allowed = percent * Double(rowCount) / 100 * (1 + 0x1p-48)
            return allowed >= Double(rowCount) ? rowCount : UInt64(max(0, allowed))
        }
    }

    /// The limit in words.
    var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let percent): (Int(exactly: percent).map { "\($0)" } ?? "\(percent)") + " %"
        }
    }
}
