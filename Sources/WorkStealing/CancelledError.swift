/// The error of a run that was cancelled and so has no result.
public struct CancelledError: Error, Equatable, CustomStringConvertible {
    /// The number of units whose body had returned without an error.
    public let unitsRun: Int
    /// The number of units in the run.
    public let unitCount: Int

    /// Makes an error.
    public init(unitsRun: Int, unitCount: Int) {
        self.unitsRun = unitsRun
        self.unitCount = unitCount
    }

    public var description: String { "cancelled after \(unitsRun) of \(unitCount) units" }
}
