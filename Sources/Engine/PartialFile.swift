public import Scoring

/// Partials as files.
public enum PartialFile {
    /// Larger files are no partials: a shard takes less than 10 KB.
    static let byteCountLimit = 1 << 30

    /// Writes the file whole or not at all.
    public static func write(_ partial: Partial, to path: String) throws(EngineError) {
        try OutputFile.write(partial.encoded(), to: path)
    }

    public static func read(_ path: String) throws(EngineError) -> Partial {
        let bytes = try WholeFile.read(path, byteCountLimit: byteCountLimit)
        do {
            return try Partial(decoding: bytes)
        } catch {
            throw EngineError(error, path: path)
        }
    }

    /// Merges partials of disjoint shards into one report. A shard that comes twice counts once, and a warning says so.
    ///
    /// The result does not depend on the order of the paths.
    public static func merge(_ paths: [String]) throws(EngineError) -> (report: Report, partial: Partial) {
        guard let first = paths.first else { throw EngineError(.usage, "no partials are named", remedy: "name at least one") }
        var merged = try read(first)
        var warnings: [String] = []
        var inputs: [Report.Input] = []
        for (number, path) in paths.enumerated() {
            let partial = number == 0 ? merged : try read(path)
            inputs.append(
                Report.Input(role: "partial", path: path, bytes: partial.encoded().count, format: "partial", compression: nil, frames: nil))
            if number == 0 { continue }
            do {
                let repeated = try merged.merge(partial)
                if repeated > 0 {
                    warnings.append("\(path): \(repeated) of its shards came with a partial before it and count once (shards of equal rows are the same shard)")
                }
            } catch {
                throw EngineError(error, path: path)
            }
        }
        let moments = merged.moments
        let report = Report(
            specification: merged.specification, classCount: merged.classCount, moments: moments, firstInvalid: [],
            warnings: warnings + Evaluation.warnings(about: moments, merged.specification), inputs: inputs, run: nil)
        return (report, merged)
    }
}
