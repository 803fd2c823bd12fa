// The layout of what crosses the boundary between Scoring and the kernels, as plain C structs: the three kernel
// targets are compiled from one Swift source with different instruction sets and import no Swift code at all, so
// the types that they share with their caller cannot be Swift types. Declarations only; nothing here is compiled
// into an object of its own.
#ifndef XENT_KERNEL_ABI_H
#define XENT_KERNEL_ABI_H

#include <stddef.h>
#include <stdint.h>

/// How a prediction is stored; `RowBlock.elementCode`.
enum {
    XentElementFloat16 = 0,
    XentElementBFloat16 = 1,
    XentElementFloat32 = 2,
    XentElementFloat64 = 3
};

/// A block of whole rows, row-major, in the machine's byte order.
typedef struct RowBlock {
    /// rowCount * classCount elements. At least 64 readable bytes follow the last one.
    const void *_Nonnull values;
    /// rowCount class indices (binary: 0 or 1). Room for rowCount rounded up to 64. Not read where there are targets.
    const int32_t *_Nonnull labels;
    /// rowCount * classCount labels as numbers, for the kernels that take any label; eight more are readable after the last.
    const double *_Nullable targets;
    /// Out, where it is given: 1 for a row in which a scored value was clipped, else 0. Room for rowCount rounded up to 64.
    uint8_t *_Nullable clipped;
    /// Out: rowCount losses in nats; NaN where the row is not scored. Room for rowCount rounded up to 64.
    double *_Nonnull losses;
    /// Values a row: C for multiclass, 1 for binary.
    ptrdiff_t classCount;
    ptrdiff_t rowCount;
    int32_t elementCode;
    /// Out: rows whose loss is NaN.
    ptrdiff_t unscoredRowCount;
    /// Out: scored rows whose largest value stands at the label (the first of equals, as argmax has it).
    ptrdiff_t correctRowCount;
    /// Out: the instruction set that the kernel was compiled for, as it says itself: one of XentInstructionSet….
    int32_t instructionSetCode;
} RowBlock;

enum {
    XentInstructionSetBaseline = 1,
    XentInstructionSetAVX2 = 2,
    XentInstructionSetAVX512 = 3,
    XentInstructionSetNEON = 4
};

/// What the values are; `LossParameters.inputCode`.
enum {
    XentInputLogits = 0,
    XentInputProbabilities = 1,
    XentInputLogProbabilities = 2
};

/// How the probabilities of a row are made to sum to 1.
enum {
    XentNormalisationNone = 0,
    /// Divided by their sum, then clipped.
    XentNormalisationFirst = 1,
    /// Clipped, then divided by the clipped ones' sum.
    XentNormalisationLast = 2
};

/// The conventions of a loss as numbers: what a dialect and its modifiers come to.
typedef struct LossParameters {
    int32_t inputCode;
    int32_t normalisationCode;
    /// Probabilities are clipped to them; ∓∞ where they are not.
    double clipLow, clipHigh;
    /// Values that may be scored: for probabilities, before clipping.
    double scorableLow, scorableHigh;
    /// A single −log is lowered to it; +∞ where it is not.
    double largestTerm;
    /// A target t becomes targetKept * t + targetAdded (label smoothing).
    double targetKept, targetAdded;
    /// KL: targets are raised to it before anything else; −∞ where they are not.
    double targetLow;
    /// KL divergence instead of cross-entropy.
    int32_t isDivergence;
    /// The factor (1 − p)^focalGamma, where it is not 0; then focalAlpha, if it is not NaN.
    int32_t isFocal;
    double focalGamma, focalAlpha;
    /// One a class, or null for 1. Eight more are readable after the last.
    const double *_Nullable classWeights;
    const double *_Nullable positiveWeights;
} LossParameters;

/// What a block of predictions is like, beside its losses: what warnings follow from.
typedef struct RowSurvey {
    /// As in RowBlock.
    const void *_Nonnull values;
    ptrdiff_t classCount;
    ptrdiff_t rowCount;
    int32_t elementCode;
    /// How far from 1 a row's sum may be.
    double tolerance;

    // Out:
    /// Rows whose sum is further from 1 than the tolerance, the largest such distance, and its row (the first of equals); -1 where there is none.
    /// Rows with a NaN or an infinity are not among them.
    ptrdiff_t deviatingRowCount;
    double worstDeviation;
    ptrdiff_t worstRow;
    /// Values outside of [0, 1], NaN included.
    ptrdiff_t outsideUnitCount;
} RowSurvey;

/// A block of losses to be added up, and what the fold makes of them: integers, so that adding is exact.
/// See Fold.swift for the scales.
typedef struct LossFold {
    const double *_Nonnull losses;
    /// At most XentFoldRowLimit.
    ptrdiff_t rowCount;
    /// The place of losses[0] in the dump: it keys the fingerprint.
    uint64_t firstRow;
    /// Room for rowCount rounded up to 8, plus 8. Out: the numbers that do not fit the integers, to be added one by one.
    double *_Nonnull residuals;

    // Out:
    ptrdiff_t residualCount;
    /// Σ of the losses' parts, in units of 2^-40, 2^-92 and 2^-144.
    int64_t level1, level2, level3;
    /// Σq² for q = |loss| in units of 2^-40, q = high * 2^25 + low: Σhigh², Σhigh*low, Σlow².
    uint64_t squareHigh, squareMiddle, squareLow;
    /// The same for the losses below 2^-14 alone, in units of 2^-66, q = high * 2^26 + low, and their plain Σq.
    int64_t fineSum;
    uint64_t fineSquareHigh, fineSquareMiddle, fineSquareLow;
    double minimum, maximum;
    /// Σ over rows, modulo 2^64, of a mix of the row's place and its loss's bits.
    uint64_t fingerprint;
} LossFold;

enum { XentFoldRowLimit = 1024 };

// Conversions of eight lanes at once. Swift has no whole-vector conversion: its initialisers go lane by lane, and what LLVM makes of that is
// one instruction or forty, as it happens. Inline, so each kernel target compiles them for its own instruction set.
typedef float XentFloat8 __attribute__((ext_vector_type(8)));
typedef double XentDouble8 __attribute__((ext_vector_type(8)));
typedef uint16_t XentUInt16x8 __attribute__((ext_vector_type(8)));
typedef uint32_t XentUInt32x8 __attribute__((ext_vector_type(8)));
typedef int32_t XentInt32x8 __attribute__((ext_vector_type(8)));
typedef int64_t XentInt64x8 __attribute__((ext_vector_type(8)));
#define XENT_INLINE static inline __attribute__((always_inline))
XENT_INLINE XentDouble8 xentWidenFloat(XentFloat8 v) { return __builtin_convertvector(v, XentDouble8); }
XENT_INLINE XentUInt32x8 xentWidenUInt16(XentUInt16x8 v) { return __builtin_convertvector(v, XentUInt32x8); }
XENT_INLINE XentInt64x8 xentWidenInt32(XentInt32x8 v) { return __builtin_convertvector(v, XentInt64x8); }

/// What the target that calls it is compiled for.
XENT_INLINE int32_t xentCompiledInstructionSet(void) {
#if defined(__AVX512F__)
    return XentInstructionSetAVX512;
#elif defined(__AVX2__)
    return XentInstructionSetAVX2;
#elif defined(__ARM_NEON)
    return XentInstructionSetNEON;
#else
    return XentInstructionSetBaseline;
#endif
}

// Loads and stores at any alignment. Inline for the same reasons.
#define XENT_LOAD(NAME, TYPE) \
    XENT_INLINE TYPE NAME(const void *_Nonnull pointer) { TYPE value; __builtin_memcpy(&value, pointer, sizeof value); return value; }
XENT_LOAD(xentLoadFloat8, XentFloat8)
XENT_LOAD(xentLoadDouble8, XentDouble8)
XENT_LOAD(xentLoadUInt16x8, XentUInt16x8)
XENT_LOAD(xentLoadInt32x8, XentInt32x8)
XENT_LOAD(xentLoadFloat, float)
XENT_LOAD(xentLoadDouble, double)
XENT_LOAD(xentLoadUInt16, uint16_t)
XENT_INLINE void xentStoreDouble8(void *_Nonnull pointer, XentDouble8 value) { __builtin_memcpy(pointer, &value, sizeof value); }

/// Which instruction sets this processor and its operating system offer, as bits.
enum {
    XentProcessorAVX2 = 1,
    XentProcessorAVX512 = 2
};

static inline int32_t xentProcessorFeatures(void) {
    int32_t features = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    // What -march=x86-64-v3 and -v4 may use beyond what every x86-64 has.
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2")) {
        features |= XentProcessorAVX2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
            features |= XentProcessorAVX512;
        }
    }
#endif
    return features;
}

#endif
