public import Engine
internal import Messages
public import Outputs
internal import Scoring

/// The metrics of a run for the textfile collector of Prometheus's node exporter.
///
/// The rules of that collector decide the form: no time stamps (one makes it skip the whole file), a line feed at the end, one constant text
/// of help for each name in all files, and the label `job` on every series, so that the files of two jobs do not collide. Times go into
/// gauges of seconds since 1970. The file is written on every run, also on one that failed or was locked out: then the time of the last success
/// is that of the file before.
///
/// Source: <https://github.com/prometheus/node_exporter#textfile-collector>, and the text format of
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>.
public struct MetricsFile: Sendable {
    /// The name of the job, the label of every series.
    public var job: String
    /// The run's exit status.
    public var exitStatus: Int
    /// The time that the run took, and the time of the processor in all threads, in seconds.
    public var seconds: Double, processorSeconds: Double
    /// The time at which the run ended.
    public var endedAt: Timestamp
    /// The number of times that the run was taken up from a checkpoint.
    public var resumeCount: Int = 0
    /// The numbers of files that were scored anew and that were there, of a run with a state folder; nil for others.
    public var newFileCount: Int?, fileCount: Int?
    /// The number of warnings.
    public var warningCount: Int = 0
    /// The figures; nil if there are none.
    public var report: Report?
    /// The outcome of the gates of a comparison, whose figures are not told.
    public var gates: [GateResult]?
    /// The version of the program.
    public var version: String

    /// Makes metrics of a run without a report.
    public init(job: String, exitStatus: Int, seconds: Double, processorSeconds: Double, endedAt: Timestamp, version: String) {
        self.job = job
        self.exitStatus = exitStatus
        self.seconds = seconds
        self.processorSeconds = processorSeconds
        self.endedAt = endedAt
        self.version = version
    }

    /// The text of the file.
    ///
    /// - Parameter before: the bytes of the file that is replaced, from which the time of the last success is kept; empty if there is none.
    public func text(replacing before: [UInt8] = []) -> String {
        var text = ""
        func add(_ metric: Metric, _ value: Double, _ labels: [(String, String)] = []) {
            let names = ([("job", job)] + labels).map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            text += "\(metric.name){\(names)} \(Self.number(value))\n"
        }
        func begin(_ metric: Metric) { text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) gauge\n" }
        func gauge(_ metric: Metric, _ value: Double?, _ labels: [(String, String)] = []) {
            guard let value else { return }
            begin(metric)
            add(metric, value, labels)
        }
        gauge(.buildInfo, 1, [("version", version), ("kernel", report?.run?.kernel ?? "")])
        gauge(.exitStatus, Double(exitStatus))
        gauge(.lastRun, seconds(endedAt))
        gauge(.lastSuccess, exitStatus == 0 ? seconds(endedAt) : Self.lastSuccess(in: before, job: job))
        gauge(.duration, seconds)
        gauge(.processorTime, processorSeconds)
        gauge(.decodedBytes, report?.run.map { Double($0.decodedBytes) })
        gauge(.resumes, Double(resumeCount))
        gauge(.newFiles, newFileCount.map(Double.init))
        gauge(.files, fileCount.map(Double.init))
        gauge(.warnings, Double(warningCount))
        if let report = report?.converted(to: .nats) {
            begin(.rows)
            let rows = report.rows
            for (state, count) in [("scored", rows.scored), ("ignored", rows.ignored), ("invalid", rows.invalid), ("infinite", rows.infinite)] {
                add(.rows, Double(count), [("state", state)])
            }
            begin(.lossMean)
            for (dialect, loss) in report.dialects.sorted(by: { $0.key < $1.key }) {
                add(.lossMean, loss.mean, [("task", report.task.rawValue), ("dialect", dialect)])
            }
            gauge(
                .lossError, report.uncertainty?.standardError ?? report.loss.standardError,
                [("task", report.task.rawValue), ("dialect", report.dialect)])
            gauge(.accuracy, report.accuracy)
        }
        let gates = report?.gates ?? gates ?? []
        if !gates.isEmpty {
            begin(.gatePassed)
            var seen: Set<String> = []
            for gate in gates where seen.insert(gate.gate).inserted { add(.gatePassed, gate.verdict == .fail ? 0 : 1, [("gate", gate.gate)]) }
        }
        return text
    }

    /// The bytes of the metrics of the run before; none if there is no file, or it cannot be read.
    public static func bytes(at path: String) -> [UInt8] { (try? TextFile.report(at: path)) ?? [] }

    /// A name, and its text of help. Both are the same in every file.
    struct Metric {
        let name: String
        let help: String

        static let buildInfo = Metric(name: "xent_build_info", help: "The version of xent and the kernel of the last run; always 1.")
        static let exitStatus = Metric(name: "xent_run_exit_status", help: "The exit status of the last run; 1: a gate is not met, 75: try again.")
        static let lastRun = Metric(name: "xent_last_run_timestamp_seconds", help: "The end of the last run, in seconds since 1970.")
        static let lastSuccess = Metric(
            name: "xent_last_success_timestamp_seconds", help: "The end of the last run with exit status 0, in seconds since 1970.")
        static let duration = Metric(name: "xent_run_duration_seconds", help: "The time that the last run took.")
        static let processorTime = Metric(name: "xent_run_cpu_seconds", help: "The processor time of all threads of the last run.")
        static let decodedBytes = Metric(name: "xent_run_decoded_bytes", help: "The decompressed size of the predictions of the last run.")
        static let resumes = Metric(name: "xent_run_resumes", help: "The number of times that the last run was taken up from a checkpoint.")
        static let newFiles = Metric(name: "xent_run_new_files", help: "The number of files that the last run scored, of a run with a state folder.")
        static let files = Metric(name: "xent_run_files", help: "The number of files that the report of the last run is of, of a run with a state folder.")
        static let warnings = Metric(name: "xent_run_warnings", help: "The number of warnings of the last run.")
        static let rows = Metric(name: "xent_rows", help: "The number of rows of the last report, by what became of them.")
        static let lossMean = Metric(name: "xent_loss_mean_nats", help: "The mean loss of the last report.")
        static let lossError = Metric(name: "xent_loss_standard_error_nats", help: "The standard error of the mean loss of the last report.")
        static let accuracy = Metric(name: "xent_accuracy_ratio", help: "The share of right rows of the last report.")
        static let gatePassed = Metric(name: "xent_gate_passed", help: "1 if a gate of the last run was met, else 0.")
    }

    private func seconds(_ time: Timestamp) -> Double { Double(time.seconds) }

    /// Returns the time of the last success that a file tells of; nil if it tells of none, or of another job's.
    static func lastSuccess(in bytes: [UInt8], job: String) -> Double? {
        let start = "\(Metric.lastSuccess.name){job=\"\(escaped(job))\"} "
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(start) {
            return Double(line.dropFirst(start.count))
        }
        return nil
    }

    /// Writes a number as the format has it. Whole ones have no fraction, since seconds since 1970 are read by people too.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int(exactly: value).map(String.init) ?? "\(value)"
    }

    /// Writes a label's value: backslash, quotation mark and line feed are escaped.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
