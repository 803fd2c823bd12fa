import Foundation
import Testing

/// The same report, partial and losses, whatever the threads, the kernel and the way the file is cut.
@Suite struct SameBitsTests {
    static let rows = 30_000
    static let columns = 24

    /// The kernels that this machine has, as the message says that lists them.
    static func kernels() throws -> [String] {
        let scratch = try ReportTests.scratch()
        let run = try XentRun.xent(SmallDump.eval + ["--kernel", UsageTests.otherKernel], in: scratch)
        guard let start = run.stderr.range(of: "--kernel takes ") else { throw HarnessError("no list of kernels in: \(run.stderr)") }
        let names = run.stderr[start.upperBound...].prefix { !$0.isNewline }.replacing(" here", with: "")
        return names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0 != "auto" }
    }

    @Test func forAnyThreadsKernelsAndFrames() throws {
        let scratch = try Scratch()
        let predictions = NPYFixture.floats(RandomDump.logits(rows: Self.rows, columns: Self.columns, seed: 51), columns: Self.columns)
        let framed = try ZstdFixture(predictions, pieceByteCount: 100_003)
        try scratch.write("raw.npy", predictions)
        try scratch.write("single.npy.zst", ZstdFixture.singleFrame(predictions))
        try scratch.write("stream.npy.zst", ZstdFixture.stream(predictions))
        try scratch.write("plain.npy.zst", framed.plain)
        try scratch.write("pzstd.npy.zst", framed.pzstd)
        try scratch.write("seekable.npy.zst", framed.seekable)
        let labels = NPYFixture.labels(RandomDump.labels(rows: Self.rows, classes: Self.columns, seed: 52))
        try scratch.write("y.npy", labels)
        try scratch.write("y.npy.zst", ZstdFixture(labels, pieceByteCount: 5000).plain)

        func evaluate(_ file: String, labels: String, threads: String, kernel: String) throws -> JSONDocument {
            try XentRun.xent(
                [
                    "eval", file, "--labels", labels, "--threads", threads, "--kernel", kernel, "--json", "-", "--per-row", "rows.npy",
                    "--partial",
                    "all.partial",
                ] + SmallDump.task, in: scratch
            ).json()
        }
        let kernels = try Self.kernels()
        try #require(kernels.contains("baseline"))
        let first = try evaluate("raw.npy", labels: "y.npy", threads: "1", kernel: "baseline")
        let partial = try scratch.bytes("all.partial")
        let losses = try scratch.bytes("rows.npy")
        func expectSame(_ file: String, labels: String = "y.npy", threads: String, kernel: String) throws {
            let other = try evaluate(file, labels: labels, threads: threads, kernel: kernel)
            let what = "\(file), \(labels), \(threads) threads, \(kernel)"
            #expect(try other.without("run", "inputs") == first.without("run", "inputs"), "\(what)")
            #expect(try scratch.bytes("all.partial") == partial, "\(what)")
            #expect(try scratch.bytes("rows.npy") == losses, "\(what)")
            // The kernel that was asked for is the one that ran.
            if kernel != "auto" { #expect(try other.text("run", "kernel") == kernel, "\(what)") }
            #expect(try "\(other.count("run", "threads"))" == threads, "\(what)")
        }
        for kernel in kernels {
            for threads in ["1", "2", "8"] { try expectSame("seekable.npy.zst", threads: threads, kernel: kernel) }
        }
        for file in ["raw.npy", "single.npy.zst", "stream.npy.zst", "plain.npy.zst", "pzstd.npy.zst"] {
            for threads in ["1", "3"] { try expectSame(file, threads: threads, kernel: "auto") }
            try expectSame(file, labels: "y.npy.zst", threads: "2", kernel: "auto")
        }
    }

    /// The whole report but for `run`, inputs included, is the same text.
    @Test func reportTextDiffersInRunAlone() throws {
        let scratch = try ReportTests.scratch()
        var reports: Set<String> = []
        for threads in ["1", "2", "8"] {
            for kernel in try Self.kernels() {
                let run = try XentRun.xent(SmallDump.eval + ["--threads", threads, "--kernel", kernel], in: scratch)
                reports.insert(run.stdout.split(separator: "\n").filter { !$0.hasPrefix("  run ") }.joined(separator: "\n"))
            }
        }
        #expect(reports.count == 1)
    }

    /// No number of threads is too large, on any of the ways to share out the work.
    @Test func forMoreThreadsThanThereCanBe() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 300)
        try scratch.write("t.csv", dump.table())
        try TableTests.gzip("y.npy", in: scratch)
        try scratch.write("stream.npy.zst", ZstdFixture.stream(scratch.bytes("p.npy")))
        for arguments in [["p.npy", "--labels", "y.npy"], ["p.npy", "--labels", "y.npy.gz"], ["stream.npy.zst", "--labels", "y.npy"], ["t.csv"]] {
            func mean(_ threads: String) throws -> String {
                try XentRun.xent(["eval"] + arguments + TextDump.task + ["--json", "-", "--threads", threads], in: scratch).json()
                    .text("loss", "mean_hex")
            }
            #expect(try mean("9223372036854775807") == mean("1"), "\(arguments)")
        }
        try XentRun.xent(["pack", "p.npy", "-o", "out.npy.zst", "--threads", "9223372036854775807"], in: scratch).expectSuccess()
    }
}
