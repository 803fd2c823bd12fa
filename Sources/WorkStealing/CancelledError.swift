/// The run was cancelled: no result, whatever was done.
public struct CancelledError: Error, Equatable, CustomStringConvertible {
    /// Units whose body had returned without an error.
    public let unitsRun: Int
    /// Units that the run was asked for.
    public let unitCount: Int

    public init(unitsRun: Int, unitCount: Int) {
        self.unitsRun = unitsRun
        self.unitCount = unitCount
    }

    public var description: String { "cancelled after \(unitsRun) of \(unitCount) units" }
}
