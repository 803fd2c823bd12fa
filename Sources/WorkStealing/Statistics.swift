/// What happened in a run. Only `unitsRun` is the same in every run; the others depend on timing.
public struct Statistics: Sendable, Equatable {
    /// Units whose body returned without an error.
    public var unitsRun: Int
    /// Ranges stolen from another worker.
    public var steals: Int
    /// Steals that came too late, since the victim's range had changed in the meantime: a measure of contention.
    public var failedStealAttempts: Int
    /// Workers that took at least one unit and made their state.
    public var workersUsed: Int

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
