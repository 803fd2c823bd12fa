import Outputs
import Testing

@testable import Engine
@testable import Unattended

/// The text of metrics, by the rules of the textfile collector.
@Suite struct MetricsFileTests {
    private func metrics(job: String = "nightly", status: Int = 0, at seconds: Int64 = 1_000) -> MetricsFile {
        MetricsFile(
            job: job, exitStatus: status, seconds: 1.5, processorSeconds: 2, endedAt: Timestamp(seconds: seconds, nanoseconds: 7), version: "0.1.0")
    }

    @Test func everySeriesHasTheJobAndOneHelp() {
        var file = metrics()
        file.gates = [
            GateResult(gate: "a < \"1\"", verdict: .pass), GateResult(gate: "b < 1", verdict: .fail), GateResult(gate: "b < 1", verdict: .fail),
        ]
        let lines = file.text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.last == "", "the last line ends with a line feed")
        var helped: Set<String> = []
        for line in lines.dropLast() {
            if line.hasPrefix("# HELP ") {
                #expect(helped.insert(String(line.split(separator: " ")[2])).inserted)
            } else if !line.hasPrefix("#") {
                let name = String(line.prefix { $0 != "{" })
                #expect(helped.contains(name))
                #expect(line.hasPrefix("\(name){job=\"nightly\""))
                // A number behind the labels, and no time stamp.
                #expect(line.split(separator: "}").last?.split(separator: " ").count == 1)
            }
        }
        #expect(lines.contains("xent_gate_passed{job=\"nightly\",gate=\"a < \\\"1\\\"\"} 1"))
        #expect(lines.count { $0.hasPrefix("xent_gate_passed{") } == 2)
        #expect(lines.contains("xent_last_run_timestamp_seconds{job=\"nightly\"} 1000"))
    }

    @Test func theLastSuccessIsKept() {
        let first = metrics(at: 1_000).text()
        #expect(first.contains("xent_last_success_timestamp_seconds{job=\"nightly\"} 1000\n"))
        let second = metrics(status: 65, at: 2_000).text(replacing: Array(first.utf8))
        #expect(second.contains("xent_last_success_timestamp_seconds{job=\"nightly\"} 1000\n"))
        #expect(second.contains("xent_last_run_timestamp_seconds{job=\"nightly\"} 2000\n") && second.contains("exit_status{job=\"nightly\"} 65\n"))
        let third = metrics(status: 75, at: 3_000).text(replacing: Array(second.utf8))
        #expect(third.contains("xent_last_success_timestamp_seconds{job=\"nightly\"} 1000\n"))
        // Another job's success is not this one's, and a job that never succeeded has none.
        #expect(!metrics(job: "other", status: 1).text(replacing: Array(third.utf8)).contains("last_success"))
        #expect(!metrics(status: 1).text(replacing: [0xFF, 0x00, 0x0A]).contains("last_success"))
    }

    @Test func labelsAreEscaped() {
        let text = metrics(job: "a\"b\\c\nd").text()
        #expect(text.contains("{job=\"a\\\"b\\\\c\\nd\"} 0\n"))
        #expect(MetricsFile.lastSuccess(in: Array(text.utf8), job: "a\"b\\c\nd") == 1_000)
    }
}

extension GateResult {
    fileprivate init(gate: String, verdict: Verdict) {
        self.init(gate: gate, verdict: verdict, value: 1, bound: 1, baseline: nil, undecided: nil, reason: nil)
    }
}
