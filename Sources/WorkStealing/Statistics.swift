/// Counts of the events in a run. Only `unitsRun` is the same in every run; the others depend on timing.
public struct Statistics: Sendable, Equatable {
    /// The number of units whose body returned without an error.
    public var unitsRun: Int
    /// The number of ranges stolen from another worker.
    public var steals: Int
    /// The number of steals that came too late, since the victim's range had changed meanwhile: a measure of contention.
    public var failedStealAttempts: Int
    /// The number of workers that took at least one unit and made their state.
    public var workersUsed: Int

    /// Makes counts, all of which are 0 if not given.
    public init(unitsRun: Int = 0, steals: Int = 0, failedStealAttempts: Int = 0, workersUsed: Int = 0) {
        self.unitsRun = unitsRun
        self.steals = steals
        self.failedStealAttempts = failedStealAttempts
        self.workersUsed = workersUsed
    }

    static func += (total: inout Statistics, part: Statistics) {
        total.unitsRun += part.unitsRun
        total.steals += part.steals
        total.failedStealAttempts += part.failedStealAttempts
        total.workersUsed += part.workersUsed
    }
}
