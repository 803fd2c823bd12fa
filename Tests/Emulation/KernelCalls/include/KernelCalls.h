// A call of a kernel as it goes through a pipe: this struct, then its arrays one after the other, without gaps. The answer is the struct
// again, then the arrays that the kernel may write to. Both sides are 64 bits wide and have the low byte first, so C lays the struct out
// alike on both; the pointers in it are the sender's, and say only whether there is one.
#ifndef XENT_KERNEL_CALLS_H
#define XENT_KERNEL_CALLS_H

#include <stdint.h>
#include "KernelABI.h"

/// Which function is called: those of KernelTable in its order, then those of FunctionMaps.swift.
enum {
    XentCallSoftmaxRows,
    XentCallLogProbabilityRows,
    XentCallProbabilityRows,
    XentCallBinaryLogitRows,
    XentCallBinaryLogProbabilityRows,
    XentCallBinaryProbabilityRows,
    XentCallTargetRows,
    XentCallBernoulliRows,
    XentCallFoldLosses,
    XentCallSurveyRows,
    XentCallSurveyLabels,
    XentCallCountSaturated,
    XentCallComparePairs,
    XentCallSumNumbers,
    XentCallAddConfidences,
    XentCallAddTwoClasses,
    XentCallFindKeyPlaces,
    XentCallDivideValues,
    XentCallPlainExponentials,
    XentCallPlainLogarithms,
    XentCallPositiveProbabilities,
    XentCallTemperatureSums,
    XentCallMapExponential,
    XentCallMapNegativeLogarithm,
    XentCallMapLogarithmOfOnePlus
};

/// The arrays by their place in the request. Functions of other structs than RowBlock take places of the same direction: see `run` of the server.
enum {
    /// What is read: values, losses to fold, labels to survey, arguments of a map.
    XentArrayInput,
    XentArrayLabels,
    XentArrayTargets,
    XentArrayClassWeights,
    XentArrayPositiveWeights,
    /// These and all that follow go back: losses, residuals or results, and the marks of clipped rows.
    XentArrayOutput,
    XentArrayClipped,
    /// The facts of rows, as RowFactArrays has them.
    XentArrayLabelProbability,
    XentArrayTopProbability,
    XentArrayTopClass,
    XentArrayIsCorrect,
    XentArraySquaredProbabilitySum,
    XentArrayProbabilityWeightedSum,
    XentArrayLabelRank,
    XentArrayProbabilityTerms,
    XentArrayTermScale,
    /// Of pairs alone.
    XentArrayOtherTerms,
    XentArrayOtherTermScale,
    XentArrayCount
};

typedef struct KernelCall {
    int32_t function;
    /// How far the input's address is beyond a multiple of 64 bytes.
    int32_t inputOffset;
    /// Of each array; -1 where there is none.
    int64_t byteCounts[XentArrayCount];
    /// Those that the function takes hold what its caller gave; in the answer, what the kernel made of it.
    RowBlock block;
    LossParameters parameters;
    LossFold fold;
    RowSurvey rowSurvey;
    LabelSurvey labelSurvey;
    PairBlock pairs;
    ConfidenceSums confidences;
    TwoClassSums twoClasses;
    KeyPlaces keys;
    DivisionBlock division;
    ProbabilityBlock probabilities;
    TemperatureBlock temperature;
    /// Of a function without a struct: how many numbers it is given, and in the answer what it returned.
    int64_t count;
    /// In the answer: 0, or 1 + the first array beside which the kernel wrote.
    int64_t overrunArray;
} KernelCall;

#endif
