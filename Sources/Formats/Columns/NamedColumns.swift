/// The columns of a dump that have names, whatever stores them: a text of records, or a table of another format.
public protocol NamedColumns: Sendable {
    /// True if rows are those of a table, whose columns have places. The default is false.
    var isTable: Bool { get }
    /// True if the dump gives the columns their names. Otherwise they are called `0`, `1`, and so on. The default is true.
    var hasNames: Bool { get }

    /// The columns in the order in which the dump's beginning has them: all columns of a table, the keys of the first record of JSON.
    /// `path(at:)` takes an index of this list.
    var columns: [RecordColumn] { get }

    /// Returns the names that class labels have if the user gives none: those of the prediction columns. Nil if the columns have none.
    func classNames(of predictions: [RecordPath]) -> [String]?

    /// Returns the texts that a path leads to in each of the first records, as they are written; nil for a record in which it leads to
    /// something else. Empty for a format whose records do not name their values. Linear in the records.
    func texts(at path: RecordPath) -> [[String]?]

    /// Lists the paths to texts that could name the values of the predictions: as many as these in the first record, each once, and beside
    /// them or around them. Linear in the first record.
    func namesBeside(_ predictions: RecordPath) -> [RecordPath]

    /// Resolves a name that the user gave a column.
    ///
    /// - Returns: the paths that the name means, at least one. In a table a name means one column, and `PREFIX*` several, in the order of
    ///   the columns.
    /// - Throws: `FormatError` of kind `.column`, with a list of the columns, if the name means none or is ambiguous.
    func resolve(_ name: String) throws(FormatError) -> [RecordPath]

    /// Resolves several names, one after another. O(names + columns).
    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath]

    /// Returns the path to the column at an index of `columns`.
    func path(at place: Int) -> RecordPath
}

extension NamedColumns {
    /// False.
    public var isTable: Bool { false }
    /// True.
    public var hasNames: Bool { true }
    /// None, as for tables.
    public func texts(at path: RecordPath) -> [[String]?] { [] }
    /// None, as for tables.
    public func namesBeside(_ predictions: RecordPath) -> [RecordPath] { [] }
    /// Resolves one name.
    public func resolve(_ name: String) throws(FormatError) -> [RecordPath] { try resolve([name]) }
}
