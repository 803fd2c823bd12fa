import Foundation
import Testing

/// `scripts/install.sh`: what it puts where.
@Suite struct InstallTests {
    private static let script = Repository.root + "/scripts/install.sh"

    private static let installed = [
        "bin/xent", "share/man/man1/xent.1", "share/bash-completion/completions/xent", "share/zsh/site-functions/_xent",
        "share/fish/vendor_completions.d/xent.fish",
    ]

    /// Twice, from another folder: the same files, and nothing else.
    @Test func isIdempotent() throws {
        let scratch = try Scratch()
        for _ in 0..<2 {
            let run = try XentRun.shell("bash '\(Self.script)' --binary \"$XENT\" --prefix 'a place'", in: scratch)
            run.expectSuccess()
            #expect(run.stdout.contains("a place/bin/xent"))
            let files = try FileManager.default.subpathsOfDirectory(atPath: scratch.place("a place"))
                .filter { !URL(fileURLWithPath: scratch.place("a place/\($0)")).hasDirectoryPath }
            #expect(files.sorted() == Self.installed.sorted())
        }
        let version = try XentRun.shell("'a place/bin/xent' --version", in: scratch)
        #expect(version.stdout == (try XentRun.xent(["--version"], in: scratch).stdout))
        #expect(try scratch.text("a place/share/man/man1/xent.1") == XentRun.xent(["--generate-manual"], in: scratch).stdout)
        for (file, shell) in [(2, "bash"), (3, "zsh"), (4, "fish")] {
            let expected = try XentRun.xent(["--generate-completion-script", shell], in: scratch).stdout
            #expect(try scratch.text("a place/" + Self.installed[file]) == expected)
        }
    }

    @Test func badUsage() throws {
        let scratch = try Scratch()
        for options in ["--perfix x", "--prefix", "--binary none --prefix x"] {
            let run = try XentRun.shell("bash '\(Self.script)' \(options)", in: scratch)
            #expect([.exit(64), .exit(66)].contains(run.ending) && run.stderr.hasPrefix("install.sh: "), "\(options): \(run.stderr)")
            #expect(scratch.names == [])
        }
    }
}
