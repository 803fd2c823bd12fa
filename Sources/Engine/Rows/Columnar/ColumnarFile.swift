internal import Container
internal import Messages

/// A file that stores its values column by column: Parquet, Arrow IPC.
///
/// Its rows are in groups. A cursor reads the rows of one column, from any row of a group on. All rows have roles, problems and places in
/// the same way (`ColumnarRowSource`), whatever the format is.
protocol ColumnarFile: Sendable {
    /// The path of the file.
    var path: String { get }
    /// The columns of values.
    var storedColumns: [StoredColumn] { get }
    /// The numbers of rows of the groups.
    var groupRowCounts: [Int] { get }
    /// The number of rows.
    var rowCount: Int { get }
    /// The facts that `inspect` shows.
    var facts: ColumnarFacts { get }

    /// Makes a cursor of a column. It belongs to one worker.
    ///
    /// - Parameter other: a cursor of the same file that is used no more, whose memory is used again.
    func makeCursor(_ column: StoredColumn, reusing other: (any ColumnarCursor)?) -> any ColumnarCursor

    /// Cuts the rows of a group into stretches that workers read by themselves, each of about `rowsPerUnit` rows.
    ///
    /// - Parameters:
    ///   - column: the first column of the predictions; nil if labels or weights alone are read.
    ///   - valuesPerRow: the number of values that each row of the group has in the column.
    /// - Returns: the numbers of the rows at which stretches begin, and the number of rows, and how well they are known.
    func cuts(
        group: Int, of column: StoredColumn?, valuesPerRow: Int, rowsPerUnit: Int
    ) throws(ColumnarError) -> (rows: [Int], knowledge: ColumnarCutKnowledge)

    /// Describes the way in which a column is stored.
    ///
    /// - Parameter isCounted: false if only what is known without reading is wanted.
    func storage(of column: StoredColumn, isCounted: Bool) throws(ColumnarError) -> Inspection.ColumnStorage
}

/// How well the numbers of rows are known at which a group was cut.
enum ColumnarCutKnowledge {
    /// The file says them where the rows are.
    case certain
    /// An index of the file says them, which may be wrong.
    case indexed
    /// Rows of lists were counted by their values, which may turn out to be wrong.
    case counted
}

/// The facts about a columnar file that `inspect` shows.
struct ColumnarFacts {
    /// The number of row groups of a Parquet file.
    var rowGroupCount: Int?
    /// The number of record batches of an Arrow file.
    var recordBatchCount: Int?
    /// The name that the writer gave itself; nil if it gave none.
    var createdBy: String?
    /// The number of bytes after decompression; nil if it is not known.
    var decodedByteCount: Int?
    /// True if several workers can read the file at once.
    var isShardable: Bool
    /// The reason for `isShardable`, in words.
    var shardingNote: String
}

/// An error of a columnar file.
struct ColumnarError: Error {
    let engineError: EngineError
    /// True if the bytes contradict each other. If rows were counted by values, the count may be at fault.
    let isDamage: Bool

    init(_ error: EngineError, isDamage: Bool = false) {
        engineError = error
        self.isDamage = isDamage
    }
}

extension EngineError {
    /// Makes the error of a columnar file from what its format says of it: the error of its bytes, or a statement with a remedy.
    init(container: ContainerError?, path: String, _ statement: String, isTooLarge: Bool, remedy: String?) {
        if let container {
            self.init(container)
        } else {
            self.init(
                .data, path: path, Message(statement),
                remedy: isTooLarge ? "\(setting: .maximumWindow) raises the limit" : remedy.map { Message($0) })
        }
    }

    /// Does work on a columnar file, and turns its error into one of the engine.
    static func ofColumns<Result>(_ body: () throws(ColumnarError) -> Result) throws(EngineError) -> Result {
        do { return try body() } catch { throw error.engineError }
    }
}
