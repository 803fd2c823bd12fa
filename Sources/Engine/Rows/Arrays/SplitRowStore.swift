internal import Locking

/// The rows whose bytes two units share. The reader that brings the second piece of a row gets the first, and hands the row over.
///
/// A piece waits until the neighbouring unit is read. Workers go through their ranges of units in order, so pieces wait only at the borders
/// between read and unread stretches of units: a few for each worker.
final class SplitRowStore: Sendable {
    private enum Piece: Sendable {
        case beginning([UInt8])
        case end([UInt8])
    }

    /// The pieces that wait, by the number of the unit that holds the row's end.
    private let waiting = Lock<[Int: Piece]>([:])

    /// Brings the end of the row that begins before `unit`.
    ///
    /// - Returns: the row's beginning, if it is here already.
    func bring(end: [UInt8], of unit: Int) -> [UInt8]? {
        waiting.withLock { waiting in
            if case .beginning(let beginning)? = waiting.removeValue(forKey: unit) { return beginning }
            waiting[unit] = .end(end)
            return nil
        }
    }

    /// Brings the beginning of the row that ends in `unit`.
    ///
    /// - Returns: the row's end, if it is here already.
    func bring(beginning: [UInt8], before unit: Int) -> [UInt8]? {
        waiting.withLock { waiting in
            if case .end(let end)? = waiting.removeValue(forKey: unit) { return end }
            waiting[unit] = .beginning(beginning)
            return nil
        }
    }

    /// The number of pieces that wait.
    var waitingCount: Int { waiting.withLock { $0.count } }
}
