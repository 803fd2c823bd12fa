/// Holm's correction for several tests at once. It needs no assumption about how they depend on one another.
enum HolmCorrection {
    /// Returns the corrected chances, each in the place of the one that it is made of: the smallest times the number of tests, the next times one
    /// less, and so on, none below one before it. NaN stays NaN, and does not count. O(n log n).
    static func corrected(_ pValues: [Double]) -> [Double] {
        var corrected = pValues
        let ascending = pValues.indices.filter { !pValues[$0].isNaN }.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
        var largest = 0.0
        for (rank, place) in ascending.enumerated() {
            largest = max(largest, min(1, pValues[place] * Double(ascending.count - rank)))
            corrected[place] = largest
        }
        return corrected
    }
}
