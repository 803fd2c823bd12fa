/// Words that texts of reports and of comparisons share about slices.
enum SliceText {
    /// The remark that slices are not shown; empty if all are.
    static func remark(hidden count: Int, _ minimumRowCount: UInt64) -> String {
        count == 0 ? "" : ", \(Amount.grouped(count)) of them not shown, of fewer than \(Amount.counted(minimumRowCount, "row"))"
    }
}
