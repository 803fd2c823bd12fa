public import KernelABI

/// The kernels of the instruction set that this target is compiled for.
public func kernelTable() -> KernelTable {
    KernelTable(
        softmaxRows: { softmaxRows($0) }, logProbabilityRows: { logProbabilityRows($0, $1) }, probabilityRows: { probabilityRows($0, $1) },
        binaryLogitRows: { binaryLogitRows($0) }, binaryLogProbabilityRows: { binaryLogProbabilityRows($0) },
        binaryProbabilityRows: { binaryProbabilityRows($0) }, targetRows: { targetRows($0, $1) }, bernoulliRows: { bernoulliRows($0, $1) },
        foldLosses: { foldLosses($0) }, surveyRows: { surveyRows($0) }, surveyLabels: { surveyLabels($0) },
        countSaturated: { countSaturated($0, $1) }, comparePairs: { comparePairs($0) },
        sumNumbers: { sumNumbers($0) }, addConfidences: { addConfidences($0) }, addTwoClasses: { addTwoClasses($0) },
        findKeyPlaces: { findKeyPlaces($0) }, divideValues: { divideValues($0) },
        plainExponentials: { plainExponentials($0, $1, $2) }, plainLogarithms: { plainLogarithms($0, $1, $2) },
        positiveProbabilities: { positiveProbabilities($0) }, temperatureSums: { temperatureSums($0) })
}
