internal import KernelABI
internal import Kernels
#if arch(x86_64)
internal import KernelsAVX2
internal import KernelsAVX512
#endif

/// The row kernels of one instruction set: a call a block, never a call a row.
struct KernelSet: Sendable {
    typealias RowKernel = @Sendable (UnsafeMutablePointer<RowBlock>) -> Void

    let softmaxRows: RowKernel
    let probabilityRows: RowKernel
    let logProbabilityRows: RowKernel
    let binaryLogitRows: RowKernel
    let binaryProbabilityRows: RowKernel
    let binaryLogProbabilityRows: RowKernel
    let foldLosses: @Sendable (UnsafeMutablePointer<LossFold>) -> Void

    /// `instructionSet` must be among `InstructionSet.available`: another one's instructions would end the process.
    init(_ instructionSet: InstructionSet) {
        switch instructionSet {
        #if arch(x86_64)
        case .avx512:
            softmaxRows = { KernelsAVX512.softmaxRows($0) }
            probabilityRows = { KernelsAVX512.probabilityRows($0) }
            logProbabilityRows = { KernelsAVX512.logProbabilityRows($0) }
            binaryLogitRows = { KernelsAVX512.binaryLogitRows($0) }
            binaryProbabilityRows = { KernelsAVX512.binaryProbabilityRows($0) }
            binaryLogProbabilityRows = { KernelsAVX512.binaryLogProbabilityRows($0) }
            foldLosses = { KernelsAVX512.foldLosses($0) }
        case .avx2:
            softmaxRows = { KernelsAVX2.softmaxRows($0) }
            probabilityRows = { KernelsAVX2.probabilityRows($0) }
            logProbabilityRows = { KernelsAVX2.logProbabilityRows($0) }
            binaryLogitRows = { KernelsAVX2.binaryLogitRows($0) }
            binaryProbabilityRows = { KernelsAVX2.binaryProbabilityRows($0) }
            binaryLogProbabilityRows = { KernelsAVX2.binaryLogProbabilityRows($0) }
            foldLosses = { KernelsAVX2.foldLosses($0) }
        #endif
        default:
            softmaxRows = { Kernels.softmaxRows($0) }
            probabilityRows = { Kernels.probabilityRows($0) }
            logProbabilityRows = { Kernels.logProbabilityRows($0) }
            binaryLogitRows = { Kernels.binaryLogitRows($0) }
            binaryProbabilityRows = { Kernels.binaryProbabilityRows($0) }
            binaryLogProbabilityRows = { Kernels.binaryLogProbabilityRows($0) }
            foldLosses = { Kernels.foldLosses($0) }
        }
    }
}
