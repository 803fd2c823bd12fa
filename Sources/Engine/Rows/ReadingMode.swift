internal import Container
package import Messages
internal import WorkStealing

/// The way in which a dump is read. The fastest way is tried first, and a more careful one if the files turn out not to allow it.
///
/// A run is begun again here and nowhere else. `attempt` is given the whole run, from the opening of its files on.
package struct ReadingMode {
    /// True if frames are found by the seek table; false if they are found by walking over them.
    package private(set) var usesSeekTable = true
    /// True if text is cut at line feeds, even inside quotes; false if it is read in order.
    package private(set) var cutsText = true
    /// True if row groups of Parquet are cut at pages whose rows are counted by their values.
    package private(set) var countsPages = true
    /// The reasons why faster ways were given up, for the report.
    package private(set) var warnings: [Message] = []
    /// True if the run may begin again. A run sets it to false once it has written what cannot be taken back.
    package var mayBeginAgain = true

    /// Makes the fastest mode.
    package init() {}

    /// Runs `body`, and again in a more careful mode after each fault that such a mode may mend.
    ///
    /// - Parameter first: the mode of the first attempt.
    /// - Throws: the error of the last attempt.
    package static func attempt<Result>(
        from first: ReadingMode = ReadingMode(), _ body: (inout ReadingMode) throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        var mode = first
        while true {
            do throws(EngineError) {
                return try body(&mode)
            } catch {
                guard mode.mayBeginAgain, mode.mend(error) else { throw error }
            }
        }
    }

    /// The options with which files are opened in this mode.
    ///
    /// - Parameter maximumWindowByteCount: the largest window in bytes that a zstd frame may ask a decoder to keep; nil for the usual one.
    func containerOptions(maximumWindowByteCount: Int? = nil, _ cancellation: Cancellation) -> ContainerOptions {
        var options = ContainerOptions(usesSeekTable: usesSeekTable, isCancelled: { cancellation.isCancelled })
        if let maximumWindowByteCount { options.maximumWindowByteCount = maximumWindowByteCount }
        return options
    }

    /// Gives up the way that led to the error, and returns false if there is no more careful one.
    private mutating func mend(_ error: EngineError) -> Bool {
        switch error.readingFault {
        case .seekTable where usesSeekTable:
            usesSeekTable = false
            warnings.append(Message(code: .seekTable, "the seek table was set aside, its frames were read instead: \(error.message)"))
        case .cutInsideQuotes where cutsText:
            cutsText = false
        case .pagesCountedWrong where countsPages:
            countsPages = false
        case .seekTable, .cutInsideQuotes, .pagesCountedWrong, nil:
            return false
        }
        return true
    }
}

// The mode as a checkpoint holds it.
extension ReadingMode {
    /// The flags: 1 without the seek table, 2 with text read in order, 4 with whole row groups; and the warnings as texts.
    var checkpointReading: Checkpoint.Reading {
        Checkpoint.Reading(
            flags: (usesSeekTable ? 0 : 1) | (cutsText ? 0 : 2) | (countsPages ? 0 : 4), warnings: warnings.map(\.description))
    }

    /// Makes the mode of a run that left a checkpoint; nil for flags that are not known.
    init?(_ reading: Checkpoint.Reading) {
        guard reading.flags < 8 else { return nil }
        usesSeekTable = reading.flags & 1 == 0
        cutsText = reading.flags & 2 == 0
        countsPages = reading.flags & 4 == 0
        // Only a seek table that was set aside is worth a warning.
        warnings = reading.warnings.map { Message(code: .seekTable, Message($0)) }
    }
}
