import ArrowIPC
import Container

/// All items of a column, read from the first row to the last.
struct ColumnItems {
    /// The items that are numbers or truth values, as `Float64`; nil for a null.
    private(set) var numbers: [Double?] = []
    /// The items that are bytes; nil for a null.
    private(set) var texts: [String?] = []
    private(set) var valueCount = 0
    private(set) var nullCount = 0

    /// Reads a column.
    ///
    /// - Parameter keepsItems: false to count them only.
    init(_ file: ArrowFile, _ column: ArrowColumn, keepsItems: Bool = true) throws(ArrowError) {
        let cursor = ArrowCursor(file, column: column)
        try cursor.begin(row: 0)
        // A damaged file may have any number of rows.
        try cursor.readItems(min(file.rowCount, 1 << 22)) { flags, values in
            let present = flags.count { $0 != 0 }
            valueCount += present
            nullCount += flags.count - present
            guard keepsItems else { return }
            if column.isNumber {
                var read = [Double](repeating: 0, count: flags.count)
                read.withUnsafeMutableBufferPointer { read in
                    guard let base = read.baseAddress else { return }
                    values.copyNumbers(column, from: 0, count: flags.count, into: base, decimal: Self.decimal)
                }
                numbers += zip(flags, read).map { $0 != 0 ? $1 : nil }
            } else if column.isBytes {
                texts += zip(flags, values.spans).map { $0 != 0 ? String(decoding: $1, as: UTF8.self) : nil }
            }
        }
    }

    /// Rounds a decimal once, by its digits.
    private static func decimal(_ bytes: UnsafeRawBufferPointer, _ scale: Int) -> Double {
        var digits: [UInt32] = bytes.reversed().map { UInt32($0) }
        let isNegative = digits[0] & 0x80 != 0
        if isNegative {
            digits = digits.map { $0 ^ 0xFF }
            for place in digits.indices.reversed() {
                digits[place] += 1
                if digits[place] < 256 { break }
                digits[place] = 0
            }
        }
        var text = ""
        while digits.contains(where: { $0 != 0 }) {
            var rest: UInt32 = 0
            for place in digits.indices { (digits[place], rest) = ((rest << 8 | digits[place]) / 10, (rest << 8 | digits[place]) % 10) }
            text = "\(rest)" + text
        }
        return Double((isNegative ? "-" : "") + (text.isEmpty ? "0" : text) + "e-\(scale)") ?? .nan
    }
}
