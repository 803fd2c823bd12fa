internal import Locking

/// The rows whose bytes two units share. The reader that brings the second piece of a row gets the first, and hands the row over.
///
/// A piece waits until the neighbouring unit is read. Workers go through their ranges of units in order, so pieces wait only at the borders
/// between read and unread stretches of units: a few for each worker.
///
/// Where a run can be resumed (`UnitLedger`), a row is kept until both of its units are done for good, so that a run that begins where one
/// of them is done can score the row once, and only once. A row whose units one reader reads one after the other is done with both at once,
/// and is not kept.
package final class SplitRowStore: Sendable {
    /// A row of two units, one of which is done.
    package struct Seam: Sendable, Equatable {
        /// The form in which the row is left.
        package enum State: UInt64, Sendable, CaseIterable {
            /// The unit before is done, and left the row's beginning.
            case beginningWaits = 1
            /// The unit after is done, and left the row's end.
            case endWaits = 2
            /// The unit before is done, and the row was scored with it.
            case scoredWithUnitBefore = 3
            /// The unit after is done, and the row was scored with it.
            case scoredWithUnitAfter = 4
        }

        /// The number of the unit that holds the row's end.
        package let unit: Int
        /// The pieces of the row that are there, or have been scored.
        package let state: State
        /// The piece that waits; empty if the row was scored.
        package let bytes: [UInt8]

        /// Makes a row.
        package init(unit: Int, state: State, bytes: [UInt8]) {
            self.unit = unit
            self.state = state
            self.bytes = bytes
        }
    }

    private enum Side { case before, after }

    /// A row of which a piece was brought.
    private struct Row: Sendable {
        /// The piece that came first, and its side of the seam.
        var bytes: [UInt8]
        var firstSide: Side
        /// The reader that brought it; nil if an earlier run did.
        var firstReader: ObjectIdentifier?
        /// True if the other piece came, and the row was handed over with that one's unit.
        var isScored = false
        /// True if the unit on the side is done for good.
        var isBeforeDone = false, isAfterDone = false
    }

    private struct State: Sendable {
        /// The rows by the number of the unit that holds the row's end.
        var rows: [Int: Row] = [:]
        /// True if rows are kept until both units are done.
        var keepsRows = false
        var keptByteCount = 0
    }

    private let state = Lock<State>(State())

    /// Brings the end of the row that begins before `unit`.
    ///
    /// - Returns: the row's beginning, if it is here already.
    func bring(end: [UInt8], of unit: Int, by reader: AnyObject? = nil) -> [UInt8]? {
        bring(end, .after, seam: unit, reader.map { ObjectIdentifier($0) })
    }

    /// Brings the beginning of the row that ends in `unit`.
    ///
    /// - Returns: the row's end, if it is here already.
    func bring(beginning: [UInt8], before unit: Int, by reader: AnyObject? = nil) -> [UInt8]? {
        bring(beginning, .before, seam: unit, reader.map { ObjectIdentifier($0) })
    }

    private func bring(_ bytes: [UInt8], _ side: Side, seam: Int, _ reader: ObjectIdentifier?) -> [UInt8]? {
        state.withLock { state in
            guard let row = state.rows[seam] else {
                state.rows[seam] = Row(bytes: bytes, firstSide: side, firstReader: reader)
                state.keptByteCount += bytes.count
                return nil
            }
            // An earlier run scored it with the other unit.
            guard !row.isScored else { return nil }
            let isFirstDone = row.firstSide == .before ? row.isBeforeDone : row.isAfterDone
            if !state.keepsRows || (reader != nil && row.firstReader == reader && !isFirstDone) {
                state.rows[seam] = nil
                state.keptByteCount -= row.bytes.count
            } else {
                state.rows[seam]?.isScored = true
            }
            return row.bytes
        }
    }

    /// The number of rows of which a piece waits, or which are kept.
    var waitingCount: Int { state.withLock { $0.rows.count } }
    /// The number of bytes of the pieces.
    var keptByteCount: Int { state.withLock { $0.keptByteCount } }

    /// Begins to keep rows until both of their units are done, with those that an earlier run left.
    func keepRows(_ seams: [Seam]) {
        state.withLock { state in
            state.keepsRows = true
            for seam in seams {
                let isBefore = seam.state == .beginningWaits || seam.state == .scoredWithUnitBefore
                let isScored = seam.state == .scoredWithUnitBefore || seam.state == .scoredWithUnitAfter
                state.rows[seam.unit] = Row(
                    bytes: seam.bytes, firstSide: isBefore == isScored ? .after : .before, firstReader: nil, isScored: isScored,
                    isBeforeDone: isBefore, isAfterDone: !isBefore)
                state.keptByteCount += seam.bytes.count
            }
        }
    }

    /// Takes notice that units are done for good: the rows that were scored with them count.
    func finish(_ units: [Int]) {
        state.withLock { state in
            for unit in units {
                for (seam, side) in [(unit, Side.after), (unit + 1, .before)] {
                    guard var row = state.rows[seam] else { continue }
                    if side == .before { row.isBeforeDone = true } else { row.isAfterDone = true }
                    let isDone = row.isBeforeDone && row.isAfterDone
                    if isDone { state.keptByteCount -= row.bytes.count }
                    state.rows[seam] = isDone ? nil : row
                }
            }
        }
    }

    /// The rows of which one unit is done and the other is not, in the order of the rows.
    var seams: [Seam] {
        let rows = state.withLock { $0.rows }
        return rows.compactMap { unit, row -> Seam? in
            guard row.isBeforeDone != row.isAfterDone else { return nil }
            let doneSide = row.isBeforeDone ? Side.before : .after
            if doneSide == row.firstSide {
                return Seam(unit: unit, state: doneSide == .before ? .beginningWaits : .endWaits, bytes: row.bytes)
            }
            return Seam(unit: unit, state: doneSide == .before ? .scoredWithUnitBefore : .scoredWithUnitAfter, bytes: [])
        }.sorted { $0.unit < $1.unit }
    }
}
