// Runs the kernels for a caller at the other end of standard input and output, call after call (KernelCalls.h), until the input ends.
// Ends with status 2 where a call makes no sense. Compiled with the sources of Kernels as one module, for another processor than the
// caller's.

import KernelABI
import KernelCalls
import System

/// Bytes on both sides of each array that no kernel may change; more than the widest vector.
let marginByteCount = 128
let marginByte: UInt8 = 0xA5

/// Where a call's arrays are in the arena.
struct Arrays {
    // At least XentArrayCount.
    private var starts: [18 of UnsafeMutableRawPointer?] = .init(repeating: nil)
    private var byteCounts: [18 of Int] = .init(repeating: 0)

    /// Reads the arrays that the call announces. nil where the input ends before they do, or they do not fit.
    init?(of call: inout KernelCall) {
        // What a kernel finds in its scratch must not matter.
        let scratchByteCount = 8 * Int(XentScratchCount)
        for i in 0..<scratchByteCount { arena()[i] = 0xFF }
        var position = scratchByteCount
        for index in 0..<Int(XentArrayCount) {
            let byteCount = Self.announced(index, &call)
            if byteCount < 0 { continue }
            let offset = index == Int(XentArrayInput) ? Int(call.inputOffset) : 0
            guard (0..<64).contains(offset), byteCount <= arenaByteCount() - position - 4 * marginByteCount else { return nil }
            // The margin, the offset, and the margin after it.
            let start = arena() + position + marginByteCount + offset
            fill(start - marginByteCount)
            guard readInput(start, byteCount) else { return nil }
            fill(start + byteCount)
            starts[index] = UnsafeMutableRawPointer(start)
            byteCounts[index] = byteCount
            position = (position + 2 * marginByteCount + offset + byteCount + 63) & ~63
        }
    }

    private static func announced(_ index: Int, _ call: inout KernelCall) -> Int {
        withUnsafeBytes(of: &call.byteCounts) { Int($0.load(fromByteOffset: 8 * index, as: Int64.self)) }
    }

    private func fill(_ margin: UnsafeMutablePointer<UInt8>) {
        for i in 0..<marginByteCount { margin[i] = marginByte }
    }

    func start<Element>(_ index: Int, _: Element.Type) -> UnsafeMutablePointer<Element>? {
        starts[index]?.assumingMemoryBound(to: Element.self)
    }

    /// The array, or an end of the process: the function that is called cannot do without.
    func required<Element>(_ index: Int, _ type: Element.Type) -> UnsafeMutablePointer<Element> {
        guard let start = start(index, type) else { leave(2) }
        return start
    }

    /// 1 + the first array whose margins have changed, or 0.
    var overrun: Int64 {
        for index in 0..<Int(XentArrayCount) {
            guard let start = starts[index] else { continue }
            for i in 0..<marginByteCount
            where start.load(fromByteOffset: i - marginByteCount, as: UInt8.self) != marginByte
                || start.load(fromByteOffset: byteCounts[index] + i, as: UInt8.self) != marginByte
            {
                return Int64(index) + 1
            }
        }
        return 0
    }

    func writeBack(_ index: Int) {
        if let start = starts[index] { writeOutput(start, byteCounts[index]) }
    }
}

func run(_ call: inout KernelCall, _ arrays: Arrays, _ kernels: KernelTable) {
    func runRows(_ kernel: (UnsafeMutablePointer<RowBlock>, UnsafePointer<LossParameters>) -> Void) {
        call.block.values = UnsafeRawPointer(arrays.required(Int(XentArrayInput), UInt8.self))
        // Not read where there are targets.
        call.block.labels = UnsafePointer(
            arrays.start(Int(XentArrayLabels), Int32.self) ?? arrays.required(Int(XentArrayOutput), Int32.self))
        if call.block.labelBytes != nil { call.block.labelBytes = UnsafePointer(arrays.required(Int(XentArrayLabels), UInt8.self)) }
        call.block.targets = UnsafePointer(arrays.start(Int(XentArrayTargets), Double.self))
        call.block.clipped = arrays.start(Int(XentArrayClipped), UInt8.self)
        call.block.losses = arrays.required(Int(XentArrayOutput), Double.self)
        call.block.scratch = UnsafeMutableRawPointer(arena()).assumingMemoryBound(to: Double.self)
        call.block.facts = RowFactArrays(
            labelProbability: arrays.start(Int(XentArrayLabelProbability), Double.self),
            topProbability: arrays.start(Int(XentArrayTopProbability), Double.self),
            topClass: arrays.start(Int(XentArrayTopClass), Int32.self), isCorrect: arrays.start(Int(XentArrayIsCorrect), UInt8.self),
            squaredProbabilitySum: arrays.start(Int(XentArraySquaredProbabilitySum), Double.self),
            probabilityWeightedSum: arrays.start(Int(XentArrayProbabilityWeightedSum), Double.self),
            labelRank: arrays.start(Int(XentArrayLabelRank), Int32.self),
            probabilityTerms: arrays.start(Int(XentArrayProbabilityTerms), Double.self),
            termScale: arrays.start(Int(XentArrayTermScale), Double.self))
        call.parameters.classWeights = UnsafePointer(arrays.start(Int(XentArrayClassWeights), Double.self))
        call.parameters.positiveWeights = UnsafePointer(arrays.start(Int(XentArrayPositiveWeights), Double.self))
        kernel(&call.block, &call.parameters)
    }
    func runMap(_ map: (UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void) {
        map(arrays.required(Int(XentArrayInput), Double.self), arrays.required(Int(XentArrayOutput), Double.self), Int(call.count))
    }

    switch Int(call.function) {
    case Int(XentCallSoftmaxRows): runRows { block, _ in kernels.softmaxRows(block) }
    case Int(XentCallLogProbabilityRows): runRows { kernels.logProbabilityRows($0, $1) }
    case Int(XentCallProbabilityRows): runRows { kernels.probabilityRows($0, $1) }
    case Int(XentCallBinaryLogitRows): runRows { block, _ in kernels.binaryLogitRows(block) }
    case Int(XentCallBinaryLogProbabilityRows): runRows { block, _ in kernels.binaryLogProbabilityRows(block) }
    case Int(XentCallBinaryProbabilityRows): runRows { block, _ in kernels.binaryProbabilityRows(block) }
    case Int(XentCallTargetRows): runRows { kernels.targetRows($0, $1) }
    case Int(XentCallBernoulliRows): runRows { kernels.bernoulliRows($0, $1) }
    case Int(XentCallFoldLosses):
        call.fold.losses = UnsafePointer(arrays.required(Int(XentArrayInput), Double.self))
        call.fold.residuals = arrays.required(Int(XentArrayOutput), Double.self)
        kernels.foldLosses(&call.fold)
    case Int(XentCallSurveyRows):
        call.rowSurvey.values = UnsafeRawPointer(arrays.required(Int(XentArrayInput), UInt8.self))
        kernels.surveyRows(&call.rowSurvey)
    case Int(XentCallSurveyLabels):
        // Numbers in the place of indices where there are targets.
        call.labelSurvey.labels = UnsafePointer(arrays.required(Int(XentArrayInput), Int32.self))
        if call.labelSurvey.bytes != nil { call.labelSurvey.bytes = UnsafePointer(arrays.required(Int(XentArrayInput), UInt8.self)) }
        if call.labelSurvey.targets != nil { call.labelSurvey.targets = UnsafePointer(arrays.required(Int(XentArrayInput), Double.self)) }
        kernels.surveyLabels(&call.labelSurvey)
    case Int(XentCallCountSaturated):
        call.count = Int64(kernels.countSaturated(arrays.required(Int(XentArrayInput), UInt8.self), Int(call.count)))
    case Int(XentCallComparePairs):
        call.pairs.valuesA = UnsafeRawPointer(arrays.required(Int(XentArrayInput), UInt8.self))
        call.pairs.valuesB = UnsafeRawPointer(arrays.required(Int(XentArrayLabels), UInt8.self))
        call.pairs.lossesA = UnsafePointer(arrays.required(Int(XentArrayTargets), Double.self))
        call.pairs.lossesB = UnsafePointer(arrays.required(Int(XentArrayClassWeights), Double.self))
        call.pairs.topClassA = UnsafePointer(arrays.start(Int(XentArrayTopClass), Int32.self))
        call.pairs.topClassB = UnsafePointer(arrays.start(Int(XentArrayLabelRank), Int32.self))
        call.pairs.topProbabilityA = UnsafePointer(arrays.start(Int(XentArrayProbabilityWeightedSum), Double.self))
        call.pairs.topProbabilityB = UnsafePointer(arrays.start(Int(XentArrayClipped), Double.self))
        call.pairs.termsA = UnsafePointer(arrays.start(Int(XentArrayProbabilityTerms), Double.self))
        call.pairs.termScaleA = UnsafePointer(arrays.start(Int(XentArrayTermScale), Double.self))
        call.pairs.termsB = UnsafePointer(arrays.start(Int(XentArrayOtherTerms), Double.self))
        call.pairs.termScaleB = UnsafePointer(arrays.start(Int(XentArrayOtherTermScale), Double.self))
        call.pairs.scratch = UnsafeMutableRawPointer(arena()).assumingMemoryBound(to: Double.self)
        call.pairs.klAB = arrays.required(Int(XentArrayOutput), Double.self)
        call.pairs.klBA = arrays.required(Int(XentArrayLabelProbability), Double.self)
        call.pairs.jensenShannon = arrays.required(Int(XentArrayTopProbability), Double.self)
        call.pairs.totalVariation = arrays.required(Int(XentArraySquaredProbabilitySum), Double.self)
        kernels.comparePairs(&call.pairs)
    case Int(XentCallSumNumbers):
        call.fold.losses = UnsafePointer(arrays.required(Int(XentArrayInput), Double.self))
        call.fold.residuals = arrays.required(Int(XentArrayOutput), Double.self)
        kernels.sumNumbers(&call.fold)
    case Int(XentCallAddConfidences):
        call.confidences.confidences = UnsafePointer(arrays.required(Int(XentArrayInput), Double.self))
        call.confidences.outcomes = UnsafePointer(arrays.required(Int(XentArrayTargets), Double.self))
        call.confidences.cells = arrays.required(Int(XentArrayOutput), Int64.self)
        call.confidences.grid = arrays.start(Int(XentArrayLabelProbability), Int64.self)
        call.confidences.others = arrays.required(Int(XentArrayTopClass), Int32.self)
        call.confidences.scratch = UnsafeMutableRawPointer(arena()).assumingMemoryBound(to: Int64.self)
        kernels.addConfidences(&call.confidences)
    case Int(XentCallAddTwoClasses):
        call.twoClasses.losses = UnsafePointer(arrays.required(Int(XentArrayInput), Double.self))
        call.twoClasses.classes = UnsafePointer(arrays.required(Int(XentArrayLabels), Int32.self))
        call.twoClasses.isCorrect = UnsafePointer(arrays.required(Int(XentArrayTargets), UInt8.self))
        kernels.addTwoClasses(&call.twoClasses)
    case Int(XentCallFindKeyPlaces):
        call.keys.values = UnsafeRawPointer(arrays.required(Int(XentArrayInput), UInt8.self))
        call.keys.places = arrays.required(Int(XentArrayOutput), Int32.self)
        kernels.findKeyPlaces(&call.keys)
    case Int(XentCallDivideValues):
        call.division.values = UnsafeRawPointer(arrays.required(Int(XentArrayInput), UInt8.self))
        call.division.quotients = arrays.required(Int(XentArrayOutput), Double.self)
        kernels.divideValues(&call.division)
    case Int(XentCallPlainExponentials): runMap { kernels.plainExponentials($0, $1, $2) }
    case Int(XentCallPlainLogarithms): runMap { kernels.plainLogarithms($0, $1, $2) }
    case Int(XentCallPositiveProbabilities):
        call.probabilities.values = UnsafeRawPointer(arrays.required(Int(XentArrayInput), UInt8.self))
        call.probabilities.probabilities = arrays.required(Int(XentArrayOutput), Double.self)
        kernels.positiveProbabilities(&call.probabilities)
    case Int(XentCallTemperatureSums):
        call.temperature.distances = UnsafePointer(arrays.required(Int(XentArrayInput), Double.self))
        kernels.temperatureSums(&call.temperature)
    case Int(XentCallMapExponential): runMap { mapExponential($0, $1, $2) }
    case Int(XentCallMapNegativeLogarithm): runMap { mapNegativeLogarithm($0, $1, $2) }
    case Int(XentCallMapLogarithmOfOnePlus): runMap { mapLogarithmOfOnePlus($0, $1, $2) }
    default: leave(2)
    }
}

func answerCalls() {
    let kernels = kernelTable()
    var call = KernelCall()
    while readInput(&call, MemoryLayout<KernelCall>.size) {
        guard let arrays = Arrays(of: &call) else { leave(2) }
        run(&call, arrays, kernels)
        call.overrunArray = arrays.overrun
        writeOutput(&call, MemoryLayout<KernelCall>.size)
        for index in Int(XentArrayOutput)..<Int(XentArrayCount) { arrays.writeBack(index) }
    }
}

answerCalls()
