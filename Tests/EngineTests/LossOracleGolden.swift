import Elements
import Formats
import Foundation
import GoldenCases
import Oracle
import Testing

/// The oracle itself gives the figures that the frameworks gave: what other tests hold against it is not its own reading of them.
@Suite struct LossOracleGolden {
    @Test(arguments: GoldenCase.truthNames + GoldenCase.frameworkNames)
    func figuresAreAsExpected(name: String) throws {
        let golden = try GoldenCase(named: name)
        let predictions = try Array2D(path: golden.predictionsPath), labels = try Array2D(path: golden.labelsPath)
        let weights = try golden.weightsPath.map { try Array2D(path: $0) }
        let oracle = try golden.oracle(predictions.elementType)
        var total = LossOracle.Total()
        var losses: [Double] = []
        for row in 0..<predictions.rowCount {
            let result = oracle.row(predictions[row], labels: labels[row], weight: weights?[row][0] ?? 1)
            total.add(result)
            switch result {
            case .ignored, .invalid: losses.append(.nan)
            case .scored(let scored): losses.append(scored.loss.rounded)
            }
        }
        let figures = GoldenCase.Figures(
            mean: oracle.mean(total)?.rounded ?? .nan, sum: oracle.sum(total, columnCount: predictions.columnCount).rounded,
            meanOverWeight: total.meanOverWeight?.rounded ?? .nan, losses: losses)
        #expect(try golden.differences(from: figures) == [])
    }
}

/// An array of one column or more, widened.
private struct Array2D {
    let elementType: ElementType
    let columnCount: Int
    private let values: [Double]

    init(path: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        (elementType, columnCount, values) = try bytes.withUnsafeBytes { bytes in
            guard case .complete(let layout) = try NPYHeader.parse(bytes) else { throw GoldenCaseError("\(path) ends early") }
            let values = (0..<layout.elementCount).map {
                Float64Values.value(bytes.baseAddress! + layout.dataByteOffset, elementType: layout.elementType, at: $0)
            }
            return (layout.elementType, layout.elementsPerRow, values)
        }
    }

    var rowCount: Int { values.count / columnCount }
    subscript(row: Int) -> [Double] { Array(values[row * columnCount..<(row + 1) * columnCount]) }
}

extension GoldenCase {
    fileprivate func oracle(_ elementType: ElementType) throws -> LossOracle {
        guard let task = LossOracle.Task(rawValue: task), let input = LossOracle.Input(rawValue: input),
            let dialect = LossOracle.Dialect(rawValue: dialect)
        else { throw GoldenCaseError("\(name): the oracle does not know its loss") }
        var oracle = LossOracle(task: task, input: input, dialect: dialect, typeEpsilon: elementType.epsilon)
        oracle.classWeights = options.classWeights
        oracle.positiveWeights = options.posWeight
        oracle.labelSmoothing = options.labelSmoothing ?? 0
        oracle.ignoreIndex = options.ignoreIndex.map { Int($0) }
        oracle.clip = options.clip
        oracle.focalGamma = options.focalGamma
        oracle.focalAlpha = options.focalAlpha
        oracle.isDivergence = options.divergence == "kl"
        return oracle
    }
}
