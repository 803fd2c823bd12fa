import Elements
import Messages
import Scoring
import Testing

@testable import Engine

/// Errors about labels and weights name the file and the row of what is wrong, and the setting that helps.
@Suite struct OwnPlaceTests {
    private func failure(
        _ folder: TemporaryFolder, _ labels: [String], weights: [String] = [], _ specification: LossSpecification,
        classCount: Int = 3, rowCount: Int = 6
    ) throws -> EngineError? {
        let halves = [0, 1].map { half in
            let values = [Double](repeating: 0.25, count: rowCount / 2 * classCount)
            let shape = classCount == 1 ? [rowCount / 2] : [rowCount / 2, classCount]
            return folder.write(NPY.file(.float32, shape: shape, values: values), "p\(half).npy")
        }
        do {
            try evaluate(halves, labels, specification, weights: weights)
            return nil
        } catch {
            return error
        }
    }

    /// The predictions are cut into two files, the labels are one.
    @Test func theFileOfTheLabels() throws {
        let folder = TemporaryFolder()
        let multiclass = LossSpecification(task: .multiclass, input: .logits)
        let good = folder.write(NPY.file(.int64, shape: [6], values: [0, 1, 2, 0, 1, 2]), "good.npy")
        let bad = folder.write(NPY.file(.int64, shape: [6], values: [0, 1, 2, 0, 9, 2]), "bad.npy")
        var error = try failure(folder, [bad], multiclass)
        #expect(error?.path == bad && error?.row == 4 && error?.problem.description.contains("label 9") == true)
        // Text: the line, blank ones counted.
        let text = folder.write(Array("label\n0\n\n1\n2\n0\n9\n2\n".utf8), "bad.csv")
        error = try failure(folder, [text], multiclass)
        #expect(error?.path == text && error?.line == 7, "\(String(describing: error))")
        // Labels in two files, cut elsewhere.
        let two = [
            folder.write(NPY.file(.int64, shape: [2], values: [0, 1]), "l0.npy"),
            folder.write(NPY.file(.int64, shape: [4], values: [2, 0, 9, 2]), "l1.npy"),
        ]
        error = try failure(folder, [two[0], two[1], folder.write(NPY.file(.int64, shape: [0], values: []), "l2.npy")], multiclass)
        #expect(error?.path == two[1] && error?.row == 2)
        let weights = folder.write(NPY.file(.float64, shape: [6], values: [1, 1, 1, 1, 1, -1]), "w.npy")
        error = try failure(folder, [good], weights: [weights], multiclass)
        #expect(error?.path == weights && error?.row == 5 && error?.problem.description.contains("weight") == true)
        var targets = [Double](repeating: 0.5, count: 12)
        targets[7] = 1.5
        let soft = folder.write(NPY.file(.float64, shape: [6, 2], values: targets), "s.npy")
        error = try failure(folder, [soft], LossSpecification(task: .soft, input: .logits), classCount: 2)
        #expect(error?.path == soft && error?.row == 3 && error?.problem.description.contains("column 1") == true)
        // What is wrong with a prediction is told by its own file.
        let infinite = folder.write(NPY.file(.float32, shape: [2], values: [0.5, .nan]), "n.npy")
        let one = folder.write(NPY.file(.uint8, shape: [2], values: [0, 1]), "one.npy")
        let ofPrediction = #expect(throws: EngineError.self) {
            try evaluate([infinite], [one], LossSpecification(task: .binary, input: .logits))
        }
        #expect(ofPrediction?.path == infinite && ofPrediction?.row == 1)
    }

    @Test func rowsThatAreLeftOutAreListedByTheirOwnPlace() throws {
        let folder = TemporaryFolder()
        let predictions = folder.write(NPY.file(.float32, shape: [3, 2], values: [0, .nan, 1, 2, 3, 4]), "p.npy")
        let labels = folder.write(NPY.file(.int64, shape: [3], values: [0, 1, 7]), "l.npy")
        let report = try evaluate([predictions], [labels], onInvalid: .skip).report
        #expect(report.rows.firstInvalid.map(\.path) == [predictions, labels])
        #expect(report.rows.firstInvalid.map(\.row) == [0, 2])
    }

    /// PyTorch leaves −100 out unless it is told another index; whoever asks for another dialect is told how to.
    @Test func theUsualIgnoredIndex() throws {
        let folder = TemporaryFolder()
        let predictions = folder.write(NPY.file(.float32, shape: [4, 3], values: (0..<12).map { Double($0 * $0 % 7) }), "p.npy")
        func report(_ labels: [Double], _ dialects: [Dialect], ignoreIndex: Int64? = nil) throws -> Report {
            var modifiers = LossModifiers()
            modifiers.ignoreIndex = ignoreIndex
            let specification = try LossSpecification(task: .multiclass, input: .logits, dialects: dialects, modifiers: modifiers)
            let path = folder.write(NPY.file(.int16, shape: [4], values: labels), "l.npy")
            return try evaluate([predictions], [path], specification).report
        }
        let usual = try report([0, -100, 2, 1], [.pytorch])
        #expect(usual.rows.ignored == 1 && usual.rows.scored == 3 && usual.specification.ignoreIndex == -100)
        #expect(usual.loss.mean == (try report([0, -100, 2, 1], [.exact], ignoreIndex: -100)).loss.mean)
        #expect(try report([0, 5, 2, 1], [.pytorch], ignoreIndex: 5).specification.ignoreIndex == 5)
        for (dialects, label, given) in [
            ([.exact], -100, nil), ([.pytorch, .exact], -100, nil), ([.exact, .pytorch], -100, nil),
            ([.pytorch], -100, 5), ([.exact], -1, nil),
        ] as [([Dialect], Double, Int64?)] {
            let error = #expect(throws: EngineError.self) { try report([0, label, 2, 1], dialects, ignoreIndex: given) }
            #expect(error?.path == folder["l.npy"] && error?.row == 1)
            #expect(error?.remedy?.description.contains("LossModifiers.ignoreIndex = \(Int(label))") == true, "\(String(describing: error))")
        }
        // Soft labels have no index.
        #expect(try LossSpecification(task: .soft, input: .logits, dialects: [.pytorch]).modifiers.ignoreIndex == nil)
    }
}
