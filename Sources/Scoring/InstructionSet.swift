internal import KernelABI

/// The instruction set that a kernel is compiled for. The bits of every result are the same on all of them.
public enum InstructionSet: String, Sendable, CaseIterable {
    /// The instruction sets that kernels are compiled for, slowest first on each architecture.
    case baseline, avx2, avx512, neon

    /// The instruction sets that this processor can run, slowest first.
    public static var available: [InstructionSet] {
        #if arch(arm64)
        return [.neon]
        #else
        let features = xentProcessorFeatures()
        return [.baseline] + (features & Int32(XentProcessorAVX2) != 0 ? [.avx2] : [])
            + (features & Int32(XentProcessorAVX512) != 0 ? [.avx512] : [])
        #endif
    }

    /// The fastest that this processor can run.
    public static var best: InstructionSet { available.last ?? .baseline }

    init?(code: Int32) {
        switch code {
        case Int32(XentInstructionSetBaseline): self = .baseline
        case Int32(XentInstructionSetAVX2): self = .avx2
        case Int32(XentInstructionSetAVX512): self = .avx512
        case Int32(XentInstructionSetNEON): self = .neon
        default: return nil
        }
    }
}
