import Foundation
import Testing

/// Locks, silence, logs, metrics and histories of whole processes.
@Suite struct UnattendedTests {
    // MARK: Silence

    @Test func aSilentRunSaysNothingUnlessItFails() throws {
        let scratch = try ReportTests.infiniteScratch()
        let eval = ReportTests.evalInfinite + ["--silent"]
        let good = try XentRun.xent(eval, in: scratch)
        good.expectSuccess()
        #expect(good.stdout == "" && good.stderr == "")
        let bad = try XentRun.xent(eval + ["--require", "loss.mean <= 1", "--json", "a report.json"], in: scratch)
        #expect(bad.ending == .exit(1) && bad.stdout == "")
        let lines = bad.stderr.split(separator: "\n").map(String.init)
        #expect(lines[0] == "xent failed with exit status 1: a gate is not met")
        // The command can be pasted, and the host, the folder and the time are there.
        #expect(lines[1].hasPrefix("command   /") && lines[1].hasSuffix("--silent --require 'loss.mean <= 1' --json 'a report.json'"))
        #expect(lines[2].hasPrefix("where     host ") && lines[2].hasSuffix("folder \(scratch.path)"))
        #expect(lines[3].wholeMatch(of: /when      \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        // What an ordinary run says, the warning among it.
        #expect(lines[4].contains("infinite loss") && lines[5].contains("not met: loss.mean <= 1: inf against 1.0"))
        let missing = try XentRun.xent(["eval", "no.npy", "--labels", "y.npy", "--silent"] + SmallDump.task, in: scratch)
        #expect(missing.ending == .exit(66) && missing.stderr.contains("xent: no.npy: ") && missing.stderr.hasPrefix("xent failed with exit status 66"))
    }

    /// An error that nobody foresaw is a fault of the program, and no file of it is left.
    @Test func faultsOfTheProgramHaveTheirStatus() throws {
        let scratch = try GateCommandTests.scratch()
        let eval = SmallDump.eval.joined(separator: " ")
        let run = try XentRun.shell(
            "XENT_TEST_FAULT=1 \"$XENT\" \(eval) --json j.json --silent --metrics m.prom --job n --history h.jsonl", in: scratch)
        #expect(run.ending == .exit(70) && run.stdout == "")
        #expect(run.stderr.hasPrefix("xent failed with exit status 70: a fault of xent\n") && run.stderr.contains("please report it"))
        #expect(scratch.names == ["h.jsonl", "m.prom", "p.npy", "y.npy"])
        #expect(try scratch.text("m.prom").contains("xent_run_exit_status{job=\"n\"} 70\n") && scratch.text("h.jsonl").contains("\"status\":70"))
    }

    // MARK: Locks

    @Test func twoRunsDoNotShareALock() throws {
        let run = try LongRun(seconds: 20)
        let scratch = run.scratch
        let first = try RunningCommand.xent(LongRun.arguments + ["--lock", "l", "--quiet"], in: scratch)
        try first.wait("the lock is not taken") { (try? scratch.text("l"))?.isEmpty == false }
        let holder = try scratch.text("l")
        let second = try XentRun.xent(LongRun.arguments + ["--lock", "l", "--quiet", "--metrics", "m.prom", "--job", "n"], in: scratch)
        expectFailure(
            second, status: 75,
            says: ["another run holds the lock l: process \(holder.split(separator: " ")[1]) on host ", "has held it since 20", "--lock-wait 10m"])
        #expect(try scratch.text("m.prom").contains("xent_run_exit_status{job=\"n\"} 75\n"))
        let waiting = try XentRun.xent(LongRun.arguments + ["--lock", "l", "--lock-wait", "0.3s", "--quiet"], in: scratch)
        expectFailure(waiting, status: 75, says: ["it did not end within --lock-wait"])
        // However a holder ends, the lock is free, and the file stays.
        first.send(signal: SIGKILL)
        _ = try first.finish()
        try SmallDump.write(to: scratch)
        try XentRun.xent(SmallDump.eval + ["--lock", "l", "--quiet"], in: scratch).expectSuccess()
        #expect(try scratch.names.contains("l") && scratch.text("l") == "")
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--lock", "no/l"], in: scratch), status: 74, says: ["no/l: cannot be opened as a lock"])
    }

    @Test func aWaitingRunGoesOnWhenTheLockIsFree() throws {
        let scratch = try GateCommandTests.scratch()
        let run = try XentRun.shell(
            """
            exec 9> l; flock 9; (sleep 0.5; flock -u 9) &
            "$XENT" \(SmallDump.eval.joined(separator: " ")) --lock l --lock-wait 20s --quiet
            """, in: scratch)
        run.expectSuccess()
        #expect(run.stdout != "")
    }

    // MARK: Logs

    @Test func logsAreJSONWithEvents() throws {
        let scratch = try ReportTests.infiniteScratch()
        let run = try XentRun.xent(ReportTests.evalInfinite + ["--log", "json", "--quiet", "--require", "loss.mean < 1"], in: scratch)
        #expect(run.ending == .exit(1))
        let lines = try run.stderr.split(separator: "\n").map { try JSONDocument(String($0)) }
        #expect(try lines.map { try $0.text("event") } == ["start", "warning", "gate", "error", "end"])
        #expect(try lines.map { try $0.text("level") } == ["info", "warning", "error", "error", "notice"])
        for line in lines { #expect(try line.text("time").count == 20 && !line.text("message").isEmpty) }
        #expect(try lines[1].text("code") == "infinite-loss" && lines[2].text("gate") == "loss.mean < 1" && lines[2].text("value") == "inf")
        #expect(try lines[4].number("status") == 1)
        // A name with quotation marks and control characters is one line still.
        let name = "a\"b\\c\n\u{1}.npy"
        let error = try XentRun.xent(["eval", name, "--labels", "y.npy", "--log", "json"] + SmallDump.task, in: scratch)
        #expect(error.ending == .exit(66))
        #expect(try error.stderr.split(separator: "\n").map { try JSONDocument(String($0)).text("event") } == ["start", "error", "end"])
    }

    /// Where standard error is the journal, lines begin with their level; a datagram tells systemd how far the run is.
    @Test func systemdIsTold() throws {
        let scratch = try ReportTests.infiniteScratch()
        let eval = ReportTests.evalInfinite.joined(separator: " ")
        let journal = try XentRun.shell(
            "exec 2> log; JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) \"$XENT\" \(eval) --quiet --require 'loss.mean < 1'; cat log", in: scratch)
        let lines = journal.stdout.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("<4>xent: warning: 1 row has an infinite loss") })
        #expect(lines.contains { $0.hasPrefix("<3>xent: not met: loss.mean < 1") })
        // Another file than the one that is named is no journal.
        let other = try XentRun.shell("JOURNAL_STREAM=1:1 \"$XENT\" \(eval) --quiet", in: scratch)
        #expect(other.stderr.hasPrefix("xent: warning"))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")))
    func systemdsSocketGetsTheStatus() throws {
        let run = try LongRun(seconds: 20)
        let script = """
            import os, socket, time, subprocess, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            name = sys.argv[1]
            s.bind("\\0" + name[1:] if name.startswith("@") else name)
            s.settimeout(20)
            p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=name, XENT_TEST_STATUS_SPEED="50"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            print(s.recv(4096).decode())
            time.sleep(2); p.terminate(); error = p.communicate()[1].decode()
            print("progress" if '"event":"progress"' in error else error)
            """
        try run.scratch.write("listen.py", script)
        for name in ["socket", "@xent-test-\(UUID().uuidString)"] {
            let path = name.hasPrefix("@") ? name : run.scratch.place(name)
            let result = try RunningCommand(
                "/usr/bin/python3", ["listen.py", path, try RunningCommand.binaryPath()] + LongRun.arguments + ["--log", "json"], in: run.scratch
            ).finish()
            #expect(result.stdout.wholeMatch(of: /STATUS=\d+ % of .*\nEXTEND_TIMEOUT_USEC=120000000\nprogress\n/) != nil, "\(result.stdout) \(result.stderr)")
        }
    }

    // MARK: Histories

    @Test func everyRunAppendsALine() throws {
        let scratch = try GateCommandTests.scratch()
        let nightly = SmallDump.eval + ["--quiet", "--history", "h.jsonl", "--baseline", "h.jsonl", "--require", "loss.mean <= baseline + 1%"]
        // The first night has nothing to compare with.
        let first = try XentRun.xent(nightly, in: scratch)
        first.expectSuccess()
        try XentRun.xent(nightly, in: scratch).expectSuccess()
        try scratch.write("y.npy", NPYFixture.labels([1, 1, 1, 0, 1, 1]))
        #expect(try XentRun.xent(nightly, in: scratch).ending == .exit(1))
        // A run that failed is no baseline.
        #expect(try XentRun.xent(nightly, in: scratch).ending == .exit(1))
        try scratch.write("y.npy", "no labels")
        #expect(try XentRun.xent(nightly, in: scratch).ending == .exit(65))
        let json = try XentRun.xent(["history", "h.jsonl", "--json", "-"], in: scratch).json()
        let runs = try json.list("runs")
        #expect(try runs.map { try $0.number("status") } == [0, 0, 1, 1, 65])
        #expect(try runs[2].number("change") > 1 && runs[3].number("change") == 0 && runs[1].number("scored_rows") == 6)
        #expect(try runs[4].text("error").hasPrefix("y.npy: "))
        #expect(try runs[2].list("failed_gates").count == 1)
        let text = try XentRun.xent(["history", "h.jsonl", "--last", "2", "--html", "h.html"], in: scratch)
        text.expectSuccess()
        #expect(text.stdout.split(separator: "\n").count == 4 && text.stdout.contains("not met: loss.mean <= baseline + 1%"))
        #expect(try scratch.text("h.html").contains("<svg") && text.stderr == "")
    }

    /// What a crash tore, or a disk damaged, spoils one line.
    @Test func tornLinesAreMended() throws {
        let scratch = try GateCommandTests.scratch()
        let nightly = SmallDump.eval + ["--quiet", "--history", "h.jsonl"]
        try XentRun.xent(nightly, in: scratch).expectSuccess()
        let line = try scratch.text("h.jsonl")
        #expect(line.hasSuffix("\n") && line.count { $0 == "\n" } == 1)
        // A line that lacks its newline alone is whole: the cuts end before its last brace.
        for cut in stride(from: 1, to: line.count - 1, by: line.count / 9) {
            try scratch.write("h.jsonl", line + line.prefix(cut))
            try XentRun.xent(nightly, in: scratch).expectSuccess()
            let run = try XentRun.xent(["history", "h.jsonl", "--json", "-"], in: scratch)
            #expect(try run.json().list("runs").count == 2 && run.json().number("damaged_lines") == 1)
            #expect(run.stderr.contains("h.jsonl: 1 line is damaged and left out, the first line 2"))
        }
        // As a baseline, a damaged line is told of as well.
        let gated = try XentRun.xent(
            nightly + ["--baseline", "h.jsonl", "--require", "loss.mean == baseline"], in: scratch)
        gated.expectSuccess()
        #expect(gated.stderr.contains("1 line is damaged"))
        try scratch.write("h.jsonl", String(line.dropLast()))
        try XentRun.xent(nightly, in: scratch).expectSuccess()
        let whole = try XentRun.xent(["history", "h.jsonl", "--json", "-"], in: scratch).json()
        #expect(try whole.list("runs").count == 2 && whole.number("damaged_lines") == 0)
        try scratch.write("h.jsonl", "not\nlines\n")
        expectFailure(try XentRun.xent(["history", "h.jsonl"], in: scratch), status: 65, says: ["no line of it holds a run"])
    }

    @Test func theBestRunIsABaselineAgainstDrift() throws {
        let scratch = try GateCommandTests.scratch()
        let nightly = SmallDump.eval + ["--quiet", "--history", "h.jsonl", "--baseline", "h.jsonl", "--require", "loss.mean <= baseline + 10%"]
        // Logits that say less from night to night: each a little worse than the one before.
        for night in 0..<6 {
            let scale = Float(1 - 0.02 * Double(night))
            let logits = SmallDump.logits.map { $0 * scale }
            try scratch.write("p.npy", NPYFixture.floats(logits.map { -$0 }, columns: 3))
            try scratch.write("y.npy", NPYFixture.labels(SmallDump.labels))
            _ = try XentRun.xent(nightly, in: scratch)
        }
        let runs = try XentRun.xent(["history", "h.jsonl", "--json", "-"], in: scratch).json().list("runs")
        #expect(runs.count == 6)
        let means = try runs.map { try $0.number("mean") }
        let best = try #require(means.min())
        let gate = try XentRun.xent(
            SmallDump.eval + ["--quiet", "--json", "j.json", "--baseline", "h.jsonl", "--baseline-run", "best", "--require", "loss.mean <= baseline + 10%"],
            in: scratch)
        #expect(gate.ending == .exit(0) || gate.ending == .exit(1))
        #expect(try JSONDocument(path: scratch.place("j.json")).list("gates")[0].number("baseline") == best)
    }

    /// Runs that end at once append whole lines.
    @Test func runsThatAppendAtOnceDoNotMixTheirLines() throws {
        let scratch = try GateCommandTests.scratch()
        let eval = SmallDump.eval.joined(separator: " ")
        try XentRun.shell("for k in 1 2 3 4 5 6 7 8; do \"$XENT\" \(eval) --quiet --history h.jsonl > /dev/null & done; wait", in: scratch).expectSuccess()
        let json = try XentRun.xent(["history", "h.jsonl", "--json", "-"], in: scratch).json()
        #expect(try json.list("runs").count == 8 && json.number("damaged_lines") == 0)
    }

    /// On a disk that is full, and in a folder that cannot be written to, the run says so and the history is as it was.
    @Test func aHistoryThatCannotBeWrittenIsAnError() throws {
        let scratch = try GateCommandTests.scratch()
        try XentRun.xent(SmallDump.eval + ["--quiet", "--history", "h.jsonl"], in: scratch).expectSuccess()
        let before = try scratch.bytes("h.jsonl")
        let limited = try XentRun.shell(
            "ulimit -f 3; \"$XENT\" \(SmallDump.eval.joined(separator: " ")) --quiet --history h.jsonl; \"$XENT\" \(SmallDump.eval.joined(separator: " ")) --quiet --history h.jsonl",
            in: scratch)
        #expect(limited.ending == .exit(74) && limited.stderr.contains("h.jsonl: the history cannot be written"))
        #expect(try scratch.bytes("h.jsonl").starts(with: before))
        let after = try XentRun.xent(["history", "h.jsonl", "--json", "-"], in: scratch).json()
        #expect(try after.number("damaged_lines") == 0)
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--history", "no/h.jsonl"], in: scratch), status: 74, says: ["no/h.jsonl: the history cannot be opened"])
    }

    // MARK: Metrics

    @Test func metricsAreWrittenHoweverTheRunEnds() throws {
        let scratch = try GateCommandTests.scratch()
        let metrics = ["--quiet", "--metrics", "m.prom", "--job", "nightly \"a\""]
        let label = "{job=\"nightly \\\"a\\\"\"}"
        func value(_ name: String) throws -> String? {
            try scratch.text("m.prom").split(separator: "\n").first { $0.hasPrefix(name + label + " ") }?.split(separator: " ").last.map(String.init)
        }
        try XentRun.shell("umask 077; \"$XENT\" \((SmallDump.eval + metrics.prefix(3)).joined(separator: " ")) --job 'nightly \"a\"'", in: scratch).expectSuccess()
        let success = try #require(try value("xent_last_success_timestamp_seconds"))
        #expect(try value("xent_run_exit_status") == "0" && value("xent_last_run_timestamp_seconds") == success)
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.place("m.prom"))
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o644)
        #expect(try scratch.text("m.prom").contains("xent_rows{job=\"nightly \\\"a\\\"\",state=\"scored\"} 6\n"))
        #expect(try XentRun.xent(SmallDump.eval + metrics + ["--require", "loss.mean < 0"], in: scratch).ending == .exit(1))
        #expect(try value("xent_run_exit_status") == "1" && value("xent_last_success_timestamp_seconds") == success)
        #expect(try scratch.text("m.prom").contains("xent_gate_passed{job=\"nightly \\\"a\\\"\",gate=\"loss.mean < 0\"} 0\n"))
        #expect(try XentRun.xent(["eval", "no.npy", "--labels", "y.npy"] + SmallDump.task + metrics, in: scratch).ending == .exit(66))
        #expect(try value("xent_run_exit_status") == "66" && value("xent_last_success_timestamp_seconds") == success)
        #expect(try !scratch.text("m.prom").contains("xent_loss_mean_nats"))
        let long = try LongRun(seconds: 20)
        let command = try RunningCommand.xent(LongRun.arguments + ["--quiet", "--metrics", "m.prom", "--job", "n"], in: long.scratch)
        try command.waitUntilSignalsAreHandled()
        Thread.sleep(forTimeInterval: 0.2)
        command.send(signal: SIGTERM)
        #expect(try command.finish().ending == .signal(SIGTERM))
        #expect(try long.scratch.text("m.prom").contains("xent_run_exit_status{job=\"n\"} 143\n"))
    }

    @Test func metricsNeedAJobAndAName() throws {
        let scratch = try GateCommandTests.scratch()
        expectFailure(try XentRun.xent(SmallDump.eval + ["--metrics", "m.prom"], in: scratch), status: 64, says: ["--job NAME"])
        expectFailure(try XentRun.xent(SmallDump.eval + ["--metrics", "m.txt", "--job", "n"], in: scratch), status: 64, says: [".prom"])
        expectFailure(try XentRun.xent(SmallDump.eval + ["--job", "n"], in: scratch), status: 64, says: ["--metrics"])
    }

    /// Where scripts/fetch-prometheus.sh has put promtool, or a package of the system; nil on systems that have no such package.
    private static let promtool = [Repository.root + "/.build-prometheus/usr/bin/promtool", "/usr/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Prometheus's own tool finds nothing to complain of: neither in one file, nor in those of two jobs together.
    @Test(.enabled(if: promtool != nil, "scripts/test.sh fetches promtool where Debian's archive is"))
    func promtoolHasNoComplaint() throws {
        let scratch = try GateCommandTests.scratch()
        try XentRun.xent(
            SmallDump.eval + ["--quiet", "--metrics", "a.prom", "--job", "a", "--dialect", "exact", "--dialect", "pytorch", "--require", "accuracy >= 1%"],
            in: scratch
        ).expectSuccess()
        _ = try XentRun.xent(["eval", "no.npy", "--labels", "y.npy", "--metrics", "b.prom", "--job", "b"] + SmallDump.task, in: scratch)
        for file in ["a.prom", "b.prom"] {
            let script = "'\(Self.promtool ?? "")' check metrics < \(file)"
            let run = try XentRun.shell(script, in: scratch)
            #expect(run.ending == .exit(0) && run.stdout == "" && run.stderr == "", "\(script): \(run.stdout)\(run.stderr)")
        }
        // One text of help for each name in all files: else the collector drops the series.
        let helps = try ["a.prom", "b.prom"].flatMap { try scratch.text($0).split(separator: "\n").filter { $0.hasPrefix("# HELP") }.map(String.init) }
        let names = Set(helps.map { $0.split(separator: " ")[2] })
        #expect(Set(helps).count == names.count)
    }
}
