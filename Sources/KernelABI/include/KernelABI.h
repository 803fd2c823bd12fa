// The layout of what crosses the boundary between Scoring and the kernels, as plain C structs: the three kernel
// targets are compiled from one Swift source with different instruction sets and import no Swift code at all, so
// the types that they share with their caller cannot be Swift types. Declarations only; nothing here is compiled
// into an object of its own.
#ifndef XENT_KERNEL_ABI_H
#define XENT_KERNEL_ABI_H

#include <stddef.h>
#include <stdint.h>
#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/// How a prediction is stored; `RowBlock.elementCode`.
enum {
    XentElementFloat16 = 0,
    XentElementBFloat16 = 1,
    XentElementFloat32 = 2,
    XentElementFloat64 = 3
};

/// Rows of multiclass logits of up to so many classes lie side by side in the lanes of vectors, a row a lane.
enum { XentNarrowClassLimit = 24 };

/// The arrays that facts of rows are written to, beside their losses; null where a fact is not wanted. Each has room for rowCount rounded up to
/// 64.
///
/// The facts follow from the prediction as it is stored and from the label as it is: no dialect clips or normalises the probabilities p, and no
/// smoothing changes the label. The label of a row of soft labels is its largest target, the first of equals. Rows of a NaN loss have the facts
/// NaN, -1 and 0. See RowFacts.swift for what a fact of a decision is, and of a row of several.
typedef struct RowFactArrays {
    /// p of the label.
    double *_Nullable labelProbability;
    /// The largest p, and its class: the first of equals.
    double *_Nullable topProbability;
    int32_t *_Nullable topClass;
    /// 1 where the top class is the label, else 0.
    uint8_t *_Nullable isCorrect;
    /// Σ p², from 1 / C to 1.
    double *_Nullable squaredProbabilitySum;
    /// Σ p x of the logits x; of probabilities and their logarithms Σ p log p.
    double *_Nullable probabilityWeightedSum;
    /// How many classes argsort puts before the label: those with a larger value, and those before it with an equal one. 0 where it is right.
    int32_t *_Nullable labelRank;
    /// Numbers in proportion to the p of all classes, a row of classCount rounded up to 8 for each, and what they are multiplied by: both are given or
    /// neither, by `softmaxRows` alone, of more than XentNarrowClassLimit classes, and not beside Σ p² and Σ p x. The latter is NaN in a row that is out
    /// of the range of SoftmaxFacts.swift.
    double *_Nullable probabilityTerms;
    double *_Nullable termScale;
} RowFactArrays;

/// A block of whole rows, row-major, in the machine's byte order.
typedef struct RowBlock {
    /// rowCount * classCount elements. At least 64 readable bytes follow the last one.
    const void *_Nonnull values;
    /// rowCount class indices (binary: 0 or 1). Room for rowCount rounded up to 64. Not read where there are targets, or bytes.
    const int32_t *_Nonnull labels;
    /// The labels of a binary block without facts as they are stored, a byte each, 0 or 1; NULL: `labels` has them. Readable to a multiple of eight.
    const uint8_t *_Nullable labelBytes;
    /// rowCount * classCount labels as numbers, for the kernels that take any label; eight more are readable after the last.
    const double *_Nullable targets;
    /// Out, where it is given: 1 for a row in which a scored value was clipped, else 0. Room for rowCount rounded up to 64.
    uint8_t *_Nullable clipped;
    /// Out: rowCount losses in nats; NaN where the row is not scored. Room for rowCount rounded up to 64.
    double *_Nonnull losses;
    /// Room for XentScratchCount numbers, aligned to 64 bytes; what is in them does not matter.
    double *_Nonnull scratch;
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
    /// Out, where arrays are given. The losses have the same bits with them and without.
    RowFactArrays facts;
} RowBlock;

/// The count of numbers that kernels note of 64 rows, or of a row's stretch. Without facts `softmaxRows` uses the first 30 numbers of each row.
enum { XentScratchCount = 64 * 56 };

enum {
    XentInstructionSetBaseline = 1,
    XentInstructionSetAVX2 = 2,
    XentInstructionSetAVX512 = 3,
    XentInstructionSetNEON = 4
};

/// The meanings of the values, in `LossParameters.inputCode`.
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
    /// A target t becomes targetKept * t + targetAdded (label smoothing); a rest is what its number was rounded by.
    double targetKept, targetAdded, targetKeptRest, targetAddedRest;
    /// KL: targets are raised to it before anything else; −∞ where they are not.
    double targetLow;
    /// KL divergence instead of cross-entropy.
    int32_t isDivergence;
    /// The factor (1 − p)^focalGamma, where it is not 0; then focalAlpha, if it is not NaN.
    int32_t isFocal;
    /// Not 0 if the factor's p of a decision is the scored p, which may be clipped, and not the predicted p.
    int32_t focalTakesScored;
    double focalGamma, focalAlpha;
    /// One a class, or null for 1. Eight more are readable after the last. Of decisions: the weights of label 0 and of label 1, one a column.
    const double *_Nullable classWeights;
    const double *_Nullable positiveWeights;
} LossParameters;

/// The properties of a block of predictions beside its losses, from which warnings follow.
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

/// The properties of a block of class indices; of labels that are numbers their fingerprint alone.
typedef struct LabelSurvey {
    /// Not read where there are targets.
    const int32_t *_Nonnull labels;
    /// Labels that are numbers, each of which counts as a row here; eight more are readable after the last.
    const double *_Nullable targets;
    /// Labels of a byte each, 0 or 1 and none of them ignored, in place of `labels`; NULL: they are there. Readable to a multiple of eight.
    const uint8_t *_Nullable bytes;
    ptrdiff_t rowCount;
    /// The place of labels[0] in the dump: it keys the fingerprint.
    uint64_t firstRow;
    /// Rows with it count for the fingerprint alone.
    int32_t ignoredLabel;

    // Out:
    int32_t least, greatest;
    ptrdiff_t countedRowCount;
    /// The sum of the labels that are counted.
    int64_t sum;
    /// Σ over rows, modulo 2^64, of a mix of the row's place and its label.
    uint64_t fingerprint;
} LabelSurvey;

/// Numbers that comparing eight rows takes beside their distributions.
enum { XentPairSumCount = 336 };

/// A block of rows of classes as two models predict them.
typedef struct PairBlock {
    /// As in RowBlock, of both models.
    const void *_Nonnull valuesA;
    const void *_Nonnull valuesB;
    int32_t elementCodeA, elementCodeB;
    int32_t inputCodeA, inputCodeB;
    ptrdiff_t classCount;
    ptrdiff_t rowCount;
    /// The losses by both: NaN for a row that is left out.
    const double *_Nonnull lossesA;
    const double *_Nonnull lossesB;
    /// The class of the largest probability by each, and that probability, as in RowFactArrays, with room for whole vectors; NULL if they are not known.
    const int32_t *_Nullable topClassA;
    const int32_t *_Nullable topClassB;
    const double *_Nullable topProbabilityA;
    const double *_Nullable topProbabilityB;
    /// Numbers in proportion to the probabilities by each, and their factors, as in RowFactArrays; NULL if they are not known of both.
    const double *_Nullable termsA;
    const double *_Nullable termsB;
    const double *_Nullable termScaleA;
    const double *_Nullable termScaleB;
    /// Room for four times classCount rounded up to 8, and XentPairSumCount more.
    double *_Nonnull scratch;

    // Out, a number a row, with room for rowCount rounded up to 8:
    double *_Nonnull klAB;
    double *_Nonnull klBA;
    double *_Nonnull jensenShannon;
    double *_Nonnull totalVariation;
} PairBlock;

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

/// Predictions of a confidence each, and the sums to which they are added: those of intervals of equal width, and of a fine grid.
///
/// Left out, and listed, are confidences outside of [0, 1], NaN, and those with digits below 2^-92, and outcomes other than 0 and 1.
typedef struct ConfidenceSums {
    /// Numbers from 0 to 1, and 1 where it happened, else 0; both are readable to a multiple of eight.
    const double *_Nonnull confidences;
    const double *_Nonnull outcomes;
    /// At most XentFoldRowLimit.
    ptrdiff_t count;
    /// The number of intervals n; at most 2^20.
    ptrdiff_t intervalCount;
    /// Added to: four numbers for each of 2n + 1 cells, the bound 0, what lies between it and the bound 1/n, the bound 1/n, and so on. They are the
    /// number of predictions plus 2^32 times that of those that happened; the sums of the parts of the confidences in units of 2^-40 and 2^-92, as
    /// LossFold has them; and one that is not used.
    int64_t *_Nonnull cells;
    /// Added to, where it is given: Σ (outcome − confidence) of each of gridCellCount cells of equal width, in units of 2^-40, each rounded; 1 lies in the last
    /// cell. A power of two, at most 2^20.
    int64_t *_Nullable grid;
    ptrdiff_t gridCellCount;
    /// Room for XentConfidenceScratchCount numbers.
    int64_t *_Nonnull scratch;
    /// Out: the indices of the predictions that were left out, and their number. Room for `count`.
    int32_t *_Nonnull others;
    ptrdiff_t otherCount;
} ConfidenceSums;

enum { XentConfidenceScratchCount = 6 * 64 };

/// The sums of a class's losses, and the number of its rows and of those that are right.
typedef struct ClassSums {
    /// The sums of the losses' parts in units of 2^-40 and 2^-92.
    int64_t coarse, fine;
    /// Σ high², Σ high · low and Σ low² of the losses' magnitudes in units of 2^-40, high · 2^26 + low.
    int64_t squareHigh, squareMiddle, squareLow;
    int64_t count, correctCount;
} ClassSums;

/// A block of losses of two classes, and their sums.
typedef struct TwoClassSums {
    /// All three are readable to a multiple of eight.
    const double *_Nonnull losses;
    /// 0 or 1.
    const int32_t *_Nonnull classes;
    /// 1 where the row is right, else 0.
    const uint8_t *_Nonnull isCorrect;
    /// At most XentFoldRowLimit.
    ptrdiff_t count;

    // Out:
    /// 1; 0 if a loss is NaN, 2^11 or more in magnitude, or has digits below 2^-92, or a class is neither 0 nor 1. Then the sums mean nothing.
    int32_t isUsual;
    /// The sums of all rows, and of those of class 1.
    ClassSums all, one;
} TwoClassSums;

/// A block of numbers, and where they are counted by the first bits of their keys.
///
/// A key is the encoding of the number as Float64, −0 as 0, with the sign bit flipped, or all bits where it is negative: an integer in the numbers' order.
typedef struct KeyPlaces {
    /// As in RowBlock, one value a row.
    const void *_Nonnull values;
    int32_t elementCode;
    ptrdiff_t count;
    /// A key without its last `shift` bits, from 0 to 63, less `first` is a place, if it is below `placeCount`, which is at most 2^30.
    uint64_t shift, first, placeCount;

    /// Out: twice the place of each number. Room for `count` rounded up to 8.
    int32_t *_Nonnull places;
    /// Out: 1 if each number has a place; else 0, and the places mean nothing.
    int32_t areInside;
} KeyPlaces;

/// Values, and what they are divided by.
typedef struct DivisionBlock {
    /// As in RowBlock, one value a row.
    const void *_Nonnull values;
    int32_t elementCode;
    ptrdiff_t count;
    /// Positive and finite.
    double divisor;
    /// Out. Room for `count` rounded up to 8.
    double *_Nonnull quotients;
} DivisionBlock;

/// Logits of decisions, and their probabilities.
typedef struct ProbabilityBlock {
    /// As in RowBlock, one value a row.
    const void *_Nonnull values;
    int32_t elementCode;
    ptrdiff_t count;
    /// Out. Room for `count` rounded up to 8.
    double *_Nonnull probabilities;
} ProbabilityBlock;

/// The logits of a row, and what follows from them at an inverse temperature β.
typedef struct TemperatureBlock {
    /// How far each logit is from the largest: none above 0. Readable to a multiple of 8; numbers beyond the last class count as classes do, which −∞ makes nothing of.
    const double *_Nonnull distances;
    ptrdiff_t classCount;
    /// The class that is left out.
    ptrdiff_t top;
    double beta;
    /// Out: Σ e^(β d), Σ d e^(β d) and Σ d² e^(β d).
    double sum, first, second;
} TemperatureBlock;

/// All kernels of one instruction set: what a kernel target gives its caller.
typedef struct KernelTable {
    void (*_Nonnull softmaxRows)(RowBlock *_Nonnull);
    void (*_Nonnull logProbabilityRows)(RowBlock *_Nonnull, const LossParameters *_Nonnull);
    void (*_Nonnull probabilityRows)(RowBlock *_Nonnull, const LossParameters *_Nonnull);
    void (*_Nonnull binaryLogitRows)(RowBlock *_Nonnull);
    void (*_Nonnull binaryLogProbabilityRows)(RowBlock *_Nonnull);
    void (*_Nonnull binaryProbabilityRows)(RowBlock *_Nonnull);
    void (*_Nonnull targetRows)(RowBlock *_Nonnull, const LossParameters *_Nonnull);
    void (*_Nonnull bernoulliRows)(RowBlock *_Nonnull, const LossParameters *_Nonnull);
    void (*_Nonnull foldLosses)(LossFold *_Nonnull);
    void (*_Nonnull surveyRows)(RowSurvey *_Nonnull);
    void (*_Nonnull surveyLabels)(LabelSurvey *_Nonnull);
    ptrdiff_t (*_Nonnull countSaturated)(const void *_Nonnull, ptrdiff_t);
    void (*_Nonnull comparePairs)(PairBlock *_Nonnull);
    /// `foldLosses` without squares, extremes and fingerprint: of what it gives out, the levels and the residuals alone.
    void (*_Nonnull sumNumbers)(LossFold *_Nonnull);
    void (*_Nonnull addConfidences)(ConfidenceSums *_Nonnull);
    void (*_Nonnull addTwoClasses)(TwoClassSums *_Nonnull);
    void (*_Nonnull findKeyPlaces)(KeyPlaces *_Nonnull);
    void (*_Nonnull divideValues)(DivisionBlock *_Nonnull);
    /// Numbers, results with room for the count rounded up to 8, and the count.
    void (*_Nonnull plainExponentials)(const double *_Nonnull, double *_Nonnull, ptrdiff_t);
    void (*_Nonnull plainLogarithms)(const double *_Nonnull, double *_Nonnull, ptrdiff_t);
    void (*_Nonnull positiveProbabilities)(ProbabilityBlock *_Nonnull);
    void (*_Nonnull temperatureSums)(TemperatureBlock *_Nonnull);
} KernelTable;

// Conversions of eight lanes at once. Swift has no whole-vector conversion: its initialisers go lane by lane, and what LLVM makes of that is
// one instruction or forty, as it happens. Inline, so each kernel target compiles them for its own instruction set.
typedef float XentFloat8 __attribute__((ext_vector_type(8)));
typedef double XentDouble8 __attribute__((ext_vector_type(8)));
typedef uint16_t XentUInt16x8 __attribute__((ext_vector_type(8)));
typedef uint32_t XentUInt32x8 __attribute__((ext_vector_type(8)));
typedef int32_t XentInt32x8 __attribute__((ext_vector_type(8)));
typedef int64_t XentInt64x8 __attribute__((ext_vector_type(8)));
typedef uint64_t XentUInt64x8 __attribute__((ext_vector_type(8)));
typedef uint32_t XentUInt32x16 __attribute__((ext_vector_type(16)));
typedef int16_t XentInt16x32 __attribute__((ext_vector_type(32)));
typedef double XentDouble4 __attribute__((ext_vector_type(4)));
typedef double XentDouble2 __attribute__((ext_vector_type(2)));
#define XENT_INLINE static inline __attribute__((always_inline))
// Arithmetic of whole vectors, an instruction of LLVM each. The standard library's operators go lane by lane: twenty times as much for the
// compiler to work through, and vectors that LLVM has to find again, or does not. Each function has one operation, so nothing is contracted.
#define XENT_BINARY(NAME, TYPE, OPERATOR) \
    XENT_INLINE TYPE NAME(TYPE a, TYPE b) { return a OPERATOR b; }
#define XENT_FLOATING(SUFFIX, TYPE) \
    XENT_BINARY(xentAdd##SUFFIX, TYPE, +) \
    XENT_BINARY(xentSubtract##SUFFIX, TYPE, -) \
    XENT_BINARY(xentMultiply##SUFFIX, TYPE, *) \
    XENT_BINARY(xentDivide##SUFFIX, TYPE, /) \
    /* a * b + c, rounded once. */ \
    XENT_INLINE TYPE xentFused##SUFFIX(TYPE a, TYPE b, TYPE c) { return __builtin_elementwise_fma(a, b, c); }
XENT_FLOATING(Double8, XentDouble8)
XENT_FLOATING(Double4, XentDouble4)
XENT_FLOATING(Double2, XentDouble2)
/// −a: the sign bit alone changes, so that −0 is +0 and +0 is −0.
XENT_INLINE XentDouble8 xentNegateDouble8(XentDouble8 a) { return -a; }
// Shifts by a lane's number of bits or more are taken modulo that number, as `&<<` and `&>>` have it; >> of numbers with a sign keeps it.
#define XENT_INTEGERS(SUFFIX, TYPE, MASK) \
    XENT_BINARY(xentAnd##SUFFIX, TYPE, &) \
    XENT_BINARY(xentOr##SUFFIX, TYPE, |) \
    XENT_BINARY(xentExclusiveOr##SUFFIX, TYPE, ^) \
    XENT_INLINE TYPE xentNot##SUFFIX(TYPE a) { return ~a; } \
    XENT_INLINE TYPE xentShiftLeft##SUFFIX(TYPE a, TYPE places) { return a << (places & MASK); } \
    XENT_INLINE TYPE xentShiftRight##SUFFIX(TYPE a, TYPE places) { return a >> (places & MASK); }
XENT_INTEGERS(UInt64x8, XentUInt64x8, 63)
XENT_INTEGERS(Int64x8, XentInt64x8, 63)
XENT_INTEGERS(UInt32x8, XentUInt32x8, 31)
XENT_INLINE XentDouble8 xentWidenFloat(XentFloat8 v) { return __builtin_convertvector(v, XentDouble8); }
XENT_INLINE XentUInt32x8 xentWidenUInt16(XentUInt16x8 v) { return __builtin_convertvector(v, XentUInt32x8); }
XENT_INLINE XentInt64x8 xentWidenInt32(XentInt32x8 v) { return __builtin_convertvector(v, XentInt64x8); }
// k − less for whole numbers k from −2048 to 2047 that stand where an encoding has its exponent, k 2^52, as numbers in units of xentExponentUnit():
// what the processor gets by the fewest instructions. `less` is a small whole number that is known when this is compiled.
#if defined(__AVX512DQ__) || defined(__ARM_NEON)
XENT_INLINE double xentExponentUnit(void) { return 0x1p-52; }
XENT_INLINE XentDouble8 xentFloatingExponent(XentInt64x8 exponent, double less) {
    return __builtin_convertvector(exponent, XentDouble8) - less * 0x1p52;
}
#else
XENT_INLINE double xentExponentUnit(void) { return 1; }
// No instruction converts integers of 64 bits, or shifts them and keeps their signs: k + 2048, which has none, is made the last bits of 2^52.
XENT_INLINE XentDouble8 xentFloatingExponent(XentInt64x8 exponent, double less) {
    const XentUInt64x8 raised = ((XentUInt64x8)exponent ^ 0x8000000000000000) >> 52;
    return (XentDouble8)(raised | 0x4330000000000000) - (0x1p52 + 2048 + less);
}
#endif
/// Eight bytes as numbers.
XENT_INLINE XentInt64x8 xentWidenUInt8(const void *_Nonnull pointer) {
    typedef uint8_t Bytes __attribute__((ext_vector_type(8)));
    Bytes bytes;
    __builtin_memcpy(&bytes, pointer, sizeof bytes);
    return __builtin_convertvector(bytes, XentInt64x8);
}

/// Float16 as Float32, exactly. Where the processor is not known to have an instruction for it, the significand and exponent are moved into
/// Float32's place and multiplied by 2^112 for the difference of the biases, which is exact and makes subnormals right.
XENT_INLINE XentFloat8 xentWidenHalf(XentUInt16x8 half) {
#if defined(__F16C__)
    typedef int16_t Half __attribute__((vector_size(16)));
    return (XentFloat8)__builtin_ia32_vcvtph2ps256((Half)half);
#elif defined(__ARM_NEON)
    typedef __fp16 Half8 __attribute__((ext_vector_type(8)));
    return __builtin_convertvector((Half8)half, XentFloat8);
#else
    XentUInt32x8 bits = __builtin_convertvector(half, XentUInt32x8);
    XentFloat8 scaled = (XentFloat8)((bits & 0x7FFF) << 13) * 0x1p112f;
    // Exponent field 31: infinity and NaN, which arrive here as 65536 and more.
    XentUInt32x8 special = (XentUInt32x8)(scaled >= 65536.0f) & 0x7F800000;
    return (XentFloat8)((XentUInt32x8)scaled | special | (bits & 0x8000) << 16);
#endif
}

/// Returns true if any lane of a mask is set. Each lane is all ones or all zeros.
XENT_INLINE int32_t xentAnyLane(XentInt64x8 mask) { return __builtin_reduce_or(mask) != 0; }

typedef _Bool XentBool8 __attribute__((ext_vector_type(8)));
/// A bit a lane, the first lane lowest.
XENT_INLINE uint8_t xentBitsOfBools(XentBool8 bools) {
    uint8_t bits;
    __builtin_memcpy(&bits, &bools, sizeof bits);
    return bits;
}
/// The lanes in which the two are equal as bits, the first lane lowest.
XENT_INLINE uint8_t xentEqualBitsFloat8(XentFloat8 a, XentFloat8 b) { return xentBitsOfBools(__builtin_convertvector(a == b, XentBool8)); }
XENT_INLINE uint8_t xentEqualBitsDouble8(XentDouble8 a, XentDouble8 b) { return xentBitsOfBools(__builtin_convertvector(a == b, XentBool8)); }

/// The lanes whose sign bit is set, as bits, the first lane lowest.
XENT_INLINE uint8_t xentBitsOfLanes(XentInt64x8 mask) { return xentBitsOfBools(__builtin_convertvector(mask < 0, XentBool8)); }

// Counts of lanes that are above a bound. A lane of a comparison is -1 where it holds.
XENT_INLINE XentInt32x8 xentCountAboveFloat8(XentInt32x8 counts, XentFloat8 v, XentFloat8 bound) { return counts - (v > bound); }
XENT_INLINE XentInt64x8 xentCountAboveDouble8(XentInt64x8 counts, XentDouble8 v, XentDouble8 bound) { return counts - (v > bound); }
XENT_INLINE ptrdiff_t xentTotalInt32x8(XentInt32x8 counts) { return __builtin_reduce_add(counts); }
XENT_INLINE ptrdiff_t xentTotalInt64x8(XentInt64x8 counts) { return __builtin_reduce_add(counts); }

/// How many Float16 values `xentMayBeSaturated` looks at.
enum { XentSaturationStep = 1024 };

/// Returns true if any of XentSaturationStep Float16 values is 0x7BFF or more, compared as integers with a sign: 65504, +∞, or a NaN
/// without the sign bit.
XENT_INLINE int32_t xentMayBeSaturated(const void *_Nonnull values) {
    XentInt16x32 largest = {0};
    for (int i = 0; i < XentSaturationStep; i += 32) {
        XentInt16x32 step;
        __builtin_memcpy(&step, (const char *)values + 2 * i, sizeof step);
        largest = __builtin_elementwise_max(largest, step);
    }
    return __builtin_reduce_max(largest) >= 0x7BFF;
}

/// The instruction set that the calling target is compiled for.
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
// The larger or the smaller lane by lane, `v` where either is NaN. Written so that they become one instruction.
XENT_INLINE XentFloat8 xentRaiseFloat8(XentFloat8 v, XentFloat8 bound) { return v < bound ? bound : v; }
XENT_INLINE XentDouble8 xentRaiseDouble8(XentDouble8 v, XentDouble8 bound) { return v < bound ? bound : v; }
XENT_INLINE XentFloat8 xentLowerFloat8(XentFloat8 v, XentFloat8 bound) { return v > bound ? bound : v; }
XENT_INLINE XentDouble8 xentLowerDouble8(XentDouble8 v, XentDouble8 bound) { return v > bound ? bound : v; }
/// How far a lane may be from the vector that it is excluded from.
enum { XentExclusionReach = 544 };
// +∞ on both sides of one −∞: the smaller of eight values and eight neighbours here is −∞ in one lane, or in none, and the value elsewhere.
// That takes one instruction, where it takes two and a mask's register to compare lane numbers and choose.
#define XENT_EXCLUSION \
    {[0 ... XentExclusionReach - 1] = __builtin_inff(), \
     [XentExclusionReach] = -__builtin_inff(), \
     [XentExclusionReach + 1 ... 2 * XentExclusionReach + 7] = __builtin_inff()}
static const float xentFloatExclusion[2 * XentExclusionReach + 8] = XENT_EXCLUSION;
static const double xentDoubleExclusion[2 * XentExclusionReach + 8] = XENT_EXCLUSION;
/// v with −∞ in lane `index`, if there is one: |index| is at most XentExclusionReach. A NaN stays.
XENT_INLINE XentFloat8 xentExcludeFloat8(XentFloat8 v, ptrdiff_t index) {
    XentFloat8 bound;
    __builtin_memcpy(&bound, xentFloatExclusion + XentExclusionReach - index, sizeof bound);
    return bound < v ? bound : v;
}
XENT_INLINE XentDouble8 xentExcludeDouble8(XentDouble8 v, ptrdiff_t index) {
    XentDouble8 bound;
    __builtin_memcpy(&bound, xentDoubleExclusion + XentExclusionReach - index, sizeof bound);
    return bound < v ? bound : v;
}
// Eight elements that lie `stride` bytes apart.
#define XENT_GATHER(NAME, TYPE, ELEMENT) \
    XENT_INLINE TYPE NAME(const void *_Nonnull pointer, ptrdiff_t stride) { \
        const char *p = (const char *)pointer; \
        ELEMENT e[8]; \
        for (int i = 0; i < 8; i++) __builtin_memcpy(&e[i], p + i * stride, sizeof e[i]); \
        return (TYPE){e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7]}; \
    }
XENT_GATHER(xentGatherFloat8, XentFloat8, float)
XENT_GATHER(xentGatherDouble8, XentDouble8, double)
XENT_GATHER(xentGatherUInt16x8, XentUInt16x8, uint16_t)
// Halves, pairs and single lanes of two vectors side by side: three steps of them bring what eight vectors hold each into one.
XENT_INLINE XentDouble8 xentLowHalves(XentDouble8 a, XentDouble8 b) { return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11); }
XENT_INLINE XentDouble8 xentHighHalves(XentDouble8 a, XentDouble8 b) { return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15); }
XENT_INLINE XentDouble8 xentLowPairs(XentDouble8 a, XentDouble8 b) { return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13); }
XENT_INLINE XentDouble8 xentHighPairs(XentDouble8 a, XentDouble8 b) { return __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15); }
XENT_INLINE XentDouble8 xentEvenLanes(XentDouble8 a, XentDouble8 b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
XENT_INLINE XentDouble8 xentOddLanes(XentDouble8 a, XentDouble8 b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15); }
/// v, and no instruction. Such points stay in the order of the source: LLVM would else work off one vector's chain of steps after the other, and
/// no processor looks far enough ahead to overlap them.
XENT_INLINE XentDouble8 xentInOrder(XentDouble8 v) {
#if defined(__AVX512F__)
    __asm__ volatile("" : "+v"(v));
    return v;
#elif defined(__AVX2__)
    XentDouble4 low = __builtin_shufflevector(v, v, 0, 1, 2, 3), high = __builtin_shufflevector(v, v, 4, 5, 6, 7);
    __asm__ volatile("" : "+x"(low), "+x"(high));
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#elif defined(__ARM_NEON)
    float64x2_t parts[4];
    __builtin_memcpy(parts, &v, sizeof v);
    __asm__ volatile("" : "+w"(parts[0]), "+w"(parts[1]), "+w"(parts[2]), "+w"(parts[3]));
    __builtin_memcpy(&v, parts, sizeof v);
    return v;
#else
    return v;
#endif
}
// One of eight numbers by the lowest three bits of each place. A table is a constant of two halves, four numbers each.
#if defined(__AVX512F__)
#define XENT_EIGHT_OF(LOW, HIGH, places) \
    ((XentUInt64x8)__builtin_ia32_permvardi512((XentInt64x8){LOW, HIGH}, (XentInt64x8)(places)))
#elif defined(__AVX2__)
typedef int32_t XentIndices8 __attribute__((vector_size(32)));
typedef float XentHalves8 __attribute__((vector_size(32)));
typedef uint64_t XentUInt64x4 __attribute__((vector_size(32)));
typedef double XentChosen4 __attribute__((vector_size(32)));
/// Four of the numbers, as eight halves: lane i's are at 2i and 2i + 1. `halves` are the places, each twice.
XENT_INLINE XentDouble4 xentFourOf(XentUInt64x4 low, XentUInt64x4 high, XentUInt32x8 halves) {
    XentUInt32x8 places = (halves << 1) + (XentUInt32x8){0, 1, 0, 1, 0, 1, 0, 1};
    XentChosen4 ofLow = (XentChosen4)__builtin_ia32_permvarsf256((XentHalves8)low, (XentIndices8)places);
    XentChosen4 ofHigh = (XentChosen4)__builtin_ia32_permvarsf256((XentHalves8)high, (XentIndices8)places);
    // The sign bit chooses: bit 2 of the index moved there.
    return (XentDouble4)__builtin_ia32_blendvpd256(ofLow, ofHigh, (XentChosen4)(halves << 29));
}
// No function takes eight numbers of 64 bits here: without AVX-512 clang says of each call that it would be passed otherwise with it.
#define XENT_EIGHT_OF(LOW, HIGH, places) ({ \
    const XentUInt32x16 parts = (XentUInt32x16)(places); \
    const XentDouble4 first = xentFourOf( \
        (XentUInt64x4){LOW}, (XentUInt64x4){HIGH}, __builtin_shufflevector(parts, parts, 0, 0, 2, 2, 4, 4, 6, 6)); \
    const XentDouble4 second = xentFourOf( \
        (XentUInt64x4){LOW}, (XentUInt64x4){HIGH}, __builtin_shufflevector(parts, parts, 8, 8, 10, 10, 12, 12, 14, 14)); \
    (XentUInt64x8)__builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7); })
#else
// On NEON, too: its table lookup (TBL) wants the table in four of its registers, which are needed for other things.
#define XENT_EIGHT_OF(LOW, HIGH, places) ({ \
    static const uint64_t table[8] = {LOW, HIGH}; \
    (XentUInt64x8){table[places[0] & 7], table[places[1] & 7], table[places[2] & 7], table[places[3] & 7], \
                   table[places[4] & 7], table[places[5] & 7], table[places[6] & 7], table[places[7] & 7]}; })
#endif
/// c 2^(k/8) for an integer k in the low bits of `shifted`, within 0.031 * 2^-53 of itself, k within ±8176: else it is a number without
/// meaning.
///
/// c = 0x1.00001427feacep+0 is chosen so that all eight of c 2^(i/8) lie next to a Float64, as Gal and Bachelis choose tables' arguments ("An accurate elementary mathematical library for the IEEE floating point standard", 1991); the nearest to 2^(i/8) itself are up to
/// 0.62 * 2^-53 off. `scripts/minimax.py eighths` prints them. The caller divides by c.
///
/// The lowest three bits of k find a power's encoding in a table, and k, moved to where the exponent is, adds the whole part; what the three
/// bits add to the significand on the way has been taken off the table.
XENT_INLINE XentDouble8 xentPowerOfEighths(XentUInt64x8 shifted) {
#define XENT_EIGHTH_POWERS_LOW 0x3FF00001427FEACE, 0x3FEF72B99C2D8BE1, 0x3FEF06FF89B68E5E, 0x3FEEBFDC77712184
#define XENT_EIGHTH_POWERS_HIGH 0x3FEEA0A02E949695, 0x3FEEACE733876D29, 0x3FEEE8A1B7BB80F3, 0x3FEF581B2C7332CE
    return (XentDouble8)(XENT_EIGHT_OF(XENT_EIGHTH_POWERS_LOW, XENT_EIGHTH_POWERS_HIGH, shifted) + (shifted << 49));
}
// Reciprocals c of numbers m, one for each of eight intervals, and -log c, which are multiples of 2^-42 within 2^-61.5 of the logarithms
// themselves: c has 29 bits, and is the one of a million about the middle whose logarithm is nearest to such a number (Gal and Bachelis).
// `scripts/minimax.py log` prints them. The first pair is for m from 0.7154 to 1.4309, whose intervals are those of the encodings (1 lies in
// the fifth, whose c is 1); the second for m = 1 + e with e in [0, 1], whose first interval begins with 1.
#define XENT_RECIPROCALS_LOW 0x3FF562931F000000, 0x3FF3D1321C000000, 0x3FF2516CB2000000, 0x3FF1273EEB000000
#define XENT_RECIPROCALS_HIGH 0x3FF0000000000000, 0x3FEC9E9468000000, 0x3FE9B26AF6000000, 0x3FE7739FB4000000
XENT_INLINE XentDouble8 xentReciprocal(XentUInt64x8 places) { return (XentDouble8)XENT_EIGHT_OF(XENT_RECIPROCALS_LOW, XENT_RECIPROCALS_HIGH, places); }
#define XENT_LOGARITHMS_LOW 0xBFD2910F1F4B5000, 0xBFCB630B06D46000, 0xBFC1517A43588000, 0xBFB1D1710901C000
#define XENT_LOGARITHMS_HIGH 0x0000000000000000, 0x3FBC950C06660000, 0x3FCC141CF8F0A000, 0x3FD3E40FE807D000
XENT_INLINE XentDouble8 xentLogarithmOfReciprocal(XentUInt64x8 places) { return (XentDouble8)XENT_EIGHT_OF(XENT_LOGARITHMS_LOW, XENT_LOGARITHMS_HIGH, places); }
#define XENT_UNIT_RECIPROCALS_LOW 0x3FF0000000000000, 0x3FEC72EA8C000000, 0x3FE977ED04000000, 0x3FE7041D9A000000
#define XENT_UNIT_RECIPROCALS_HIGH 0x3FE4E18C66000000, 0x3FE33C6C02000000, 0x3FE1C5A216000000, 0x3FE07ABE04000000
XENT_INLINE XentDouble8 xentUnitReciprocal(XentUInt64x8 places) { return (XentDouble8)XENT_EIGHT_OF(XENT_UNIT_RECIPROCALS_LOW, XENT_UNIT_RECIPROCALS_HIGH, places); }
#define XENT_UNIT_LOGARITHMS_LOW 0x0000000000000000, 0x3FBE1CC8B6A68000, 0x3FCD38C5D1CFA000, 0x3FD5173B4A9F3000
#define XENT_UNIT_LOGARITHMS_HIGH 0x3FDB523AE328C000, 0x3FE04953FC409000, 0x3FE2D1CF22C35800, 0x3FE53C622B9F5000
XENT_INLINE XentDouble8 xentLogarithmOfUnitReciprocal(XentUInt64x8 places) { return (XentDouble8)XENT_EIGHT_OF(XENT_UNIT_LOGARITHMS_LOW, XENT_UNIT_LOGARITHMS_HIGH, places); }
/// Stores the low halves of eight numbers.
XENT_INLINE void xentStoreLowHalves(void *_Nonnull pointer, XentInt64x8 value) {
    const XentInt32x8 halves = __builtin_convertvector(value, XentInt32x8);
    __builtin_memcpy(pointer, &halves, sizeof halves);
}
/// Stores the lowest bytes of eight numbers.
XENT_INLINE void xentStoreLowBytes(void *_Nonnull pointer, XentInt64x8 value) {
    typedef uint8_t Bytes __attribute__((ext_vector_type(8)));
    const Bytes bytes = __builtin_convertvector(value, Bytes);
    __builtin_memcpy(pointer, &bytes, sizeof bytes);
}
/// Stores two times eight numbers in turn: the even lanes of a and b, a lane of each after the other, and then the odd lanes.
XENT_INLINE void xentStoreInTurn(void *_Nonnull pointer, XentInt64x8 a, XentInt64x8 b) {
    const XentInt64x8 even = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14), odd = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
    __builtin_memcpy(pointer, &even, sizeof even);
    __builtin_memcpy((char *)pointer + sizeof even, &odd, sizeof odd);
}
/// Adds two numbers to two others in memory, wrapping.
XENT_INLINE void xentAddTwo(void *_Nonnull sums, const void *_Nonnull addends) {
    typedef uint64_t Two __attribute__((ext_vector_type(2)));
    Two sum, addend;
    __builtin_memcpy(&sum, sums, sizeof sum);
    __builtin_memcpy(&addend, addends, sizeof addend);
    sum += addend;
    __builtin_memcpy(sums, &sum, sizeof sum);
}
XENT_INLINE void xentStoreInt64x8(void *_Nonnull pointer, XentInt64x8 value) { __builtin_memcpy(pointer, &value, sizeof value); }
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
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi")
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
