internal import Elements
internal import Formats

extension ColumnarRows {
    /// The type in which labels that are numbers are handed over: the stored type that all of their columns share, or `.float64`.
    ///
    /// Labels of a byte or an integer are scored by faster loops than those of a Float64, which may be a probability.
    static func targetType(of files: [ColumnarRows]) -> ElementType {
        var types: Set<ElementType?> = []
        for rows in files {
            guard case .numbers(let paths) = rows.selection.labels else { return .float64 }
            for path in paths {
                switch rows.table.storage(of: path) {
                case .value(let leaf), .list(let leaf): types.insert(leaf.elementType)
                case .vector: types.insert(.float64)
                }
            }
        }
        guard types.count == 1, let only = types.first, let type = only else { return .float64 }
        return type
    }
}
