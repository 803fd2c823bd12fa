/// The way in which a dump is read: first the fastest, and then, where that turns out not to fit the files, a more careful one.
///
/// This is the one place where a run is begun again. `attempt` is given the whole run, from the opening of its files on.
package struct ReadingMode {
    /// Whether frames are found by the seek table; without, by walking over them.
    package private(set) var usesSeekTable = true
    /// Whether text is cut at line feeds, whatever quotes they may stand in; without, it is read in order.
    package private(set) var cutsText = true
    /// The reasons for which a faster way was given up, for the report.
    package private(set) var warnings: [String] = []
    /// Whether the run may begin again. A run sets it to false once it has written what cannot be taken back.
    package var mayBeginAgain = true

    /// The fastest way.
    package init() {}

    /// Runs `body`, again in a more careful way for each fault that one may mend.
    ///
    /// - Throws: the error of the last attempt.
    package static func attempt<Result>(_ body: (inout ReadingMode) throws(EngineError) -> Result) throws(EngineError) -> Result {
        var mode = ReadingMode()
        while true {
            do throws(EngineError) {
                return try body(&mode)
            } catch {
                guard mode.mayBeginAgain, mode.mend(error) else { throw error }
            }
        }
    }

    /// Gives up what the error is about; returns false where there is no more careful way.
    private mutating func mend(_ error: EngineError) -> Bool {
        switch error.readingFault {
        case .seekTable where usesSeekTable:
            usesSeekTable = false
            warnings.append("the seek table was set aside, its frames were read instead: \(error.description)")
        case .cutInsideQuotes where cutsText:
            cutsText = false
        case .seekTable, .cutInsideQuotes, nil:
            return false
        }
        return true
    }
}
