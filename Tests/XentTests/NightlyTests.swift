import Foundation
import SeededRandom
import Testing

/// Thirty nights of the job that the README has for cron: what is mailed, what the metrics say, and what the history shows.
@Suite struct NightlyTests {
    /// The nights on which something happens, from 0.
    private enum Night {
        static let regression = 9, damage = 15, crash = 20, overlap = 24
    }

    private static let shardCount = 3

    /// The command of the README's line for cron, after the five fields of time.
    private static func command() throws -> String {
        let readme = try String(contentsOfFile: Repository.root + "/README.md", encoding: .utf8)
        let line = try #require(readme.split(separator: "\n").first { $0.wholeMatch(of: /(?:[0-9*\/,-]+ ){5}[^%]+/) != nil })
        return try #require(line.wholeMatch(of: /(?:[0-9*\/,-]+ ){5}([^%]+)/).map { String($0.output.1) })
    }

    /// Writes the predictions of a night: the same questions each time, by a model that is a little other, and bad on one night.
    private static func write(night: Int, to scratch: Scratch) throws {
        for shard in 0..<shardCount {
            var random = SplitMix64(seed: UInt64(1_000 + shard))
            var noise = SplitMix64(seed: UInt64(100 * night + shard))
            var text = "p0,p1,p2,label\n"
            for _ in 0..<200 {
                let label = Int.random(in: 0..<3, using: &random)
                var row = (0..<3).map { _ in Double.random(in: 0.1..<1, using: &random) + Double.random(in: 0..<0.01, using: &noise) }
                row[night == Night.regression ? (label + 1) % 3 : label] *= 6
                let sum = row.reduce(0, +)
                text += row.map { "\($0 / sum)" }.joined(separator: ",") + ",\(label)\n"
            }
            if night == Night.damage, shard == 1 { text += "0.2,0.2,oops,1\n" }
            let name = "dumps/incoming/part-\(shard).csv"
            try scratch.write(name, text)
            // A day after the night before, and long enough ago.
            let time = Date(timeIntervalSinceNow: Double(night - 40) * 86_400)
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: scratch.place(name))
        }
    }

    private static func metric(_ name: String, _ scratch: Scratch) throws -> String? {
        try scratch.text("dumps/nightly.prom").split(separator: "\n").first { $0.hasPrefix(name + "{job=\"nightly\"}") }?
            .split(separator: " ").last.map(String.init)
    }

    @Test func thirtyNights() throws {
        let scratch = try Scratch()
        try scratch.makeFolder("dumps/incoming")
        try scratch.makeFolder(".local/bin")
        try FileManager.default.createSymbolicLink(atPath: scratch.place(".local/bin/xent"), withDestinationPath: RunningCommand.binaryPath())
        let command = try Self.command()
        try scratch.write("job.sh", command)
        let job = "HOME=$PWD; export HOME; cd /; exec sh \"$HOME/job.sh\" 2>&1"
        var mails: [Int: String] = [:]
        var statuses: [Int] = []
        for night in 0..<30 {
            try Self.write(night: night, to: scratch)
            var script = job
            // The process dies when two of its three files are scored.
            if night == Night.crash { script = "XENT_TEST_DIE_AT=file:2; export XENT_TEST_DIE_AT; " + job }
            if night == Night.overlap { script = "exec 9> dumps/state/lock; flock 9; " + job }
            let run = try XentRun.shell(script, in: scratch)
            if !run.stdout.isEmpty, night != Night.crash { mails[night] = run.stdout }
            if night == Night.crash {
                // The shell's last command was killed; the metrics show no new run, and the age of the last success tells.
                #expect(run.ending == .exit(128 + SIGKILL) || run.ending == .signal(SIGKILL), "\(run)")
                #expect(try Self.metric("xent_run_exit_status", scratch) == "0" && Self.metric("xent_run_new_files", scratch) == "3")
                // The next run, at noon by hand, goes on with what was scored, and gives what an undisturbed one gives.
                try XentRun.shell(job, in: scratch).expectSuccess()
                #expect(try Self.metric("xent_run_new_files", scratch) == "1" && Self.metric("xent_run_files", scratch) == "3")
                statuses.append(0)
                continue
            }
            guard case .exit(let status) = run.ending else { throw HarnessError("night \(night): \(run)") }
            statuses.append(Int(status))
            #expect(try Self.metric("xent_run_exit_status", scratch) == "\(status)")
            if status == 0 {
                #expect(try Self.metric("xent_run_new_files", scratch) == "3")
                #expect(try Self.metric("xent_last_success_timestamp_seconds", scratch) == Self.metric("xent_last_run_timestamp_seconds", scratch))
            }
        }
        var expected = [Int](repeating: 0, count: 30)
        expected[Night.regression] = 1
        expected[Night.damage] = 65
        expected[Night.overlap] = 75
        #expect(statuses == expected)

        // Cron mails what is printed: nothing on a good night, and all that is needed on a bad one.
        #expect(mails.keys.sorted() == [Night.regression, Night.damage, Night.overlap])
        let regression = try #require(mails[Night.regression])
        #expect(regression.hasPrefix("xent failed with exit status 1: a gate is not met\ncommand   "))
        #expect(regression.contains("not met: loss.mean <= baseline + 2se: ") && regression.contains(", from the baseline "))
        #expect(regression.contains("/dumps\n"))
        let damage = try #require(mails[Night.damage])
        #expect(damage.contains("exit status 65") && damage.contains("incoming/part-1.csv: line 202: ") && damage.contains("oops"))
        #expect(try #require(mails[Night.overlap]).contains("another run has this state"))

        // The history has each run, and which of them is not like the others.
        let history = try XentRun.xent(["history", "dumps/nightly.jsonl", "--json", "-", "--html", "history.html"], in: scratch).json()
        let runs = try history.list("runs")
        // The run that was killed has left no line, and the one after it has.
        #expect(try runs.map { try Int($0.number("status")) } == expected)
        let changes = runs.indices.dropFirst().map { index in
            (try? runs[index].number("change_in_errors")).map { abs($0) } ?? 0
        }
        #expect(changes.max() == changes[Night.regression - 1] || changes.max() == changes[Night.regression])
        #expect(try runs[Night.damage].text("error").contains("part-1.csv"))
        // The report of the last night is that of one run over its files.
        let one = try XentRun.xent(["eval", "dumps/incoming/*.csv"] + IncomingTests.task + ["--json", "-"], in: scratch).json()
        #expect(try JSONDocument(path: scratch.place("dumps/nightly.json")).text("loss", "mean_hex") == one.text("loss", "mean_hex"))
        #expect(try scratch.text("history.html").contains("exit status 65"))
    }

    // MARK: The examples

    private static func example(_ name: String) throws -> String {
        try String(contentsOfFile: Repository.root + "/scripts/examples/" + name, encoding: .utf8)
    }

    @Test func theCrontabHasTheReadmesLine() throws {
        let lines = try Self.example("crontab").split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasSuffix(try! Self.command()) })
        for line in lines where line.first?.isNumber == true { #expect(!line.contains("%"), "cron takes it for a line feed") }
        let scratch = try Scratch()
        try scratch.makeFolder("dumps/incoming")
        try scratch.makeFolder(".local/bin")
        try FileManager.default.createSymbolicLink(atPath: scratch.place(".local/bin/xent"), withDestinationPath: RunningCommand.binaryPath())
        try Self.write(night: 0, to: scratch)
        for line in lines where line.first?.isNumber == true {
            let command = line.split(separator: " ", maxSplits: 5)[5]
            try scratch.write("job.sh", String(command))
            let run = try XentRun.shell("HOME=$PWD; export HOME; cd /; sh \"$HOME/job.sh\"", in: scratch)
            run.expectSuccess()
            #expect(run.stdout == "" && run.stderr == "")
        }
        #expect(scratch.names.contains("dumps"))
        #expect(try scratch.text("dumps/history.txt").contains("1 run, 1 passed") && scratch.text("dumps/history.html").contains("<svg"))
    }

    /// The service's command line as it stands, in the service's folder, with systemd's rule that quotes are quotes.
    @Test func theServiceRuns() throws {
        let service = try Self.example("xent-nightly.service")
        let line = try #require(service.split(separator: "\n").first { $0.hasPrefix("ExecStart=") }?.dropFirst("ExecStart=".count))
        let scratch = try Scratch()
        try scratch.makeFolder("dumps/incoming")
        try Self.write(night: 0, to: scratch)
        let words = String(line).replacingOccurrences(of: "/usr/local/bin/xent", with: "exec \"$XENT\"")
        #expect(words != String(line))
        let run = try XentRun.shell("cd dumps; \(words)", in: scratch)
        run.expectSuccess()
        #expect(run.stdout == "" && run.stderr == "")
        #expect(service.contains("SuccessExitStatus=75") && service.contains("NotifyAccess=main"))
        if FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") {
            for name in ["xent-nightly.service", "xent-nightly.timer"] {
                try scratch.write(name, try Self.example(name).replacingOccurrences(of: "/usr/local/bin/xent", with: "/bin/true"))
            }
            let check = try XentRun.shell("systemd-analyze verify ./xent-nightly.service ./xent-nightly.timer", in: scratch)
            #expect(check.ending == .exit(0) && check.stderr == "", "\(check.stderr)")
        }
    }

    /// The step of GitHub's job as it stands: it passes by the baseline, and fails by one that is better.
    @Test func theJobOfGitHubHasAGate() throws {
        let lines = try Self.example("github-actions.yml").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let start = try #require(lines.firstIndex { $0.contains("- name: Evaluate") })
        let script = lines[(start + 2)...].prefix { $0.hasPrefix("          ") }.joined(separator: "\n")
        let scratch = try Scratch()
        try scratch.makeFolder("bin")
        try FileManager.default.createSymbolicLink(atPath: scratch.place("bin/xent"), withDestinationPath: RunningCommand.binaryPath())
        try scratch.write("predictions.csv", IncomingTests.table(rows: 300, seed: 5))
        try scratch.write("better.csv", IncomingTests.table(rows: 300, seed: 5, sharpness: 100))
        try scratch.write("job.sh", script)
        // As GitHub runs it.
        let job = "PATH=$PWD/bin:$PATH GITHUB_STEP_SUMMARY=summary bash -eo pipefail job.sh"
        for (file, status) in [("predictions.csv", Int32(0)), ("better.csv", 1)] {
            try XentRun.xent(["eval", file, "--json", "baseline.json", "--quiet"] + IncomingTests.task, in: scratch).expectSuccess()
            let run = try XentRun.shell(job, in: scratch)
            #expect(run.ending == .exit(status), "\(run.stderr)")
            #expect(scratch.names.contains("report.html"))
            #expect(try JSONDocument(path: scratch.place("report.json")).list("gates").count == 2)
        }
        #expect(try scratch.text("summary").contains("mean"))
    }
}
