extension ColumnPage {
    /// Counts the items that are null: those of lists, or the rows' own values if the column has no lists. A list that is missing or empty
    /// has no items.
    package func nullCount(_ column: ParquetColumn) -> Int {
        let least = column.elementDefinitionLevels.last ?? 0
        return definition.runs.reduce(0) { $0 + (Int($1.level) >= least && Int($1.level) < column.definitionLimit ? Int($1.count) : 0) }
    }

    /// The number of rows that begin in the page.
    package var rowCount: Int { repetition.count(of: 0) }
}

extension ColumnPage {
    /// The definition levels one by one, for tests and small pages. O(levels).
    package var definitionLevels: [Int] {
        definition.runs.flatMap { repeatElement(Int($0.level), count: Int($0.count)) }
    }
}
