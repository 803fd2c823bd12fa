import Formats
import Foundation
import Insight
import Messages
import Scoring
import Testing

@testable import Engine

/// Slices and clusters by columns of Parquet and Arrow, from the files of ParquetRowsTests and ArrowRowsTests.
@Suite struct ColumnarSliceTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    private func options(_ file: String, labels: [String] = [], slices: [Slices.Column]) throws -> EvaluationOptions {
        func path(_ name: String) -> String { Self.fixtures.appending(path: name).path }
        var options = EvaluationOptions(
            predictionPaths: [path(file)], labelPaths: labels.map(path),
            specification: LossSpecification(task: .multiclass, input: .logits))
        options.insight.slices = slices.map { [$0] }
        return options
    }

    /// The column of labels as texts makes the slices of the labels.
    @Test(arguments: ["parquet/words.parquet", "arrow/words.arrow"], [1, 2, 3]) func textsBesideThePredictions(file: String, threads: Int) throws {
        var options = try options(file, slices: [.column("label"), .label])
        options.columns.classNames = ["cat", "dog", "bird", "fish", "newt"]
        options.threadCount = threads
        let slices = try #require(try Evaluation(options).report.slices)
        let texts = slices.filter { if case .text = $0.by["label"] { true } else { false } }
        let classes = slices.filter { if case .integer = $0.by["label"] { true } else { false } }
        #expect(texts.count == 5 && classes.count == 5)
        for (index, name) in ["cat", "dog", "bird", "fish", "newt"].enumerated() {
            let text = texts.first { $0.by["label"] == .text(name) }, label = classes.first { $0.by["label"] == .integer(Int64(index)) }
            #expect(text?.meanHex == label?.meanHex && text?.rows == label?.rows && text != nil, "\(name)")
        }
    }

    /// A column of the labels' file, which is read in order beside the predictions.
    @Test(arguments: ["parquet/wide-names.parquet parquet/labels-and-ids.parquet", "arrow/wide-names.arrow arrow/labels-and-ids.arrow"])
    func columnsBesideTheLabels(files: String) throws {
        let files = files.split(separator: " ").map(String.init)
        var options = try options(files[0], labels: [files[1]], slices: [.column("id")])
        options.clusterColumn = "id"
        options.insight.hasClusters = true
        let report = try Evaluation(options).report
        #expect(report.slices?.count == 500 && report.slices?.allSatisfy { $0.rows == 1 } == true)
        #expect(report.uncertainty?.clusters == 500)
    }

    @Test func listsAreNoGroups() throws {
        var options = try options("parquet/list.parquet", slices: [.column("logits")])
        options.columns.predictions = ["logits"]
        let error = #expect(throws: EngineError.self) { try Evaluation(options) }
        #expect(error?.problem.text(.swift).contains("holds no text and no number a row") == true, "\(String(describing: error))")
    }
}
