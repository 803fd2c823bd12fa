import Foundation
import Testing

/// The names of options belong to the command line. Libraries name settings as values (`Messages`), since other programs have other words
/// for them.
@Suite struct OptionNameTests {
    @Test func noLibraryHasAnOptionInAText() throws {
        let sources = URL(fileURLWithPath: Repository.root + "/Sources").resolvingSymlinksInPath()
        let paths = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { path in
            path.hasSuffix(".swift") && !path.hasPrefix("xent/")
        }
        #expect(paths.count > 100, "the sources are not there")
        for path in paths {
            let text = try String(contentsOf: sources.appendingPathComponent(path), encoding: .utf8)
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where Self.namesOption(line) {
                Issue.record("Sources/\(path):\(index + 1) names an option: \(line)")
            }
        }
    }

    /// Two dashes and a letter outside of a comment. Swift has no such operator, so that they are in a text.
    private static func namesOption(_ line: Substring) -> Bool {
        var isInText = false
        var previous: [Character] = [" ", " "]
        for character in line {
            if character == "\"", previous[1] != "\\" { isInText.toggle() }
            if !isInText, previous[1] == "/", character == "/" { return false }
            if previous == ["-", "-"], character.isLetter { return true }
            previous = [previous[1], character]
        }
        return false
    }

    @Test(arguments: [
        (#"remedy: "leave --clip out")"#, true), (#"let text = "a" + "--on-invalid skip""#, true), (#"  with --memory"#, true),
        ("/// What `--clip` does.", false), (#"let text = "a" // --clip"#, false), (#"print("http://a --b")"#, true), ("a -- b", false),
    ])
    func optionsAreFound(line: String, isFound: Bool) {
        #expect(Self.namesOption(line[...]) == isFound)
    }
}
