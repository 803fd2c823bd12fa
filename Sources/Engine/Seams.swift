/// Where the pieces of a row that two units share meet: whoever brings the second scores the row.
///
/// Pieces wait for as long as the neighbouring unit is not done. Workers go through their ranges in order, so at any time no more pieces
/// wait than there are borders between stretches of done and undone units: a few for each worker.
final class Seams: Sendable {
    struct Tail: Sendable {
        /// The row's first bytes.
        let bytes: [UInt8]
        /// The row in its file, and its labels and weight as stored, in the machine's byte order.
        let row: Int
        let labels: [UInt8]
        let weight: [UInt8]
    }

    private enum Piece: Sendable {
        case tail(Tail)
        case head([UInt8])
    }

    /// By the number of the unit that holds the row's end.
    private let waiting = Lock<[Int: Piece]>([:])

    /// Brings the end of the row that begins before `unit`; returns its beginning if that is here already.
    func bring(head: [UInt8], of unit: Int) -> Tail? {
        waiting.withLock { waiting in
            if case .tail(let tail)? = waiting.removeValue(forKey: unit) { return tail }
            waiting[unit] = .head(head)
            return nil
        }
    }

    /// Brings the beginning of the row that ends in `unit`; returns its end if that is here already.
    func bring(tail: Tail, before unit: Int) -> [UInt8]? {
        waiting.withLock { waiting in
            if case .head(let head)? = waiting.removeValue(forKey: unit) { return head }
            waiting[unit] = .tail(tail)
            return nil
        }
    }

    var waitingCount: Int { waiting.withLock { $0.count } }
}
