public import Scoring
public import WorkStealing

/// Partials as files.
public enum PartialFile {
    /// Larger files are no partials: a shard takes less than 10 KB.
    static let byteCountLimit = 1 << 30

    /// Writes the file whole or not at all.
    public static func write(_ partial: Partial, to path: String) throws(EngineError) {
        try OutputFile.write(partial.encoded(), to: path)
    }

    public static func read(_ path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> Partial {
        try readCounted(path, cancellation).partial
    }

    private static func readCounted(
        _ path: String, _ cancellation: Cancellation
    ) throws(EngineError) -> (partial: Partial, byteCount: Int) {
        let bytes = try WholeFile.read(path, byteCountLimit: byteCountLimit, cancellation)
        do {
            return (try Partial(decoding: bytes), bytes.count)
        } catch {
            throw EngineError(error, path: path)
        }
    }

    /// Merges partials of disjoint shards into one report, in time linear in their number. The result does not depend on the order of the paths.
    ///
    /// - Parameter sameShard: how often a shard counts that comes twice: once, which a warning says, or each time.
    /// - Throws: `EngineError`; without `sameShard` also where two of the partials hold equal shards of rows (`EngineError.Decision.sameShard`).
    public static func merge(
        _ paths: [String], sameShard: SameShard? = nil, cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> (report: Report, partial: Partial) {
        guard let first = paths.first else { throw EngineError(.usage, "no partials are named", remedy: "name at least one") }
        var (merged, byteCount) = try readCounted(first, cancellation)
        func input(_ path: String, _ byteCount: Int) -> Report.Input {
            Report.Input(role: "partial", path: path, bytes: byteCount, format: "partial", compression: nil, frames: nil)
        }
        var inputs = [input(first, byteCount)]
        var repeatedCount = 0
        var repeatingPaths: [String] = []
        for (number, path) in paths.enumerated().dropFirst() {
            if cancellation.isCancelled { throw .cancelled }
            let partial: Partial
            (partial, byteCount) = try readCounted(path, cancellation)
            inputs.append(input(path, byteCount))
            do {
                let repeated = try merged.merge(partial, sameShard: sameShard)
                repeatedCount += repeated
                if repeated > 0 { repeatingPaths.append(path) }
            } catch {
                guard error.kind == .equalShards else { throw EngineError(error, path: path) }
                throw try equalShards(partial, path, before: paths[..<number])
            }
        }
        var warnings: [String] = []
        if sameShard == .once, let path = repeatingPaths.first {
            let others = repeatingPaths.count - 1
            warnings.append(
                "\(path)\(others > 0 ? " and \(others) more" : ""): \(repeatedCount) shards came with a partial before and count once")
        }
        let moments = merged.moments
        let report = Report(
            specification: merged.specification, classCount: merged.classCount, moments: moments, firstInvalid: [],
            warnings: warnings + Evaluation.warnings(about: moments, merged.specification), inputs: inputs, run: nil)
        return (report, merged)
    }

    /// The error for a partial with a shard that one of the earlier ones holds; these are read again, to name it.
    private static func equalShards(
        _ partial: Partial, _ path: String, before earlier: ArraySlice<String>
    ) throws(EngineError) -> EngineError {
        for earlierPath in earlier {
            guard let shard = try read(earlierPath).sharedShard(with: partial) else { continue }
            return EngineError(
                .data, path: path,
                "\(shard[0].readCount) rows have the labels and losses of those in \(earlierPath): it is the same shard twice, or two shards "
                    + "whose rows are equal"
            ).asking(.sameShard)
        }
        return EngineError(.inputOutput, path: path, "partials were changed while they were read", remedy: "merge again")
    }
}
