import Insight

/// The values of the columns that are shown with listed rows, by the columns' names. A row of a report without such columns has none.
struct ShownValues {
    /// The names of the columns in the order in which they are shown.
    let names: [String]

    /// - Parameter rows: the values of each row.
    init(_ rows: [[String: SliceValue]?]) { names = Set(rows.flatMap { ($0 ?? [:]).keys }).sorted() }

    /// Returns the values of a row as cells of a table, one for each name.
    func cells(_ values: [String: SliceValue]?) -> [String] { names.map { values?[$0]?.cut ?? "" } }

    /// Returns the values of a row as what a line has after the rest: ", id 7, country US".
    static func text(_ values: [String: SliceValue]?) -> String {
        (values ?? [:]).sorted { $0.key < $1.key }.map { ", \($0.key) \($0.value.cut)" }.joined()
    }
}

extension SliceValue {
    /// The largest number of characters of a value in a line.
    private static let characterLimit = 60

    /// The value in words, cut if it is long.
    fileprivate var cut: String { shown.count > Self.characterLimit ? shown.prefix(Self.characterLimit) + "…" : shown }
}
