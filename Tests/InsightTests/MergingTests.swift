import Insight
import Scoring
import Testing

/// The state of a figure depends on the set of rows alone: not on blocks, workers, or the order of merging. And it comes back from its bytes.
@Suite struct MergingTests {
    static let losses: [(LossTask, PredictionInput, Bool)] = [
        (.multiclass, .logits, false), (.multiclass, .logits, true), (.multiclass, .probabilities, false), (.binary, .logits, false),
        (.binary, .probabilities, true), (.binary, .logProbabilities, false),
    ]

    /// All figures that the loss has.
    static func observers(_ specification: LossSpecification, classCount: Int) throws -> [any RowObserver] {
        var request = InsightRequest()
        request.addUsual(specification.task)
        request.measuresRanking = true
        request.binCounts = [15, 10]
        let cluster = Slices.Column.companion(Clusters.column)
        request.slices = [
            [.label], [.predicted], [.label, .predicted], [cluster], [.intervals(of: cluster, ValueIntervals([-5, 0, 7]))],
            [.value(of: cluster, "3"), .label],
        ]
        request.shownColumns = ["name"]
        request.hasClusters = true
        request.temperatures = [0.5, 2]
        request.fitsTemperature = true
        if specification.task == .multiclass {
            request.topKs = [1, 2]
            request.calibration = .both
        }
        if !specification.modifiers.hasRowWeights { request.binning = .equalMass }
        return try request.observers(specification, classCount: classCount) + [RowGroups(specification)]
    }

    @Test(arguments: losses)
    func anyCutAndOrderGiveTheSameBytes(task: LossTask, input: PredictionInput, hasWeights: Bool) throws {
        let classCount = task == .binary ? 1 : 5
        for isRounded in [false, true] {
            let rows = RandomRows(
                try RandomRows.loss(task, input, hasWeights: hasWeights), rowCount: 3000, classCount: classCount, seed: 7, isRounded: isRounded)
            let cuts: [[Range<Int>]] = [
                [0..<1000, 1000..<1001, 1001..<3000], [1001..<3000, 0..<1000, 1000..<1001], [0..<7, 7..<2999, 2999..<3000],
            ]
            for prototype in try Self.observers(rows.specification, classCount: classCount) {
                try Self.expectSameBytes(prototype, rows, cuts)
            }
        }
    }

    private static func expectSameBytes(_ prototype: some RowObserver, _ rows: RandomRows, _ cuts: [[Range<Int>]]) throws {
        let whole = try rows.observed(prototype)
        #expect(whole.encoded != prototype.encoded, "\(prototype.tag) saw nothing")
        for (cut, blockRowCount) in zip(cuts, [1024, 100, 64]) {
            let parts = try rows.observed(prototype, parts: cut, blockRowCount: blockRowCount)
            #expect(parts.encoded == whole.encoded, "\(prototype.tag), blocks of \(blockRowCount)")
        }
        var decoded = prototype
        try decoded.decode(from: whole.encoded[...])
        #expect(decoded.encoded == whole.encoded, "\(prototype.tag)")
        // A state that came back takes more rows as the one that went.
        var further = whole
        try further.merge(whole)
        try decoded.merge(whole)
        #expect(decoded.encoded == further.encoded, "\(prototype.tag)")
    }

    /// A partial makes each figure again from its tag and its settings.
    @Test(arguments: losses)
    func partialsBringAllFiguresBack(task: LossTask, input: PredictionInput, hasWeights: Bool) throws {
        let classCount = task == .binary ? 1 : 5
        let rows = RandomRows(
            try RandomRows.loss(task, input, hasWeights: hasWeights), rowCount: 500, classCount: classCount, seed: 11)
        var observers: [any RowObserver] = []
        func add(_ prototype: some RowObserver) throws { observers.append(try rows.observed(prototype)) }
        try add(LossTotals(rows.specification))
        for prototype in try Self.observers(rows.specification, classCount: classCount) { try add(prototype) }
        let partial = Partial(specification: rows.specification, classCount: classCount, place: .unplaced, observers: observers)
        let decoded = try Partial(decoding: partial.encoded(), catalog: ObserverCatalog.standard.withInsight)
        #expect(decoded.unknownTags == [])
        #expect(decoded.encoded() == partial.encoded())
    }

    /// Bytes that nobody wrote are refused, or are a state: they neither trap nor run for long.
    @Test(arguments: losses)
    func damagedBytesAreRefused(task: LossTask, input: PredictionInput, hasWeights: Bool) throws {
        let classCount = task == .binary ? 1 : 5
        let rows = RandomRows(
            try RandomRows.loss(task, input, hasWeights: hasWeights), rowCount: 60, classCount: classCount, seed: 13)
        for prototype in try Self.observers(rows.specification, classCount: classCount) { try Self.damage(prototype, rows) }
    }

    private static func damage(_ prototype: some RowObserver, _ rows: RandomRows) throws {
        let bytes = try rows.observed(prototype).encoded
        var state = prototype
        for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 50)) {
            #expect(throws: PartialError.self, "\(prototype.tag), \(length) of \(bytes.count) bytes") {
                try state.decode(from: bytes[..<length])
                // An encoding of fewer bytes may be one of its own only if it is written again as it is.
                if state.encoded != Array(bytes[..<length]) { throw PartialError.damaged("other bytes") }
            }
        }
        for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 200)) {
            var damaged = bytes
            damaged[place] ^= 0x41
            state = prototype
            if (try? state.decode(from: damaged[...])) != nil { _ = state.encoded }
        }
    }
}
