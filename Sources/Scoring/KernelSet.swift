internal import KernelABI
internal import Kernels
#if arch(x86_64)
internal import KernelsAVX2
internal import KernelsAVX512
#endif

/// The kernels of one instruction set: a call a block, never a call a row.
struct KernelSet: Sendable {
    let run: @Sendable (LossProgram.Operation, UnsafeMutablePointer<RowBlock>, UnsafePointer<LossParameters>) -> Void
    let foldLosses: @Sendable (UnsafeMutablePointer<LossFold>) -> Void
    let surveyRows: @Sendable (UnsafeMutablePointer<RowSurvey>) -> Void
    let surveyLabels: @Sendable (UnsafeMutablePointer<LabelSurvey>) -> Void
    let countSaturated: @Sendable (UnsafeRawPointer, Int) -> Int

    /// `instructionSet` must be among `InstructionSet.available`: another one's instructions would end the process.
    init(_ instructionSet: InstructionSet) {
        switch instructionSet {
        #if arch(x86_64)
        case .avx512:
            run = { operation, block, parameters in
                switch operation {
                case .softmax: KernelsAVX512.softmaxRows(block)
                case .logProbability: KernelsAVX512.logProbabilityRows(block, parameters)
                case .probability: KernelsAVX512.probabilityRows(block, parameters)
                case .binaryLogit: KernelsAVX512.binaryLogitRows(block)
                case .binaryLogProbability: KernelsAVX512.binaryLogProbabilityRows(block)
                case .binaryProbability: KernelsAVX512.binaryProbabilityRows(block)
                case .target: KernelsAVX512.targetRows(block, parameters)
                case .bernoulli: KernelsAVX512.bernoulliRows(block, parameters)
                }
            }
            foldLosses = { KernelsAVX512.foldLosses($0) }
            surveyRows = { KernelsAVX512.surveyRows($0) }
            surveyLabels = { KernelsAVX512.surveyLabels($0) }
            countSaturated = { KernelsAVX512.countSaturated($0, $1) }
        case .avx2:
            run = { operation, block, parameters in
                switch operation {
                case .softmax: KernelsAVX2.softmaxRows(block)
                case .logProbability: KernelsAVX2.logProbabilityRows(block, parameters)
                case .probability: KernelsAVX2.probabilityRows(block, parameters)
                case .binaryLogit: KernelsAVX2.binaryLogitRows(block)
                case .binaryLogProbability: KernelsAVX2.binaryLogProbabilityRows(block)
                case .binaryProbability: KernelsAVX2.binaryProbabilityRows(block)
                case .target: KernelsAVX2.targetRows(block, parameters)
                case .bernoulli: KernelsAVX2.bernoulliRows(block, parameters)
                }
            }
            foldLosses = { KernelsAVX2.foldLosses($0) }
            surveyRows = { KernelsAVX2.surveyRows($0) }
            surveyLabels = { KernelsAVX2.surveyLabels($0) }
            countSaturated = { KernelsAVX2.countSaturated($0, $1) }
        #endif
        default:
            run = { operation, block, parameters in
                switch operation {
                case .softmax: Kernels.softmaxRows(block)
                case .logProbability: Kernels.logProbabilityRows(block, parameters)
                case .probability: Kernels.probabilityRows(block, parameters)
                case .binaryLogit: Kernels.binaryLogitRows(block)
                case .binaryLogProbability: Kernels.binaryLogProbabilityRows(block)
                case .binaryProbability: Kernels.binaryProbabilityRows(block)
                case .target: Kernels.targetRows(block, parameters)
                case .bernoulli: Kernels.bernoulliRows(block, parameters)
                }
            }
            foldLosses = { Kernels.foldLosses($0) }
            surveyRows = { Kernels.surveyRows($0) }
            surveyLabels = { Kernels.surveyLabels($0) }
            countSaturated = { Kernels.countSaturated($0, $1) }
        }
    }
}
