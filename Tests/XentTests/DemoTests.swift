import Foundation
import GoldenCases
import Testing

/// The predictions of real models that the repository ships.
@Suite struct DemoTests {
    @Test(arguments: ["digits", "cancer"])
    func figuresAreTrue(name: String) throws {
        let scratch = try Scratch()
        let truth = try JSONDocument(path: Repository.demo + "/truth.json")
        let run = try XentRun.xent(
            [
                "eval", Repository.demo + "/" + truth.text(name, "predictions"), "--labels",
                Repository.demo + "/" + truth.text(name, "labels"),
                "--task", truth.text(name, "task"), "--input", truth.text(name, "input"), "--json", "-",
            ], in: scratch)
        let report = try run.json()
        #expect(try report.hexadecimal("loss", "mean_hex").ulpDistance(to: truth.hexadecimal(name, "mean_hex")) <= 1)
        #expect(try report.hexadecimal("loss", "sum_hex").ulpDistance(to: truth.hexadecimal(name, "sum_hex")) <= 1)
        #expect(try report.number("loss", "min").ulpDistance(to: truth.number(name, "min")) <= 4)
        #expect(try report.number("loss", "max").ulpDistance(to: truth.number(name, "max")) <= 4)
        // It is computed from losses rounded to 2^-40.
        #expect(try abs(report.number("loss", "standard_error") - truth.number(name, "standard_error")) <= 0x1p-40)
        #expect(try report.number("loss", "perplexity").ulpDistance(to: truth.number(name, "perplexity")) <= 4)
        #expect(try report.number("accuracy") == truth.number(name, "accuracy"))
        #expect(try report.count("rows", "read") == truth.count(name, "rows"))
    }
}
