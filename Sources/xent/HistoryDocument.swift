import Engine
import FoundationEssentials
import Messages
import Outputs
import Unattended
import WorkStealing

/// A history as a file holds it: a JSON object a line.
struct HistoryDocument {
    /// The runs, the oldest first.
    let entries: [HistoryEntry]
    /// The numbers of the lines, from 1, that hold no run: torn by a crash, or damaged.
    let damagedLines: [Int]

    /// Reads a history.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or no line of it holds a run.
    init(path: String, cancellation: Cancellation) throws(EngineError) {
        try self.init(path: path, bytes: try TextFile.report(at: path, cancellation: cancellation))
    }

    init(path: String, bytes: [UInt8]) throws(EngineError) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var (entries, damaged): ([HistoryEntry], [Int]) = ([], [])
        for (index, line) in HistoryFile.lines(of: bytes).enumerated() {
            do { entries.append(try decoder.decode(HistoryEntry.self, from: Data(line))) } catch { damaged.append(index + 1) }
        }
        if entries.isEmpty, !damaged.isEmpty {
            throw EngineError(.data, path: path, "it is no history: no line of it holds a run", remedy: "give a file that --history wrote")
        }
        (self.entries, damagedLines) = (entries, damaged)
    }

    /// The warning about damaged lines; nil if there are none.
    func warning(path: String) -> Message? {
        guard let first = damagedLines.first else { return nil }
        return Message(
            code: .damagedRecord,
            "\(path): \(Amount.counted(damagedLines.count, "line")) \(damagedLines.count == 1 ? "is" : "are") damaged and left out, the first line \(first)")
    }

    /// The bytes of a line.
    static func line(_ entry: HistoryEntry) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.userInfo[.settingNames] = SettingNames.options
        return Array(try encoder.encode(entry))
    }
}

extension EarlierRunOptions {
    /// Reads the baseline; nil if none was asked for.
    ///
    /// A history that is not there yet, or in which no run has passed yet, is an empty baseline: the first night has nothing to compare with.
    ///
    /// - Parameter warn: takes a warning about damaged lines.
    func readBaseline(_ cancellation: Cancellation, _ warn: (Message) -> Void) throws(EngineError) -> GateBaseline? {
        guard let baseline else { return nil }
        if !FilePattern.isThere(baseline), baseline == history { return .noRunYet }
        guard let bytes = try? TextFile.report(at: baseline, cancellation: cancellation), Self.isHistory(bytes) else {
            return .report(try ReportDocument.evaluation(path: baseline, cancellation: cancellation))
        }
        // A report on one line begins as a history does.
        guard let document = try? HistoryDocument(path: baseline, bytes: bytes) else {
            return .report(try ReportDocument.evaluation(path: baseline, cancellation: cancellation))
        }
        if let warning = document.warning(path: baseline) { warn(warning) }
        return document.entries.baseline(baselineRun.choice).map { .report($0) } ?? .noRunYet
    }

    /// True for lines that are objects each; a report has its first key on a line of its own.
    private static func isHistory(_ bytes: [UInt8]) -> Bool {
        guard let first = HistoryFile.lines(of: bytes).first else { return true }
        return first.starts(with: Array("{\"".utf8))
    }
}
