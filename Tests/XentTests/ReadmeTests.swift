import Foundation
import Testing

/// The README's examples, run as they stand: each block of a console, in a folder of its section's own.
///
/// A line that begins with `$ ` is a command, which goes on after a backslash. What follows is all that it prints, on both streams; `…` stands
/// for any text within a line, and by itself for any lines.
@Suite struct ReadmeTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let section: String
        var steps: [(command: String, output: [String])] = []
        var testDescription: String { section }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The sections of the README that have examples.
    static let examples: [Example] = {
        let text = (try? String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""
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

    @Test("Each kind of user has an example") func thereAreExamples() { #expect(Self.examples.count >= 5) }

    @Test("An example gives what the README shows", arguments: examples)
    func example(_ example: Example) throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.place("bin"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: scratch.place("bin/xent"), withDestinationPath: RunningCommand.binaryPath())
        try FileManager.default.createSymbolicLink(
            atPath: scratch.place("scripts"), withDestinationPath: Self.root.appendingPathComponent("scripts").path)
        for step in example.steps {
            let run = try XentRun.shell("PATH=$PWD/bin:$PATH; exec 2>&1\n" + step.command, in: scratch)
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
