internal import Container
internal import Formats

/// The rows of arrays that are cut into units.
struct ArrayRowSource: UnitRowSource {
    let arrays: ConcatenatedArrays
    let units: [ArrayUnit]
    let options: ContainerOptions
    /// The rows whose bytes two units of one run share.
    private let store = SplitRowStore()

    init(_ arrays: ConcatenatedArrays, options: ContainerOptions) {
        self.arrays = arrays
        self.options = options
        units = arrays.files.enumerated().flatMap { ArrayUnit.cut($1, fileIndex: $0) }
    }

    var path: String? { arrays.files.first?.path }
    var layout: RowLayout { arrays.layout }
    var rowCount: Int? { arrays.rowCount }
    var decodedByteCount: Int? { arrays.decodedByteCount }
    var unitCount: Int { units.count }

    func rows(ofUnit index: Int) -> Range<Int> {
        let unit = units[index]
        let first = arrays.firstRows[unit.fileIndex]
        return first + unit.rows.lowerBound..<first + unit.rows.upperBound
    }

    func place(ofRow row: Int) -> RowPlace { arrays.place(ofRow: row) }

    func makeReader(_ control: RunControl) -> sending ArrayUnitReader { ArrayUnitReader(self, store, control) }

    var splitRows: SplitRowStore? { store }

    func canHave(_ seam: SplitRowStore.Seam) -> Bool {
        guard units.indices.contains(seam.unit), seam.unit > 0, units[seam.unit - 1].fileIndex == units[seam.unit].fileIndex else { return false }
        let (beginning, end) = (units[seam.unit - 1].tailByteCount, units[seam.unit].headByteCount)
        switch seam.state {
        case .beginningWaits: return end > 0 && seam.bytes.count == beginning
        case .endWaits: return beginning > 0 && seam.bytes.count == end
        case .scoredWithUnitBefore, .scoredWithUnitAfter: return beginning > 0 && end > 0 && seam.bytes.isEmpty
        }
    }

    // Its reads look at the cancellation of `options`.
    func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor { ArrayCursor(arrays, options: options) }

    func finishReading() throws(EngineError) { try arrays.verifyMemberChecksums() }
}
