internal import KernelABI
internal import Kernels
#if arch(x86_64)
internal import KernelsAVX2
internal import KernelsAVX512
#endif

extension KernelTable {
    /// `instructionSet` must be among `InstructionSet.available`: another one's instructions would end the process.
    init(_ instructionSet: InstructionSet) {
        switch instructionSet {
        #if arch(x86_64)
        case .avx512: self = KernelsAVX512.kernelTable()
        case .avx2: self = KernelsAVX2.kernelTable()
        #endif
        default: self = Kernels.kernelTable()
        }
    }

    /// A call a block, never a call a row.
    func run(_ operation: LossProgram.Operation, _ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
        switch operation {
        case .softmax: softmaxRows(block)
        case .logProbability: logProbabilityRows(block, parameters)
        case .probability: probabilityRows(block, parameters)
        case .binaryLogit: binaryLogitRows(block)
        case .binaryLogProbability: binaryLogProbabilityRows(block)
        case .binaryProbability: binaryProbabilityRows(block)
        case .target: targetRows(block, parameters)
        case .bernoulli: bernoulliRows(block, parameters)
        }
    }
}
