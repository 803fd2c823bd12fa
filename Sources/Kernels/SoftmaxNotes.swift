/// The memory in which a `SoftmaxBatch` notes numbers of its rows: the scratch of KernelABI.h.
struct SoftmaxNotes {
    let start: UnsafeMutablePointer<Double>

    // One number a row each: the label's logit, NaN where the row is not one for the fast way; the shift that takes its k off; exp(−r_y) /
    // c − 1; Σ and what its rounding lost; the largest of the others.
    @inline(always) var labelValues: UnsafeMutablePointer<Double> { start }
    @inline(always) var shifts: UnsafeMutablePointer<Double> { start + softmaxBatchRowCount }
    @inline(always) var factors: UnsafeMutablePointer<Double> { start + 2 &* softmaxBatchRowCount }
    @inline(always) var totals: UnsafeMutablePointer<Double> { start + 3 &* softmaxBatchRowCount }
    @inline(always) var totalRests: UnsafeMutablePointer<Double> { start + 4 &* softmaxBatchRowCount }
    @inline(always) var largestOthers: UnsafeMutablePointer<Double> { start + 5 &* softmaxBatchRowCount }
    // Eight lanes a row each: a compensated sum, and the largest of the others.
    @inline(always) var sums: UnsafeMutablePointer<Double> { start + 6 &* softmaxBatchRowCount }
    @inline(always) var rests: UnsafeMutablePointer<Double> { start + 14 &* softmaxBatchRowCount }
    @inline(always) var largest: UnsafeMutablePointer<Double> { start + 22 &* softmaxBatchRowCount }

    // Written where losses are smoothed: Σk and Σr of the values k/8 ln 2 + r in the place of the facts' sums below, and eight lanes a row
    // of the smallest values' negatives.
    @inline(always) var largestNegatives: UnsafeMutablePointer<Double> { start + 48 &* softmaxBatchRowCount }

    // Written where labels are soft. Eight lanes a row: Σa, in the place of the largest, and its rests, and the largest targets; one number a row:
    // the class of the largest value, the largest target, and 1 where the row is not one for the fast way.
    @inline(always) var factorSums: UnsafeMutablePointer<Double> { largest }
    @inline(always) var factorRests: UnsafeMutablePointer<Double> { start + 32 &* softmaxBatchRowCount }
    @inline(always) var targetLanes: UnsafeMutablePointer<Double> { start + 40 &* softmaxBatchRowCount }
    @inline(always) var largestTargets: UnsafeMutablePointer<Double> { start + 48 &* softmaxBatchRowCount }
    @inline(always) var isOther: UnsafeMutablePointer<Double> { start + 49 &* softmaxBatchRowCount }
    /// Numbers of 32 bits in memory that is only ever bound to Float64: a class is stored and loaded as bytes.
    @inline(always) var largestClasses: UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(start + 50 &* softmaxBatchRowCount).assumingMemoryBound(to: Int32.self)
    }

    // Written for facts alone. One number a row each: Σt² and Σt·x of the terms t.
    @inline(always) var squareTotals: UnsafeMutablePointer<Double> { start + 30 &* softmaxBatchRowCount }
    @inline(always) var productTotals: UnsafeMutablePointer<Double> { start + 31 &* softmaxBatchRowCount }
    /// The term of the label, in the place of Σt².
    @inline(always) var labelTerms: UnsafeMutablePointer<Double> { squareTotals }
    // Eight lanes a row each: the sums of the same.
    @inline(always) var squareSums: UnsafeMutablePointer<Double> { start + 32 &* softmaxBatchRowCount }
    @inline(always) var productSums: UnsafeMutablePointer<Double> { start + 40 &* softmaxBatchRowCount }
}
