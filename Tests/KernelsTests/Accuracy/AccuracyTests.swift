import Foundation
import Testing

/// The accuracy page: what it says holds. Samples are those of a release build (`effort`), and of the C library whose `log` the random
/// numbers are made with.
@Suite("AccuracyTests", .enabled(if: effort > 1))
struct AccuracyTests {
    private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources/Scoring/Scoring.docc/Accuracy.md")
    private static let (begin, end) = ("<!-- the accuracy tables -->", "<!-- the accuracy tables end -->")
    private static let asked = ProcessInfo.processInfo.environment["XENT_WRITE_ACCURACY"]
    private static let isWriting = asked == "all" || asked == "rows"

    /// The page before, between and after its marks.
    private static func parts() throws -> (before: [String], tables: [String], after: [String]) {
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let begins = lines.indices.filter { lines[$0] == begin }
        let ends = lines.indices.filter { lines[$0] == end }
        try #require(begins.count == 1 && ends.count == 1 && begins[0] < ends[0], "the comments around the tables are not there once each")
        return (Array(lines[...begins[0]]), Array(lines[begins[0] + 1..<ends[0]]), Array(lines[ends[0]...]))
    }

    @Test("no error is larger than the accuracy page says", .enabled(if: !isWriting))
    func pageHolds() throws {
        let run = try AccuracyRun(.short)
        run.findings.expectNone("kernels")
        #expect(run.brokenPromises.isEmpty)
        let tables = try Self.parts().tables
        let told = AccuracyTable.maxima(tables), found = AccuracyTable.maxima(run.markdown)
        for loss in AccuracyLoss.all {
            for element in StoredElement.allCases {
                let start = "| \(loss.name) | \(element.name) | \(loss.promised) |"
                #expect(tables.contains { $0.hasPrefix(start) }, "no line \(start)")
            }
        }
        // Every function and every loss with up to 1,000 classes; a page without figures would hold, too.
        #expect(found.count > 200)
        var findings = Findings()
        for (cell, maximum) in found.sorted(by: { $0.key < $1.key }) {
            let limit = told[cell]
            findings.check(limit != nil, "no figure for \(cell)")
            #if arch(x86_64) && canImport(Glibc)
            findings.check(limit == nil || maximum <= limit ?? 0, "\(cell): \(maximum) ULP, and the page says \(limit ?? 0)")
            #endif
        }
        findings.expectNone("Accuracy.md, which scripts/write-accuracy.sh writes again after a deliberate change")
    }

    /// What scripts/write-accuracy.sh runs.
    @Test("the accuracy page, written", .enabled(if: isWriting))
    func write() throws {
        try #require(Float32Sweep.isAvailable, "the sweep over Float32 needs Float80, and so an x86-64 with glibc")
        let (before, tables, after) = try Self.parts()
        let run = try AccuracyRun(Self.asked == "rows" ? .rows : .full)
        run.findings.expectNone("kernels")
        try #require(run.brokenPromises.isEmpty && run.findings.failureCount == 0, "\(run.brokenPromises)")
        // A thousandth of an ULP: what the maxima of the sweep are told to is ten times that.
        try #require(run.yardstickError < 0x1p-10, "Float80 is \(run.yardstickError) ULP from the truth")
        let made = Self.asked == "rows" ? try run.markdown(keepingFunctionsOf: tables) : run.markdown
        let text = (before + [""] + made + [""] + after).joined(separator: "\n")
        try text.write(to: Self.page, atomically: true, encoding: .utf8)
        print("written; Float80 was at most \(run.yardstickError) ULP from 200 bits")
    }
}
