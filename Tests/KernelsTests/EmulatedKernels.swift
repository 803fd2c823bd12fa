import KernelABI
import KernelCalls
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// The kernels of another processor, in another process: what Tests/Emulation/build wrote, under an emulator. A call takes its arrays there
/// through a socket and brings the results back, so to its caller it is a kernel like the others.
final class EmulatedKernels: Sendable {
    /// nil unless XENT_NEON_KERNELS names what Tests/Emulation/build wrote.
    static let neon: EmulatedKernels? = {
        #if canImport(Glibc)
            guard let path = getenv("XENT_NEON_KERNELS") else { return nil }
            return EmulatedKernels(command: ["qemu-aarch64", String(cString: path)])
        #else
            return nil
        #endif
    }()

    /// Our end of the socket; one call at a time.
    private let socket: Mutex<Int32>

    /// What the kernel gives back, and where its caller wants it.
    private typealias Output = (array: Int, memory: UnsafeMutableRawPointer, byteCount: Int)

    #if canImport(Glibc)
        init?(command: [String]) {
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
            defer { close(ends[1]) }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            for descriptor in [STDIN_FILENO, STDOUT_FILENO] { posix_spawn_file_actions_adddup2(&actions, ends[1], descriptor) }
            var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
            defer { for argument in arguments { free(argument) } }
            var process: pid_t = 0
            guard posix_spawnp(&process, command[0], &actions, nil, &arguments, environ) == 0 else {
                close(ends[0])
                return nil
            }
            socket = Mutex(ends[0])
        }

        /// Sends the call with its arrays, -1 bytes for one that is not there, and waits for the answer.
        private func run(_ call: inout KernelCall, inputs: [Int: UnsafeRawBufferPointer], outputs: [Output]) {
            withUnsafeMutableBytes(of: &call.byteCounts) { byteCounts in
                let byteCounts = byteCounts.bindMemory(to: Int64.self)
                for array in 0..<Int(XentArrayCount) { byteCounts[array] = Int64(inputs[array]?.count ?? -1) }
                for output in outputs { byteCounts[output.array] = Int64(output.byteCount) }
            }
            let whole = socket.withLock { socket in
                var whole = withUnsafeBytes(of: &call) { Self.send($0, socket) }
                for array in 0..<Int(XentArrayCount) {
                    if let input = inputs[array] { whole = whole && Self.send(input, socket) }
                    // What a kernel leaves as it was must stay so.
                    for output in outputs where output.array == array {
                        whole = whole && Self.send(UnsafeRawBufferPointer(start: output.memory, count: output.byteCount), socket)
                    }
                }
                whole = whole && withUnsafeMutableBytes(of: &call) { Self.receive($0, socket) }
                for output in outputs {
                    whole = whole && Self.receive(UnsafeMutableRawBufferPointer(start: output.memory, count: output.byteCount), socket)
                }
                return whole
            }
            if !whole { Issue.record("the emulated kernels ended in function \(call.function); is qemu-aarch64 there?") }
            if call.overrunArray != 0 { Issue.record("function \(call.function) wrote beside array \(call.overrunArray - 1)") }
        }

        private static func send(_ bytes: UnsafeRawBufferPointer, _ socket: Int32) -> Bool {
            var rest = bytes
            while !rest.isEmpty {
                // Without a signal where the other end is gone: it would end the tests.
                let count = Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return true
        }

        private static func receive(_ bytes: UnsafeMutableRawBufferPointer, _ socket: Int32) -> Bool {
            var rest = bytes
            while !rest.isEmpty {
                let count = read(socket, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = UnsafeMutableRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return true
        }
    #else
        private func run(_ call: inout KernelCall, inputs: [Int: UnsafeRawBufferPointer], outputs: [Output]) {}
    #endif

    // MARK: Functions

    /// Arrays are as long as KernelABI.h promises that they are readable, so that what lies there goes along.
    func run(_ function: Int, _ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>? = nil) {
        var call = KernelCall()
        call.function = Int32(function)
        call.block = block.pointee
        let valueCount = block.pointee.rowCount * block.pointee.classCount
        let room = (block.pointee.rowCount + 63) / 64 * 64
        var inputs = [Int: UnsafeRawBufferPointer]()
        inputs[Int(XentArrayInput)] = UnsafeRawBufferPointer(
            start: block.pointee.values, count: valueCount * Self.byteCount(block.pointee.elementCode) + 64)
        call.inputOffset = Int32(UInt(bitPattern: block.pointee.values) % 64)
        if let targets = block.pointee.targets {
            inputs[Int(XentArrayTargets)] = UnsafeRawBufferPointer(start: targets, count: 8 * (valueCount + 8))
        } else if let bytes = block.pointee.labelBytes {
            inputs[Int(XentArrayLabels)] = UnsafeRawBufferPointer(start: bytes, count: room)
        } else {
            inputs[Int(XentArrayLabels)] = UnsafeRawBufferPointer(start: block.pointee.labels, count: 4 * room)
        }
        if let parameters {
            call.parameters = parameters.pointee
            let byteCount = 8 * (block.pointee.classCount + 8)
            if let weights = call.parameters.classWeights {
                inputs[Int(XentArrayClassWeights)] = UnsafeRawBufferPointer(start: weights, count: byteCount)
            }
            if let weights = call.parameters.positiveWeights {
                inputs[Int(XentArrayPositiveWeights)] = UnsafeRawBufferPointer(start: weights, count: byteCount)
            }
        }
        var outputs: [Output] = [(Int(XentArrayOutput), UnsafeMutableRawPointer(block.pointee.losses), 8 * room)]
        func give<Number>(_ array: Int, _ memory: UnsafeMutablePointer<Number>?) {
            if let memory { outputs.append((array, UnsafeMutableRawPointer(memory), MemoryLayout<Number>.stride * room)) }
        }
        // In the order of the arrays, in which they come back.
        give(Int(XentArrayClipped), block.pointee.clipped)
        let facts = block.pointee.facts
        give(Int(XentArrayLabelProbability), facts.labelProbability)
        give(Int(XentArrayTopProbability), facts.topProbability)
        give(Int(XentArrayTopClass), facts.topClass)
        give(Int(XentArrayIsCorrect), facts.isCorrect)
        give(Int(XentArraySquaredProbabilitySum), facts.squaredProbabilitySum)
        give(Int(XentArrayProbabilityWeightedSum), facts.probabilityWeightedSum)
        give(Int(XentArrayLabelRank), facts.labelRank)
        if let terms = facts.probabilityTerms {
            let count = block.pointee.rowCount * ((block.pointee.classCount + 7) / 8 * 8)
            outputs.append((Int(XentArrayProbabilityTerms), UnsafeMutableRawPointer(terms), 8 * count))
        }
        give(Int(XentArrayTermScale), facts.termScale)
        run(&call, inputs: inputs, outputs: outputs)
        block.pointee.unscoredRowCount = call.block.unscoredRowCount
        block.pointee.correctRowCount = call.block.correctRowCount
        block.pointee.instructionSetCode = call.block.instructionSetCode
    }

    func fold(_ function: Int, _ fold: UnsafeMutablePointer<LossFold>) {
        var call = KernelCall()
        call.function = Int32(function)
        call.fold = fold.pointee
        let room = (fold.pointee.rowCount + 7) / 8 * 8
        run(
            &call, inputs: [Int(XentArrayInput): UnsafeRawBufferPointer(start: fold.pointee.losses, count: 8 * room)],
            outputs: [(Int(XentArrayOutput), UnsafeMutableRawPointer(fold.pointee.residuals), 8 * (room + 8))])
        let (losses, residuals) = (fold.pointee.losses, fold.pointee.residuals)
        fold.pointee = call.fold
        (fold.pointee.losses, fold.pointee.residuals) = (losses, residuals)
    }

    /// Facts are read alone; they go where arrays come back from, since there is room.
    func comparePairs(_ pairs: UnsafeMutablePointer<PairBlock>) {
        var call = KernelCall()
        call.function = Int32(XentCallComparePairs)
        call.pairs = pairs.pointee
        let block = pairs.pointee
        let valueCount = block.rowCount * block.classCount
        // Rounded up to whole vectors, as the arrays of results are.
        let room = (block.rowCount + 7) / 8 * 8
        func values(_ start: UnsafeRawPointer, _ code: Int32) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: start, count: valueCount * Self.byteCount(code) + 64)
        }
        var outputs: [Output] = []
        func give<Number>(_ array: Int, _ memory: UnsafePointer<Number>?) {
            if let memory { outputs.append((array, UnsafeMutableRawPointer(mutating: memory), MemoryLayout<Number>.stride * room)) }
        }
        // In the order of the arrays, in which they come back.
        give(Int(XentArrayOutput), UnsafePointer(block.klAB))
        give(Int(XentArrayClipped), block.topProbabilityB)
        give(Int(XentArrayLabelProbability), UnsafePointer(block.klBA))
        give(Int(XentArrayTopProbability), UnsafePointer(block.jensenShannon))
        give(Int(XentArrayTopClass), block.topClassA)
        give(Int(XentArraySquaredProbabilitySum), UnsafePointer(block.totalVariation))
        give(Int(XentArrayProbabilityWeightedSum), block.topProbabilityA)
        give(Int(XentArrayLabelRank), block.topClassB)
        let terms: [(Int, UnsafePointer<Double>?, Int)] = [
            (Int(XentArrayProbabilityTerms), block.termsA, block.rowCount * ((block.classCount + 7) / 8 * 8)),
            (Int(XentArrayTermScale), block.termScaleA, block.rowCount),
            (Int(XentArrayOtherTerms), block.termsB, block.rowCount * ((block.classCount + 7) / 8 * 8)),
            (Int(XentArrayOtherTermScale), block.termScaleB, block.rowCount),
        ]
        for (array, memory, count) in terms {
            if let memory { outputs.append((array, UnsafeMutableRawPointer(mutating: memory), 8 * count)) }
        }
        run(
            &call,
            inputs: [
                Int(XentArrayInput): values(block.valuesA, block.elementCodeA), Int(XentArrayLabels): values(block.valuesB, block.elementCodeB),
                Int(XentArrayTargets): UnsafeRawBufferPointer(start: block.lossesA, count: 8 * block.rowCount),
                Int(XentArrayClassWeights): UnsafeRawBufferPointer(start: block.lossesB, count: 8 * block.rowCount),
            ], outputs: outputs)
    }

    func addConfidences(_ sums: UnsafeMutablePointer<ConfidenceSums>) {
        var call = KernelCall()
        call.function = Int32(XentCallAddConfidences)
        call.confidences = sums.pointee
        let block = sums.pointee
        let room = 8 * ((block.count + 7) / 8 * 8)
        var outputs: [Output] = [(Int(XentArrayOutput), UnsafeMutableRawPointer(block.cells), 32 * (2 * block.intervalCount + 1))]
        if let grid = block.grid { outputs.append((Int(XentArrayLabelProbability), UnsafeMutableRawPointer(grid), 8 * block.gridCellCount)) }
        outputs.append((Int(XentArrayTopClass), UnsafeMutableRawPointer(block.others), 4 * block.count))
        run(
            &call,
            inputs: [
                Int(XentArrayInput): UnsafeRawBufferPointer(start: block.confidences, count: room),
                Int(XentArrayTargets): UnsafeRawBufferPointer(start: block.outcomes, count: room),
            ], outputs: outputs)
        sums.pointee.otherCount = call.confidences.otherCount
    }

    func addTwoClasses(_ sums: UnsafeMutablePointer<TwoClassSums>) {
        var call = KernelCall()
        call.function = Int32(XentCallAddTwoClasses)
        call.twoClasses = sums.pointee
        let block = sums.pointee
        let room = (block.count + 7) / 8 * 8
        run(
            &call,
            inputs: [
                Int(XentArrayInput): UnsafeRawBufferPointer(start: block.losses, count: 8 * room),
                Int(XentArrayLabels): UnsafeRawBufferPointer(start: block.classes, count: 4 * room),
                Int(XentArrayTargets): UnsafeRawBufferPointer(start: block.isCorrect, count: room),
            ], outputs: [])
        sums.pointee.isUsual = call.twoClasses.isUsual
        (sums.pointee.all, sums.pointee.one) = (call.twoClasses.all, call.twoClasses.one)
    }

    func findKeyPlaces(_ keys: UnsafeMutablePointer<KeyPlaces>) {
        var call = KernelCall()
        call.function = Int32(XentCallFindKeyPlaces)
        call.keys = keys.pointee
        let block = keys.pointee
        let values = UnsafeRawBufferPointer(start: block.values, count: block.count * Self.byteCount(block.elementCode) + 64)
        run(
            &call, inputs: [Int(XentArrayInput): values],
            outputs: [(Int(XentArrayOutput), UnsafeMutableRawPointer(block.places), 4 * ((block.count + 7) / 8 * 8))])
        keys.pointee.areInside = call.keys.areInside
    }

    func divideValues(_ block: UnsafeMutablePointer<DivisionBlock>) {
        var call = KernelCall()
        call.function = Int32(XentCallDivideValues)
        call.division = block.pointee
        let (values, count) = (block.pointee.values, block.pointee.count)
        run(
            &call,
            inputs: [
                Int(XentArrayInput): UnsafeRawBufferPointer(start: values, count: count * Self.byteCount(block.pointee.elementCode) + 64)
            ], outputs: [(Int(XentArrayOutput), UnsafeMutableRawPointer(block.pointee.quotients), 8 * ((count + 7) / 8 * 8))])
    }

    func positiveProbabilities(_ block: UnsafeMutablePointer<ProbabilityBlock>) {
        var call = KernelCall()
        call.function = Int32(XentCallPositiveProbabilities)
        call.probabilities = block.pointee
        let (values, count) = (block.pointee.values, block.pointee.count)
        run(
            &call,
            inputs: [
                Int(XentArrayInput): UnsafeRawBufferPointer(start: values, count: count * Self.byteCount(block.pointee.elementCode) + 64)
            ], outputs: [(Int(XentArrayOutput), UnsafeMutableRawPointer(block.pointee.probabilities), 8 * ((count + 7) / 8 * 8))])
    }

    func temperatureSums(_ block: UnsafeMutablePointer<TemperatureBlock>) {
        var call = KernelCall()
        call.function = Int32(XentCallTemperatureSums)
        call.temperature = block.pointee
        let room = (block.pointee.classCount + 7) / 8 * 8
        run(
            &call, inputs: [Int(XentArrayInput): UnsafeRawBufferPointer(start: block.pointee.distances, count: 8 * room)], outputs: [])
        (block.pointee.sum, block.pointee.first, block.pointee.second) = (call.temperature.sum, call.temperature.first, call.temperature.second)
    }

    func surveyRows(_ survey: UnsafeMutablePointer<RowSurvey>) {
        var call = KernelCall()
        call.function = Int32(XentCallSurveyRows)
        call.rowSurvey = survey.pointee
        let values = survey.pointee.values
        let byteCount = survey.pointee.rowCount * survey.pointee.classCount * Self.byteCount(survey.pointee.elementCode)
        run(&call, inputs: [Int(XentArrayInput): UnsafeRawBufferPointer(start: values, count: byteCount + 64)], outputs: [])
        survey.pointee = call.rowSurvey
        survey.pointee.values = values
    }

    func surveyLabels(_ survey: UnsafeMutablePointer<LabelSurvey>) {
        var call = KernelCall()
        call.function = Int32(XentCallSurveyLabels)
        call.labelSurvey = survey.pointee
        let (labels, targets, bytes) = (survey.pointee.labels, survey.pointee.targets, survey.pointee.bytes)
        let room = (survey.pointee.rowCount + 7) / 8 * 8
        let start = targets.map { UnsafeRawPointer($0) } ?? bytes.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(labels)
        let input = UnsafeRawBufferPointer(start: start, count: (targets != nil ? 8 : bytes != nil ? 1 : 4) * room)
        run(&call, inputs: [Int(XentArrayInput): input], outputs: [])
        survey.pointee = call.labelSurvey
        (survey.pointee.labels, survey.pointee.targets, survey.pointee.bytes) = (labels, targets, bytes)
    }

    func countSaturated(_ values: UnsafeRawPointer, _ count: Int) -> Int {
        var call = KernelCall()
        call.function = Int32(XentCallCountSaturated)
        call.count = Int64(count)
        run(&call, inputs: [Int(XentArrayInput): UnsafeRawBufferPointer(start: values, count: 2 * count)], outputs: [])
        return Int(call.count)
    }

    func map(_ function: Int, _ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, _ count: Int) {
        var call = KernelCall()
        call.function = Int32(function)
        call.count = Int64(count)
        let byteCount = 8 * ((count + 7) / 8 * 8)
        run(
            &call, inputs: [Int(XentArrayInput): UnsafeRawBufferPointer(start: x, count: byteCount)],
            outputs: [(Int(XentArrayOutput), UnsafeMutableRawPointer(out), byteCount)])
    }

    private static func byteCount(_ elementCode: Int32) -> Int {
        elementCode == Int32(XentElementFloat64) ? 8 : elementCode == Int32(XentElementFloat32) ? 4 : 2
    }
}

extension KernelTable {
    /// The emulated NEON kernels, for whoever calls kernels by a table. Where there are none its functions do nothing.
    static let emulatedNEON = KernelTable(
        softmaxRows: { EmulatedKernels.neon?.run(Int(XentCallSoftmaxRows), $0) },
        logProbabilityRows: { EmulatedKernels.neon?.run(Int(XentCallLogProbabilityRows), $0, $1) },
        probabilityRows: { EmulatedKernels.neon?.run(Int(XentCallProbabilityRows), $0, $1) },
        binaryLogitRows: { EmulatedKernels.neon?.run(Int(XentCallBinaryLogitRows), $0) },
        binaryLogProbabilityRows: { EmulatedKernels.neon?.run(Int(XentCallBinaryLogProbabilityRows), $0) },
        binaryProbabilityRows: { EmulatedKernels.neon?.run(Int(XentCallBinaryProbabilityRows), $0) },
        targetRows: { EmulatedKernels.neon?.run(Int(XentCallTargetRows), $0, $1) },
        bernoulliRows: { EmulatedKernels.neon?.run(Int(XentCallBernoulliRows), $0, $1) },
        foldLosses: { EmulatedKernels.neon?.fold(Int(XentCallFoldLosses), $0) },
        surveyRows: { EmulatedKernels.neon?.surveyRows($0) },
        surveyLabels: { EmulatedKernels.neon?.surveyLabels($0) },
        countSaturated: { EmulatedKernels.neon?.countSaturated($0, $1) ?? 0 },
        comparePairs: { EmulatedKernels.neon?.comparePairs($0) }, sumNumbers: { EmulatedKernels.neon?.fold(Int(XentCallSumNumbers), $0) },
        addConfidences: { EmulatedKernels.neon?.addConfidences($0) }, addTwoClasses: { EmulatedKernels.neon?.addTwoClasses($0) },
        findKeyPlaces: { EmulatedKernels.neon?.findKeyPlaces($0) }, divideValues: { EmulatedKernels.neon?.divideValues($0) },
        plainExponentials: { EmulatedKernels.neon?.map(Int(XentCallPlainExponentials), $0, $1, $2) },
        plainLogarithms: { EmulatedKernels.neon?.map(Int(XentCallPlainLogarithms), $0, $1, $2) },
        positiveProbabilities: { EmulatedKernels.neon?.positiveProbabilities($0) },
        temperatureSums: { EmulatedKernels.neon?.temperatureSums($0) })
}
