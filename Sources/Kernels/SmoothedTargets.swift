// Label smoothing.

import KernelABI

extension LossParameters {
    /// True if targets are smoothed.
    @inline(always) var smooths: Bool { targetAdded != 0 || targetKept != 1 }

    /// targetKept · t + targetAdded, within 2^-104 of itself; t where targets are not smoothed.
    @inline(always) func smoothed(_ t: LanePair) -> LanePair {
        guard smooths else { return t }
        return LanePair(lanes(targetKept), lanes(targetKeptRest)) * t + LanePair(lanes(targetAdded), lanes(targetAddedRest))
    }
}
