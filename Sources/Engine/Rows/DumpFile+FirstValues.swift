internal import Container
internal import Elements
internal import Formats

extension DumpFile.ArchivedArray {
    /// The number of rows whose values are looked at.
    private static let rowLimit = 256

    /// The first values of the array as texts, which show if it holds decisions; none for several values a row, or where the array can be
    /// read only once, or not at all. The error of reading it comes later.
    var firstValues: [String] {
        guard let array = try? open(), !array.container.isStream, array.rows.valuesPerRow == 1, array.layout.elementType.isFloatingPoint,
            let buffer = try? array.firstRows(array.rowCountToLookAt(limit: Self.rowLimit), options: ContainerOptions())
        else { return [] }
        return (0..<array.rowCountToLookAt(limit: Self.rowLimit)).map {
            ClassLabels.text(buffer.base + $0 * array.rowByteCount, elementType: array.layout.elementType, at: 0)
        }
    }
}
