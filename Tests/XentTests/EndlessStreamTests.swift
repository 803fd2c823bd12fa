import Foundation
import Testing

/// Streams that never end, or whose writer stalls: what is wrong with them is told at the first byte that shows it.
@Suite struct EndlessStreamTests {
    private static let task = "--task multiclass --input probabilities"
    private static let columns = "--prediction-columns p --label-column label"

    /// A record or a line of names that never ends is refused at the size that `--memory` gives, and the message says file, line and remedy.
    @Test(arguments: [
        ("p0,p1,label\n0.5,0.5,0\n0.5,", "1", "", ["line 3: a record goes on for more than 1 MiB", "--memory"]),
        ("p0,p1,label\n0.5,0.5,0\n\"", "1", "", ["line 3: a record goes on for more than 1 MiB", "--memory", "quote"]),
        ("p0,p1,", "column,", "", ["a first line of more than 1048576 bytes", "up to 1 MiB", "--memory"]),
        ("{\"p\":[0.5,0.5],\"label\":0}\n{\"p\":[0.5,0.5],\"x\":\"", "a", columns, ["line 2: a record goes on for more than 1 MiB", "--memory"]),
        ("{\"p\":[0.5,0.5],\"x\":\"", "a", columns, ["a first record of up to 1 MiB", "--memory"]),
        ("[{\"p\":[0.5,0.5],\"label\":0},{\"p\":[0.5,0.5],\"x\":\"", "a", columns, ["a record goes on for more than 1 MiB", "--memory"]),
        ("[{\"p\":[0.5,0.5],\"x\":\"", "a", columns, ["1 MiB", "--memory"]),
    ])
    func endlessRecord(beginning: String, piece: String, columns: String, says: [String]) throws {
        let scratch = try Scratch()
        try scratch.write("beginning", beginning)
        let text = "(cat beginning; yes '\(piece)' | tr -d '\\n')"
        for pack in ["", "| zstd -q -1", "| gzip -1"] {
            let run = try XentRun.shell("\(text) \(pack) | \"$XENT\" eval - \(Self.task) \(columns) --memory 1M", in: scratch)
            expectFailure(run, status: 65, says: ["xent: standard input: "] + says)
        }
        // A file says the same, but for its name.
        try XentRun.tool("sh", ["-c", "\(text) | head -c 3000000 > file"], in: scratch)
        let run = try XentRun.shell("\"$XENT\" eval file \(Self.task) \(columns) --memory 1M", in: scratch)
        expectFailure(run, status: 65, says: ["xent: file: "] + says)
    }

    /// Without `--memory` the bound of a record is 256 MiB.
    @Test func endlessRecordByDefault() throws {
        let run = try XentRun.shell(
            "(printf 'p0,p1,label\\n0.5,0.5,0\\n'; yes 1 | tr -d '\\n') | \"$XENT\" eval - \(Self.task)", in: try Scratch())
        expectFailure(run, status: 65, says: ["standard input: line 3: a record goes on for more than 256 MiB", "--memory"])
    }

    /// A record below the bound is read from a file and from a pipe alike, also where it is the first.
    @Test func longRecords() throws {
        let scratch = try Scratch()
        let long = "{\"p\":[0.25,0.75],\"label\":0,\"x\":\"\(String(repeating: "a", count: 20 << 20))\"}"
        for (name, text) in [
            ("t.jsonl", long + "\n{\"p\":[0.5,0.5],\"label\":1}\n"), ("t.json", "[\(long),\n{\"p\":[0.5,0.5],\"label\":1}]\n"),
        ] {
            try scratch.write(name, text)
            let task = "\(Self.task) \(Self.columns) --json -"
            let file = try XentRun.shell("\"$XENT\" eval \(name) \(task)", in: scratch).json()
            for pack in ["cat", "zstd -q -c -1", "gzip -c -1"] {
                let pipe = try XentRun.shell("\(pack) \(name) | \"$XENT\" eval - \(task)", in: scratch).json()
                try TableTests.expectSame(pipe, file, "\(pack) \(name)")
            }
        }
    }

    /// Where a header says how many bytes come, the first byte too many ends the run. So do files of a size that only decompressing shows.
    @Test func moreThanIsPromised() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let array = "p.npy"
        let header = #"{"p":{"dtype":"F32","shape":[6,3],"data_offsets":[0,72]}}"#
        var tensors = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
        tensors += try scratch.bytes(array).suffix(72)
        try scratch.write("t.safetensors", tensors)
        let eval = "\"$XENT\" eval"
        let task = SmallDump.task.joined(separator: " ")
        for name in [array, "t.safetensors"] {
            let promised = name == array ? "bytes follow the last of the 6 rows" : "bytes follow the last array"
            for pack in ["cat", "zstd -q -1", "gzip -1"] {
                let endless = "(cat \(name); cat /dev/zero) | \(pack)"
                let run = try XentRun.shell("\(endless) | \(eval) - --labels y.npy \(task)", in: scratch)
                expectFailure(run, status: 65, says: ["xent: standard input: more \(promised)"])
                // One byte too many, and then nothing for as long as anyone would wait.
                let stalled = try XentRun.shell(
                    """
                    mkfifo pipe; ((cat \(name); printf 0) | \(pack); exec sleep 100) > pipe & writer=$!
                    \(eval) pipe --labels y.npy \(task); status=$?; kill $writer; exit $status
                    """, in: scratch)
                expectFailure(stalled, status: 65, says: ["xent: pipe: more \(promised)"])
                try FileManager.default.removeItem(atPath: scratch.place("pipe"))
                guard pack != "cat" else { continue }
                try XentRun.tool("sh", ["-c", "(cat \(name); head -c 100000000 /dev/zero) | \(pack) > bomb"], in: scratch)
                let bomb = try XentRun.shell("\(eval) bomb --labels y.npy \(task)", in: scratch)
                // zstd writes a single frame without its size from a pipe.
                expectFailure(bomb, status: 65, says: ["xent: bomb: more \(promised)"])
            }
        }
        // The labels are no different.
        let labels = try XentRun.shell("(cat y.npy; cat /dev/zero) | \(eval) p.npy --labels - \(task)", in: scratch)
        expectFailure(labels, status: 65, says: ["xent: standard input: more bytes follow the last of the 6 rows"])
    }

    /// An invalid row is told when it is met, while its writer stalls.
    @Test func invalidRowOfAStalledWriter() throws {
        let scratch = try Scratch()
        try scratch.write("few.csv", "p0,p1,label\n0.5,0.5,0\n0.5,nan,1\n")
        try scratch.write("many.csv", "p0,p1,label\n" + String(repeating: "0.5,0.5,0\n", count: 300_000) + "0.5,nan,1\n0.5,0.")
        try scratch.write("few.jsonl", "{\"p\":[0.5,0.5],\"label\":0}\n{\"p\":[NaN,0.5],\"label\":0}\n{\"p\":")
        let records = "[{\"p\":[0.5,0.5],\"label\":0},\n{\"p\":[0.5,null],\"label\":1},{\"p\":["
        try scratch.write("few.json", records)
        try scratch.write("within.json", #"{"n":[{}],"data":"# + records)
        var numbers = [Float](repeating: 0.5, count: 400_000)
        numbers[300_001] = .nan
        try scratch.write("p.npy", NPYFixture.floats(numbers, columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([UInt8](repeating: 0, count: 200_000)))
        for (name, rest, says) in [
            ("few.csv", "", "line 3: "), ("many.csv", "", "line 300002: "), ("few.jsonl", Self.columns, "line 2: "),
            ("few.json", Self.columns, "line 2: "), ("within.json", "\(Self.columns) --records data", "line 2: "),
            ("p.npy", "--labels y.npy", "row 150000: "),
        ] {
            for (pack, threads) in [("cat", 1), ("cat", 2), ("zstd -q -c", 2), ("gzip -c", 2)] {
                // All but the end has come.
                let count = name == "p.npy" ? 1_300_000 : Int.max
                let run = try XentRun.shell(
                    """
                    mkfifo pipe; (head -c \(count) \(name) | \(pack); exec sleep 100) > pipe & writer=$!
                    "$XENT" eval pipe \(Self.task) \(rest) --threads \(threads); status=$?; kill $writer; exit $status
                    """, in: scratch)
                expectFailure(run, status: 65, says: ["xent: pipe: \(says)", "--on-invalid skip"])
                try FileManager.default.removeItem(atPath: scratch.place("pipe"))
            }
        }
    }

    /// Pauses of a writer change nothing of the figures.
    @Test func pauses() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 3000, columnCount: 4, seed: 77)
        try scratch.write("t.csv", dump.table())
        try scratch.write("t.jsonl", dump.jsonLines())
        let task = TextDump.task.joined(separator: " ")
        let csv = TextDump.columns.map { "'\($0)'" }.joined(separator: " ")
        for (name, rest) in [("t.csv", csv), ("t.jsonl", ""), ("p.npy", "--labels y.npy")] {
            let file = try XentRun.shell("\"$XENT\" eval \(name) \(rest) \(task) --json -", in: scratch).json()
            for pack in ["cat", "zstd -q -c", "gzip -c"] {
                let count = try scratch.bytes(name).count
                // In pieces that end anywhere.
                let run = try XentRun.shell(
                    """
                    \(pack) \(name) > packed; size=$(wc -c < packed)
                    (head -c 7 packed; sleep 0.3; tail -c +8 packed | head -c $((size / 3)); sleep 0.3; tail -c +$((size / 3 + 8)) packed) \
                    | "$XENT" eval - \(rest) \(task) --json -
                    """, in: scratch)
                try TableTests.expectSame(run.json(), file, "\(pack) \(name), \(count) bytes")
            }
        }
    }

    /// A merge looks at the first bytes of a file before it reads the rest.
    @Test func endlessPartial() throws {
        let run = try XentRun.shell("cat /dev/zero | \"$XENT\" merge -", in: try Scratch())
        expectFailure(run, status: 65, says: ["standard input: this is no partial"])
    }

    /// Frames without data before, between and after those with data are passed over in a pipe as in a file, however many there are.
    @Test func emptyFrames() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p0,p1,label\n0.5,0.5,0\n0.25,0.75,1\n")
        try scratch.write("skippable", Data([0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]))
        try scratch.write("empty", Data([0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 0x01, 0x00, 0x00]))
        let task = "\(Self.task) --json -"
        let plain = try XentRun.shell("\"$XENT\" eval t.csv \(task)", in: scratch).json()
        for kind in ["skippable", "empty"] {
            // More than the 8 MiB that are kept of a stream.
            let make = """
                zstd -q -c t.csv > data; cp \(kind) many; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
                cat many many > twice; mv twice many; done
                head -n 2 t.csv | zstd -q -c > first; tail -n 1 t.csv | zstd -q -c > last
                """
            for order in ["many data", "data many", "many first many last many"] {
                let file = try XentRun.shell("\(make); cat \(order) > t.zst; \"$XENT\" eval t.zst \(task)", in: scratch).json()
                try TableTests.expectSame(file, plain, "\(kind), \(order), a file")
                let pipe = try XentRun.shell("\(make); cat \(order) | \"$XENT\" eval - \(task)", in: scratch).json()
                try TableTests.expectSame(pipe, plain, "\(kind), \(order), a pipe")
            }
        }
    }

    #if os(Linux)
    /// Files that the kernel makes when they are read have a size of 0, or of a page: they are read to their end.
    @Test func sizesThatAreLies() throws {
        let scratch = try Scratch()
        for path in ["/proc/cpuinfo", "/sys/devices/system/cpu/online"] where FileManager.default.fileExists(atPath: path) {
            for run in [
                try XentRun.xent(["inspect", path], in: scratch), try XentRun.shell("\"$XENT\" inspect - < \(path)", in: scratch),
                try XentRun.xent(["eval", path] + SmallDump.task, in: scratch),
            ] {
                #expect(!run.stderr.contains("empty") && !run.stderr.contains("shorter"), "\(path): \(run.stderr)")
            }
        }
    }
    #endif
}
