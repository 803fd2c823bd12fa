import Foundation
import Testing

/// The README's commands, run as they stand: each block of a console, in a folder of its section's own, which is the home folder too.
///
/// A line that begins with `$ ` is a command, which goes on after a backslash. What follows is all that it prints, on both streams; `…` stands
/// for any text within a line, and by itself for any lines. Of a block for cron the command is run after its five fields of time.
@Suite struct ReadmeTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let section: String
        var steps: [(command: String, output: [String])] = []
        var testDescription: String { section }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let text = (try? String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""

    /// The blocks of code with the words after their opening marks.
    private static let blocks: [(language: String, lines: [String])] = {
        var blocks: [(language: String, lines: [String])] = []
        var isCode = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isCode.toggle()
                if isCode { blocks.append((String(line.dropFirst(3)), [])) }
            } else if isCode {
                blocks[blocks.count - 1].lines.append(line)
            }
        }
        return blocks
    }()

    /// The sections of the README that have examples.
    static let examples: [Example] = {
        var examples: [Example] = []
        var section = ""
        var isConsole = false, isCode = false
        var goesOn = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isConsole = !isCode && line == "```console"
                isCode.toggle()
                if isConsole, examples.last?.section != section { examples.append(Example(section: section)) }
                continue
            }
            if !isCode, line.hasPrefix("#") { section = line }
            guard isCode, isConsole, !examples.isEmpty else { continue }
            let last = examples.count - 1
            if goesOn {
                let step = examples[last].steps.count - 1
                examples[last].steps[step].command += "\n" + line
                goesOn = line.hasSuffix("\\")
            } else if line.hasPrefix("$ ") {
                examples[last].steps.append((String(line.dropFirst(2)), []))
                goesOn = line.hasSuffix("\\")
            } else if !examples[last].steps.isEmpty {
                let step = examples[last].steps.count - 1
                examples[last].steps[step].output.append(line)
            }
        }
        return examples
    }()

    @Test("Each kind of user has an example")
    func thereAreExamples() {
        for section in [
            "## Install", "### Arrays from a notebook", "### A table and its solution", "### Logs of a language model",
            "### On many machines", "### In shards, without a plan",
        ] {
            #expect(Self.examples.contains { $0.section == section }, "\(section)")
        }
        #expect(Self.blocks.contains { $0.language == "cron" } && Self.blocks.contains { $0.language == "swift" })
    }

    @Test("Install comes first, then contents whose links lead to sections, examples, and tables")
    func order() throws {
        let lines = Self.text.split(separator: "\n").map(String.init)
        let headings = lines.filter { $0.hasPrefix("## ") }
        #expect(headings.prefix(3) == ["## Install", "## Contents", "## Examples"])
        let titles = Set(lines.filter { $0.hasPrefix("##") }.map { $0.drop { $0 == "#" || $0 == " " } }.map(Self.anchor))
        let links = Self.text.matches(of: /\]\(#([^)]*)\)/).map { String($0.output.1) }
        #expect(links.count >= 10)
        for link in links { #expect(titles.contains(link), "\(link)") }
        let table = try #require(lines.firstIndex { $0.hasPrefix("|---") })
        #expect(table > (try #require(lines.firstIndex(of: "## Examples"))))
        // The reference lies in the documentation; what the README names is there.
        for file in Self.text.matches(of: /`((?:Sources|scripts|Benchmarks|Tests)\/[^`*… ]*)/).map({ String($0.output.1) }) {
            let path = Self.root.appendingPathComponent(file).path
            #expect(FileManager.default.fileExists(atPath: path), "\(file)")
        }
    }

    /// The address of a heading within a page, as GitHub makes it.
    private static func anchor(_ title: some StringProtocol) -> String {
        String(title.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }.map { $0 == " " ? "-" : $0 })
    }

    @Test("The pictures are those that xent draws")
    func pictures() throws {
        let script = Self.root.appendingPathComponent("scripts/draw-readme-pictures.py").path
        try XentRun.tool("python3", [script, "--check", "--xent", RunningCommand.binaryPath()], in: Scratch()).expectSuccess()
        let links = Self.text.matches(of: /\]\(([^)#]*\.svg)\)/).map { String($0.output.1) }
        #expect(links.count >= 3)
        for link in links {
            #expect(FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(link).path), "\(link)")
        }
    }

    @Test("No command stands outside of the blocks that are run")
    func allCommandsAreRun() {
        for block in Self.blocks where !["console", "cron", "swift"].contains(block.language) {
            for line in block.lines {
                #expect(line.firstMatch(of: /^ *(\$ |xent |scripts\/|for )/) == nil, "\(line)")
            }
        }
    }

    /// NightlyTests runs it for thirty nights.
    @Test("The line for cron does its work in silence, and tells a failure")
    func cron() throws {
        let line = try #require(Self.blocks.first { $0.language == "cron" }?.lines.first)
        // Five fields of time, and no percent sign, which cron takes for a line feed.
        let command = try #require(line.wholeMatch(of: /(?:[0-9*\/,-]+ ){5}([^%]+)/)?.output.1)
        let scratch = try Scratch()
        try scratch.makeFolder("dumps/incoming")
        try scratch.makeFolder(".local/bin")
        try FileManager.default.createSymbolicLink(atPath: scratch.place(".local/bin/xent"), withDestinationPath: RunningCommand.binaryPath())
        try IncomingTests.write("dumps/incoming/a.csv", IncomingTests.table(rows: 6, seed: 1), to: scratch)
        try scratch.write("job.sh", String(command))
        let script = "HOME=$PWD; export HOME; cd /; sh \"$HOME/job.sh\""
        let run = try XentRun.shell(script, in: scratch)
        run.expectSuccess()
        #expect(run.stdout == "" && run.stderr == "")
        #expect(try JSONDocument(scratch.text("dumps/nightly.json")).count("rows", "scored") == 6)
        // A warning is a failure, and is told.
        try IncomingTests.write("dumps/incoming/a.csv", "p0,p1,p2,label\n0.5,0.25,0.25,1\n0.25,0.5,0.25,1\n", to: scratch)
        let failure = try XentRun.shell(script, in: scratch)
        #expect(failure.ending == .exit(65) && failure.stdout == "" && failure.stderr.contains("warning: "))
    }

    @Test("An example gives what the README shows", arguments: examples)
    func example(_ example: Example) throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.place("bin"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: scratch.place("bin/xent"), withDestinationPath: RunningCommand.binaryPath())
        try FileManager.default.createSymbolicLink(
            atPath: scratch.place("scripts"), withDestinationPath: Self.root.appendingPathComponent("scripts").path)
        for step in example.steps {
            // The binary is the one that is tested: building another would take minutes.
            let run = try XentRun.shell(
                "PATH=$PWD/bin:$PATH HOME=$PWD XENT_BINARY=$XENT; export HOME XENT_BINARY; exec 2>&1\n" + step.command, in: scratch)
            let printed = run.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let lines = Array(printed.last == "" ? printed.dropLast() : printed[...])
            #expect(Self.matches(lines[...], step.output[...]), "\(example.section)\n$ \(step.command)\n\(run.stdout)")
        }
    }

    /// Returns true if the lines are those that are expected.
    private static func matches(_ lines: ArraySlice<String>, _ expected: ArraySlice<String>) -> Bool {
        guard let first = expected.first else { return lines.isEmpty }
        if first.trimmingCharacters(in: .whitespaces) == "…" {
            return (lines.startIndex...lines.endIndex).contains { matches(lines[$0...], expected.dropFirst()) }
        }
        guard let line = lines.first, matches(line, first) else { return false }
        return matches(lines.dropFirst(), expected.dropFirst())
    }

    /// Returns true if a line is the expected one, in which `…` stands for any text.
    private static func matches(_ line: String, _ expected: String) -> Bool {
        let parts = expected.components(separatedBy: "…")
        guard parts.count > 1 else { return line == expected }
        guard line.hasPrefix(parts[0]) else { return false }
        var rest = line.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }

    @Test("An expectation with gaps matches what it should, and nothing else")
    func expectations() {
        #expect(Self.matches(["a 12 b", "c"], ["a … b", "c"]))
        #expect(Self.matches(["a", "x", "y", "c"], ["a", "…", "c"]))
        #expect(!Self.matches(["a", "x"], ["a"]))
        #expect(!Self.matches(["a"], ["a", "c"]))
        #expect(!Self.matches(["a 12 c"], ["a … b"]))
    }
}
