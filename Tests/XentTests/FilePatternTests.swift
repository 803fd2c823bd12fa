import Foundation
import Testing

/// Quoted patterns and lists of files.
@Suite struct FilePatternTests {
    @Test func inTheOrderOfTheirNames() throws {
        let scratch = try ManyFilesTests.scratch()
        let one = try XentRun.xent(SmallDump.eval + ["--json", "-", "--partial", "one.partial"], in: scratch).json()
        for arguments in [["p-*"], ["p-[01].npy", "p-2*"], ["@list"]] {
            try scratch.write("list", "p-0.npy\n\np-[12].npy*\n")
            let run = try XentRun.xent(
                ["eval"] + arguments + ["--labels", "y-*", "--json", "-", "--partial", "many.partial"] + SmallDump.task, in: scratch)
            #expect(try run.json().text("loss", "mean_hex") == one.text("loss", "mean_hex"), "\(arguments)")
            #expect(try scratch.bytes("many.partial") == scratch.bytes("one.partial"))
        }
    }

    @Test func nothingMatches() throws {
        let scratch = try Scratch()
        let run = try XentRun.xent(["eval", "p-*.npy", "--labels", "y.npy"] + SmallDump.task, in: scratch)
        #expect(run.ending == .exit(66))
        #expect(run.stderr.contains("p-*.npy") && run.stderr.contains("no file's name is like this"), "\(run.stderr)")
        try scratch.write("empty", "\n")
        let list = try XentRun.xent(["eval", "@empty", "--labels", "y.npy"] + SmallDump.task, in: scratch)
        #expect(list.ending == .exit(64))
    }

    /// A name is a name, whatever characters it has.
    @Test func aFileOfThatName() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("p[1].npy", scratch.bytes("p.npy"))
        let run = try XentRun.xent(["eval", "p[1].npy", "--labels", "y.npy", "--quiet"] + SmallDump.task, in: scratch)
        run.expectSuccess()
    }
}
