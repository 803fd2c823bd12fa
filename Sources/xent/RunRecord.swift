import ArgumentParser
import Engine
import Messages
import ObjectStore
import Outputs
import Unattended
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// When a run began, and by which command.
struct RunBeginning {
    /// The command line, quoted as a shell takes it, without the queries of URLs, which may hold signatures.
    static var command: String { ObjectStore.withoutQueries(in: CommandArguments.all.map(shellQuoted).joined(separator: " ")) }

    private let start = ContinuousClock.now
    private let time = Timestamp.now

    /// The time since then, in seconds.
    var seconds: Double { (ContinuousClock.now - start).seconds }

    /// The lines that a silent run begins its message with when it fails.
    func heading(_ status: ExitCode) -> [String] {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var folder = [CChar](repeating: 0, count: Int(PATH_MAX))
        let hasFolder = getcwd(&folder, folder.count) != nil
        return [
            "xent failed with exit status \(status.rawValue): \(ExitStatus.meaning(status))",
            "command   \(QuotedBytes.message(Self.command))",
            "where     host \(host), folder \(hasFolder ? FileName.shown(FileName.text(folder)) : "unknown")",
            "when      \(time.text) to \(Timestamp.now.text)",
        ]
    }

    private static func shellQuoted(_ argument: String) -> String {
        let isPlain = !argument.isEmpty && argument.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || "@%+=:,./_-".unicodeScalars.contains($0)
        }
        return isPlain ? argument : "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

/// The record that a run leaves for those that come after it, however it ends: its metrics, and its line of a history.
struct RunRecord {
    private let metrics: (output: OutputFile, before: [UInt8], job: String)?
    private let historyPath: String?
    /// The report with the outcome of its gates; nil until there is one.
    var report: Report?
    /// The outcome of gates.
    var gates: [GateResult] = []
    /// The number of warnings.
    var warningCount = 0
    /// The number of files that were scored anew, and of which the report is.
    var newFileCount: Int?, fileCount: Int?

    /// Opens what is written at the end, so that a missing folder is found at the beginning; nil where nothing was asked for.
    init?(_ options: UnattendedOptions, historyPath: String?) throws {
        guard options.metrics != nil || historyPath != nil else { return nil }
        self.historyPath = historyPath
        if let historyPath { try HistoryFile.checkPlace(historyPath) }
        metrics = try options.metrics.map { path in
            let output = try OutputFile(path: path)
            output.letEveryoneRead()
            return (output, MetricsFile.bytes(at: path), options.job ?? "")
        }
    }

    /// Writes metrics and history.
    ///
    /// - Throws: `EngineError`, after both have been tried.
    func write(_ status: ExitCode, _ began: RunBeginning) throws {
        var failure: (any Error)?
        let (seconds, now) = (began.seconds, Timestamp.now)
        if let metrics {
            var usage = rusage()
            _ = processUsage(&usage)
            func time(_ value: timeval) -> Double { Double(value.tv_sec) + 1e-6 * Double(value.tv_usec) }
            var file = MetricsFile(
                job: metrics.job, exitStatus: Int(status.rawValue), seconds: seconds,
                processorSeconds: time(usage.ru_utime) + time(usage.ru_stime), endedAt: now, version: Version.current)
            (file.warningCount, file.report, file.gates, file.newFileCount, file.fileCount) = (
                warningCount, report, gates, newFileCount, fileCount)
            file.resumeCount = report?.run?.resumes ?? 0
            do {
                try metrics.output.write(Array(file.text(replacing: metrics.before).utf8), at: 0)
                try metrics.output.commit()
            } catch {
                metrics.output.discard()
                failure = error
            }
        }
        if let historyPath {
            let entry = HistoryEntry(
                time: now, status: Int(status.rawValue), seconds: seconds,
                error: report == nil ? RunLog.firstError ?? ExitStatus.meaning(status) : nil, report: report)
            do { try HistoryFile.append(try HistoryDocument.line(entry), to: historyPath) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}

extension UnattendedOptions {
    /// Takes the lock; nil if none was asked for.
    func takeLock(_ cancellation: Cancellation) throws(EngineError) -> FileLock? {
        guard let lock else { return nil }
        do throws(FileLock.Failure) {
            return try FileLock(path: lock, waiting: lockWait?.duration ?? .zero, isCancelled: { cancellation.isCancelled })
        } catch {
            switch error {
            case .held(let holder):
                throw EngineError(
                    tryAgain: "another run holds the lock \(lock): \(holder?.text ?? "it has not said who it is")",
                    remedy: lockWait == nil ? "--lock-wait 10m waits for it" : "it did not end within --lock-wait")
            case .cancelled: throw EngineError(cancelledBefore: "the lock was free")
            case .output(let error): throw EngineError(error)
            }
        }
    }
}

/// Calls getrusage(2) for the process. Linux's headers give the constant a type of its own.
private func processUsage(_ usage: inout rusage) -> Int32 {
    #if canImport(Darwin)
    return getrusage(RUSAGE_SELF, &usage)
    #else
    return getrusage(__rusage_who_t(0), &usage)
    #endif
}
