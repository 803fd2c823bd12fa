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

    /// `scripts/build-deb.sh`: a package with the binary, its page and its completions, the same bytes each time.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg-shlibdeps"), "there is no dpkg-dev"))
    func debianPackage() throws {
        let scratch = try Scratch()
        let script = Repository.root + "/scripts/build-deb.sh"
        for place in ["first", "second"] {
            try XentRun.shell("PATH=/usr/bin:/bin bash '\(script)' --binary \"$XENT\" --output '\(place)' --no-lintian", in: scratch).expectSuccess()
        }
        try XentRun.shell("cmp first/*.deb second/*.deb && dpkg-deb -x first/*.deb tree && dpkg-deb -I first/*.deb > control", in: scratch).expectSuccess()
        let files = try FileManager.default.subpathsOfDirectory(atPath: scratch.place("tree"))
            .filter { !URL(fileURLWithPath: scratch.place("tree/\($0)")).hasDirectoryPath }
        #expect(
            files.sorted() == [
                "usr/bin/xent", "usr/share/bash-completion/completions/xent", "usr/share/doc/xent/changelog.Debian.gz",
                "usr/share/doc/xent/changelog.gz", "usr/share/doc/xent/copyright", "usr/share/fish/vendor_completions.d/xent.fish",
                "usr/share/man/man1/xent.1.gz", "usr/share/zsh/vendor-completions/_xent",
            ])
        let version = try XentRun.xent(["--version"], in: scratch).stdout
        #expect(try XentRun.shell("tree/usr/bin/xent --version", in: scratch).stdout == version)
        let number = try #require(version.split(separator: "\n").first?.split(separator: " ").last)
        let control = try scratch.text("control")
        #expect(control.contains("Version: \(number)-1\n") && control.contains("libc6 (>= "))
    }

    @Test(arguments: ["build-deb.sh", "build-wheel.sh", "test-python.sh"])
    func badUsageOfPackaging(script: String) throws {
        let scratch = try Scratch()
        for options in ["--bniary x", "--binary", script == "test-python.sh" ? "none" : "--binary none"] {
            let run = try XentRun.shell("bash '\(Repository.root)/scripts/\(script)' \(options)", in: scratch)
            #expect([.exit(64), .exit(66)].contains(run.ending) && run.stderr.hasPrefix("\(script): "), "\(options): \(run.stderr)")
            #expect(scratch.names == [])
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
