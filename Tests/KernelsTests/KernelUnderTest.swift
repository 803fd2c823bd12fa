import KernelABI
import KernelCalls
import Kernels

@testable import Scoring

#if arch(x86_64)
import KernelsAVX2
import KernelsAVX512
#endif

/// The public functions of one kernel target: each test runs them for every instruction set that this processor has, and for NEON where
/// there are emulated ones.
struct KernelUnderTest: Sendable {
    typealias Map = @Sendable (UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void
    typealias Rows = @Sendable (UnsafeMutablePointer<RowBlock>) -> Void

    let instructionSet: InstructionSet
    /// What `RowBlock.instructionSetCode` must say after a call.
    let code: Int32
    let exponential: Map
    let negativeLogarithm: Map
    let logarithmOfOnePlus: Map
    /// All others: what a scorer calls kernels by.
    let table: KernelTable

    /// Whether it runs under an emulator.
    var isEmulated: Bool { !InstructionSet.available.contains(instructionSet) }

    var softmax: Rows { { table.softmaxRows($0) } }
    var probability: Rows { { block in withUnsafePointer(to: plainProbabilities) { table.probabilityRows(block, $0) } } }
    var logProbability: Rows { { block in withUnsafePointer(to: plainLogProbabilities) { table.logProbabilityRows(block, $0) } } }
    var binaryLogit: Rows { { table.binaryLogitRows($0) } }
    var binaryProbability: Rows { { table.binaryProbabilityRows($0) } }
    var binaryLogProbability: Rows { { table.binaryLogProbabilityRows($0) } }
    var fold: @Sendable (UnsafeMutablePointer<LossFold>) -> Void { { table.foldLosses($0) } }

    /// Slowest first but for emulated ones, which come last; the first is the one that the others must equal.
    static let available: [KernelUnderTest] =
        InstructionSet.available.map { KernelUnderTest($0) } + (EmulatedKernels.neon.map { [KernelUnderTest($0)] } ?? [])

    init(_ instructionSet: InstructionSet) {
        self.instructionSet = instructionSet
        table = KernelTable(instructionSet)
        switch instructionSet {
        #if arch(x86_64)
        case .avx512:
            code = Int32(XentInstructionSetAVX512)
            exponential = { KernelsAVX512.mapExponential($0, $1, $2) }
            negativeLogarithm = { KernelsAVX512.mapNegativeLogarithm($0, $1, $2) }
            logarithmOfOnePlus = { KernelsAVX512.mapLogarithmOfOnePlus($0, $1, $2) }
        case .avx2:
            code = Int32(XentInstructionSetAVX2)
            exponential = { KernelsAVX2.mapExponential($0, $1, $2) }
            negativeLogarithm = { KernelsAVX2.mapNegativeLogarithm($0, $1, $2) }
            logarithmOfOnePlus = { KernelsAVX2.mapLogarithmOfOnePlus($0, $1, $2) }
        #endif
        default:
            code = Int32(instructionSet == .neon ? XentInstructionSetNEON : XentInstructionSetBaseline)
            exponential = { Kernels.mapExponential($0, $1, $2) }
            negativeLogarithm = { Kernels.mapNegativeLogarithm($0, $1, $2) }
            logarithmOfOnePlus = { Kernels.mapLogarithmOfOnePlus($0, $1, $2) }
        }
    }

    /// NEON's, under an emulator.
    init(_ emulated: EmulatedKernels) {
        instructionSet = .neon
        table = .emulatedNEON
        code = Int32(XentInstructionSetNEON)
        exponential = { emulated.map(Int(XentCallMapExponential), $0, $1, $2) }
        negativeLogarithm = { emulated.map(Int(XentCallMapNegativeLogarithm), $0, $1, $2) }
        logarithmOfOnePlus = { emulated.map(Int(XentCallMapLogarithmOfOnePlus), $0, $1, $2) }
    }

    /// `map` of each value; the array's end is padded as the function asks.
    static func apply(_ map: Map, to x: [Double]) -> [Double] {
        // One more than asked for: the last must stay as it is.
        let roundedUp = (x.count + 7) / 8 * 8
        let padded = x + [Double](repeating: .nan, count: roundedUp - x.count)
        var out = [Double](repeating: -77, count: roundedUp + 1)
        padded.withUnsafeBufferPointer { source in
            out.withUnsafeMutableBufferPointer { map(source.baseAddress!, $0.baseAddress!, x.count) }
        }
        precondition(out[roundedUp] == -77, "written past its end")
        return Array(out.prefix(x.count))
    }
}

/// Nothing clipped, nothing normalised.
func plainParameters(_ input: Int, scorable: ClosedRange<Double>) -> LossParameters {
    LossParameters(
        inputCode: Int32(input), normalisationCode: Int32(XentNormalisationNone), clipLow: -.infinity, clipHigh: .infinity,
        scorableLow: scorable.lowerBound, scorableHigh: scorable.upperBound, largestTerm: .infinity, targetKept: 1, targetAdded: 0, targetKeptRest: 0,
        targetAddedRest: 0,
        targetLow: -.infinity, isDivergence: 0, isFocal: 0, focalTakesScored: 1, focalGamma: 0, focalAlpha: .nan, classWeights: nil,
        positiveWeights: nil)
}
private var plainProbabilities: LossParameters { plainParameters(XentInputProbabilities, scorable: 0...1) }
private var plainLogProbabilities: LossParameters { plainParameters(XentInputLogProbabilities, scorable: -.infinity...0) }
