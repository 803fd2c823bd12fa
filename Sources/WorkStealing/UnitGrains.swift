/// The division of a batch into grains of consecutive units, so that their number fits the 32 bits of a `RangeWord`.
///
/// Up to `grainLimit` units a grain is one unit. Beyond, every grain has the same number of units, except for the last, which may have
/// fewer. A worker claims a whole grain and runs its units in ascending order.
struct UnitGrains: Equatable {
    let unitCount: Int
    let unitsPerGrain: Int
    let grainCount: UInt32

    /// Divides a batch.
    ///
    /// - Parameters:
    ///   - unitCount: any value; a negative one counts as 0.
    ///   - grainLimit: the most grains; 0 counts as 1. Tests lower it.
    init(unitCount: Int, grainLimit: UInt32 = .max) {
        guard unitCount > 0 else {
            self.unitCount = 0
            unitsPerGrain = 1
            grainCount = 0
            return
        }
        self.unitCount = unitCount
        // Clamping, for machines whose Int has 32 bits.
        let limit = Int(clamping: max(grainLimit, 1))
        unitsPerGrain = (unitCount - 1) / limit + 1
        grainCount = UInt32((unitCount - 1) / unitsPerGrain + 1)  // at most `limit`
    }

    /// Returns the units of a grain; `grain` is below `grainCount`.
    func units(of grain: UInt32) -> Range<Int> {
        let first = Int(grain) * unitsPerGrain  // at most unitCount - 1
        // Not `min(first + unitsPerGrain, unitCount)`, which overflows for the last grain of a batch near Int.max.
        let last = unitCount - first > unitsPerGrain ? first + unitsPerGrain : unitCount
        return first..<last
    }
}
