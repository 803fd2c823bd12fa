internal import KernelABI

/// The exact sum of the numbers of a block, and of their squares, as integers. The cuts are those of `Kernels/Fold.swift`.
package struct FoldedNumbers {
    let fold: LossFold

    /// The sum of the parts in units of 2^-40, of the numbers below 2^11 in magnitude.
    package var coarse: Int64 { fold.level1 }
    /// The sum of their parts in units of 2^-92.
    package var fine: Int64 { fold.level2 }
    /// The sum of their parts in units of 2^-144.
    package var finest: Int64 { fold.level3 }
    /// Σ high² of the same numbers in units of 2^-40, high · 2^25 + low; below 2^62.
    package var squareHigh: UInt64 { fold.squareHigh }
    /// Σ high · low of the same; below 2^62.
    package var squareMiddle: UInt64 { fold.squareMiddle }
    /// Σ low² of the same; below 2^62.
    package var squareLow: UInt64 { fold.squareLow }
    /// The numbers that do not fit: numbers from 2^11 on, and digits below 2^-144 of others.
    package var residuals: UnsafeBufferPointer<Double> { UnsafeBufferPointer(start: fold.residuals, count: fold.residualCount) }
}
