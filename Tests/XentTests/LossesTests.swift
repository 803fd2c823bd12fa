import Foundation
import Testing

/// One table in three places: what `xent losses` prints, the README, and the article on losses.
@Suite struct LossesTests {
    @Test("documents hold the table as it is printed", arguments: ["README.md", "Sources/Scoring/Scoring.docc/Losses.md"])
    func documents(path: String) throws {
        let text = try String(contentsOf: URL(fileURLWithPath: Repository.root + "/" + path), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let begins = lines.indices.filter { lines[$0] == "<!-- the loss table -->" }
        let ends = lines.indices.filter { lines[$0] == "<!-- the loss table ends -->" }
        try #require(begins.count == 1 && ends.count == 1 && begins[0] < ends[0], "the comments around the table are not there once each")
        let run = try XentRun.xent(["losses", "--markdown"], in: try Scratch())
        #expect(run.ending == .exit(0) && run.stderr == "")
        let table = [""] + run.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let held = Array(lines[begins[0] + 1..<ends[0]])
        for (line, expected) in zip(held, table) where line != expected {
            Issue.record("\(path) says\n  \(line)\nfor\n  \(expected)\nscripts/write-loss-tables.sh writes it again")
        }
        #expect(held.count == table.count, "scripts/write-loss-tables.sh writes \(path) again")
    }

    @Test("JSON names modifiers by their options")
    func modifiers() throws {
        let run = try XentRun.xent(["losses", "--json", "-"], in: try Scratch())
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.stdout.utf8)) as? [[String: Any]])
        let row = rows.first { row in
            [row["dialect"], row["task"], row["input"]].map { $0 as? String } == ["exact", "binary", "probabilities"]
        }
        #expect(
            row?["modifiers"] as? [String] 
                == ["--class-weights", "--pos-weight", "--weights", "--label-smoothing", "--clip", "--focal-gamma", "--focal-alpha"])
    }
}
