import Foundation
import Testing

/// `-`: every format from a pipe, found out from its content.
@Suite struct StandardInputTests {
    @Test func everyFormat() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 20_000, columnCount: 4, seed: 71)
        let outputs = ["--json", "-", "--partial", "partial"]
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy"] + TextDump.task + outputs, in: scratch).json()
        let partial = try scratch.bytes("partial")
        try scratch.write("t.csv", dump.table())
        try scratch.write("t.jsonl", dump.jsonLines())
        try XentRun.tool("zstd", ["-q", "p.npy", "t.csv"], in: scratch)
        try TableTests.gzip("t.jsonl", in: scratch)
        try TableTests.gzip("p.npy", in: scratch)
        let task = TextDump.task.joined(separator: " ")
        let csv = TextDump.columns.map { "'\($0)'" }.joined(separator: " ")
        for (name, rest) in [
            ("p.npy", "--labels y.npy"), ("p.npy.zst", "--labels y.npy"), ("p.npy.gz", "--labels y.npy"), ("t.csv", csv),
            ("t.csv.zst", csv),
            ("t.jsonl", ""), ("t.jsonl.gz", ""),
        ] {
            for how in ["cat \(name) | \"$XENT\" eval -", "\"$XENT\" eval - < \(name)"] {
                let run = try XentRun.shell(
                    "\(how) \(rest) \(task) --threads 2 --expect-rows 20000 --json - --partial partial", in: scratch)
                try TableTests.expectSame(run.json(), arrays, how)
                #expect(try scratch.bytes("partial") == partial, "\(how)")
            }
        }
    }

    @Test func labelsFromAPipe() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let mean = try XentRun.xent(SmallDump.eval + ["--quiet"], in: scratch).stdout
        let task = SmallDump.task.joined(separator: " ")
        let run = try XentRun.shell("cat y.npy | \"$XENT\" eval p.npy --labels - \(task) --quiet", in: scratch)
        #expect(run.stdout == mean, "\(run.stderr)")
        let twice = try XentRun.shell("cat y.npy | \"$XENT\" eval - --labels - \(task)", in: scratch)
        #expect(twice.ending == .exit(64))
    }

    /// A pipe that ends early is an error, and no report comes out.
    @Test func endsEarly() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 5000, columnCount: 4, seed: 72)
        try scratch.write("t.csv", dump.table())
        try XentRun.tool("zstd", ["-q", "t.csv", "p.npy"], in: scratch)
        try TableTests.gzip("t.csv", in: scratch)
        let task = TextDump.task.joined(separator: " ")
        for (name, rest) in [("p.npy", "--labels y.npy"), ("p.npy.zst", "--labels y.npy"), ("t.csv.zst", ""), ("t.csv.gz", "")] {
            let count = try scratch.bytes(name).count * 2 / 3
            let run = try XentRun.shell("head -c \(count) \(name) | \"$XENT\" eval - \(rest) \(task) --json -", in: scratch)
            #expect(run.ending == .exit(65), "\(name): \(run.stderr)")
            #expect(run.stdout.isEmpty, "\(name)")
        }
        // Text that is not compressed may end after a line: only the number of rows tells.
        let rows = try XentRun.shell("head -n 100 t.csv | \"$XENT\" eval - \(task) --expect-rows 5000", in: scratch)
        #expect(rows.ending == .exit(65))
        #expect(rows.stderr.contains("and 5000 are expected"), "\(rows.stderr)")
    }

    /// A file that was partly read: what comes after is read, in any format.
    @Test(arguments: ["-", "/dev/stdin", "/dev/fd/0"])
    func fileAtAnOffset(name: String) throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 3000, columnCount: 4, seed: 73)
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy"] + TextDump.task + ["--json", "-"], in: scratch).json()
        try scratch.write("t.csv", dump.table())
        try scratch.write("t.jsonl", dump.jsonLines())
        try XentRun.tool("zstd", ["-q", "p.npy", "t.csv"], in: scratch)
        try TableTests.gzip("t.jsonl", in: scratch)
        let task = TextDump.task.joined(separator: " ")
        let csv = TextDump.columns.map { "'\($0)'" }.joined(separator: " ")
        for (file, rest) in [
            ("p.npy", "--labels y.npy"), ("p.npy.zst", "--labels y.npy"), ("t.csv", csv), ("t.csv.zst", csv), ("t.jsonl.gz", ""),
        ] {
            // The first line is one of another dump: read as well, it would give other numbers, or none.
            let run = try XentRun.shell(
                """
                { echo '{"label": 1, "logits": [1, 2, 3, 4]}'; cat \(file); } > whole
                { read line; "$XENT" eval \(name) \(rest) \(task) --json -; } < whole
                """, in: scratch)
            try TableTests.expectSame(run.json(), arrays, file)
        }
        // Rows of a table that were read before are not read again.
        let rows = try XentRun.shell(
            """
            head -n 1 t.csv > whole; tail -n 1000 t.csv >> whole
            "$XENT" eval whole \(csv) \(task) --quiet > expected
            { tail -n 2000 t.csv | head -n 1000; cat whole; } > both
            before=$(($(wc -c < both) - $(wc -c < whole)))
            { dd bs=1 count=$before of=/dev/null 2> dd; "$XENT" eval \(name) \(csv) \(task) --quiet; } < both > got
            cmp expected got
            """, in: scratch)
        #expect(rows.ending == .exit(0), "\(rows.stderr)")
    }

    @Test func whatAPipeCannotGive() throws {
        let (scratch, _) = try ArchiveTests.scratch()
        let task = TextDump.task.joined(separator: " ")
        for name in ["stored.npz", "t.safetensors"] {
            let run = try XentRun.shell("cat \(name) | \"$XENT\" eval - \(task)", in: scratch)
            #expect(run.ending != .exit(0))
            #expect(run.stderr.contains("write it to a file"), "\(run.stderr)")
        }
    }
}
