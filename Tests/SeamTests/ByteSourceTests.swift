import Container
import Engine
import Messages
import Outputs
import Scoring
import Testing
import WorkStealing

/// Bytes that lie in no file are evaluated and packed like files.
@Suite struct ByteSourceTests {
    /// Its predictions, 7 MB, are cut into three units where they are raw.
    private static let dump = GeneratedDump(seed: 5, rowCount: 250_007)
    private static let plain = PlainFigures(dump)
    private static let predictions = dump.npy(.predictions)
    private static let labels = dump.npy(.labels)
    // Frames that end anywhere in a row.
    private static let packedPredictions = Result { try seekableZstd(predictions, frameByteCount: 700_001) }
    private static let packedLabels = Result { try seekableZstd(labels, frameByteCount: 100_003) }

    private static let predictionName = "memory/predictions"
    private static let labelName = "memory/labels"

    /// A way in which bytes are stored and read.
    private enum Form: CaseIterable {
        case raw, zstd, rawStream, zstdStream

        var isPacked: Bool { self == .zstd || self == .zstdStream }
        var access: ByteAccess { self == .raw || self == .zstd ? .random : .sequential }
    }

    private static func predictions(
        _ form: Form, failingOffset: Int? = nil, waitingOffset: Int? = nil, stableReadCount: Int? = nil
    ) throws -> CommandedMemory {
        CommandedMemory(
            predictionName, form.isPacked ? try packedPredictions.get() : predictions, access: form.access, failingOffset: failingOffset,
            waitingOffset: waitingOffset, stableReadCount: stableReadCount)
    }

    private static func labels(
        _ form: Form, failingOffset: Int? = nil, waitingOffset: Int? = nil, stableReadCount: Int? = nil
    ) throws -> CommandedMemory {
        CommandedMemory(
            labelName, form.isPacked ? try packedLabels.get() : labels, access: form.access, failingOffset: failingOffset,
            waitingOffset: waitingOffset, stableReadCount: stableReadCount)
    }

    private static func evaluate(
        _ predictions: CommandedMemory, _ labels: CommandedMemory?, threads: Int, perRow: String? = nil,
        group: CompanionColumn? = nil, shard: Shard? = nil, _ cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> Evaluation {
        var options = try seamOptions(
            threads: threads, predictions: [predictions.name], labels: labels.map { [$0.name] } ?? [],
            observers: seamObservers(hasGroups: group != nil))
        options.companions = [group].compactMap { $0 }
        options.shard = shard
        for source in [predictions, labels] { if let source { options.byteSources[source.name] = source } }
        options.perRowPath = perRow
        return try Evaluation(options, cancellation: cancellation)
    }

    @Test func everyFormOfStorageGivesTheSameBits() throws {
        // The rows without any bytes of a file.
        let rows = Figures(
            try Evaluation(
                rows: GeneratedUnits(dump: Self.dump, field: .predictions),
                companions: [CompanionColumn(name: "labels", rows: GeneratedStream(dump: Self.dump, field: .labels))],
                seamOptions(threads: 2, observers: seamObservers(hasGroups: false))))
        for form in Form.allCases {
            for labelForm in Form.allCases {
                for threads in [1, 4] {
                    let evaluation = try Self.evaluate(Self.predictions(form), Self.labels(labelForm), threads: threads)
                    #expect(Figures(evaluation) == rows ? true : false, "\(form), labels \(labelForm), \(threads) threads")
                    #expect(evaluation.report.inputs.map(\.path) == [Self.predictionName, Self.labelName])
                    #expect(PlainFigures.agree(evaluation.report.loss.mean, Self.plain.mean))
                }
            }
        }
        #expect(rows.large == LargeRows(limit: largeLimit, losses: Self.plain.losses))
    }

    @Test func aColumnOfAnotherFormatLiesBesideAnyBytes() throws {
        var first: Figures?
        for form in Form.allCases {
            for origin in Arrangement.Origin.allCases where origin != .carried {
                for threads in [1, 4] {
                    let evaluation = try Self.evaluate(
                        Self.predictions(form), Self.labels(form), threads: threads, group: Arrangement.column(.group, origin, Self.dump))
                    let figures = Figures(evaluation)
                    if first == nil { first = figures }
                    #expect(figures == first ? true : false, "\(form), group \(origin), \(threads) threads")
                }
            }
        }
        let groups = try #require(first?.groups)
        #expect(groups.counts == Self.plain.groupCounts)
        for (sum, plain) in zip(groups.sums, Self.plain.groupSums) { #expect(PlainFigures.agree(sum.rounded(), plain)) }

        // Shards, each of another form.
        let folder = try TemporaryFolder()
        let origins: [Arrangement.Origin] = [.byNumber, .inOrder, .unitsInOrder]
        var paths: [String] = []
        for (index, form) in [Form.zstd, .raw, .zstd].enumerated() {
            let evaluation = try Self.evaluate(
                Self.predictions(form), Self.labels(index == 2 ? .rawStream : .zstd), threads: 4,
                group: Arrangement.column(.group, origins[index], Self.dump), shard: Shard(index: index, count: 3))
            paths.append(folder["\(index).partial"])
            try PartialFile.write(evaluation.partial, to: paths[index])
        }
        let merged = try PartialFile.merge(paths, catalog: .seams)
        #expect(merged.report.loss.meanHex == first?.meanHex)
        #expect(try merged.partial.total(GroupTotals.self) == groups)
        #expect(try merged.partial.total(LargeRows.self) == first?.large)
    }

    @Test func aColumnOfAnotherLengthIsAnErrorBesideAnyBytes() throws {
        for difference in [-1, 1] {
            var other = Self.dump
            other.rowCount += difference
            for form in Form.allCases {
                for origin in Arrangement.Origin.allCases where origin != .carried {
                    let error = #expect(throws: EngineError.self, "\(form), group \(origin), \(difference)") {
                        try Self.evaluate(
                            Self.predictions(form), Self.labels(form), threads: 4, group: Arrangement.column(.group, origin, other))
                    }
                    #expect(error?.problem.description.contains(" values of group for ") == true, "\(error?.description ?? "")")
                }
            }
        }
    }

    @Test func anArchiveIsReadFromItsSource() throws {
        let archive = CommandedMemory("memory/dump", zipArchive([("logits.npy", Self.predictions), ("labels.npy", Self.labels)]))
        let rows = Figures(try Self.evaluate(Self.predictions(.raw), Self.labels(.raw), threads: 1))
        for threads in [1, 4] {
            #expect(Figures(try Self.evaluate(archive, nil, threads: threads)) == rows ? true : false, "\(threads) threads")
        }
        let folder = try TemporaryFolder()
        try Self.pack(archive, to: folder["packed"])
        #expect(folder.read("packed") == (try Self.packed(Self.predictions(.raw), folder)) ? true : false)
    }

    @Test func textIsReadFromASource() throws {
        let dump = GeneratedDump(seed: 6, rowCount: 30_011)
        let plain = PlainFigures(dump)
        let text = dump.csv()
        let forms: [[UInt8]] = [text, try seekableZstd(text, frameByteCount: 300_007)]
        var first: Figures?
        for bytes in forms {
            for access in [ByteAccess.random, .sequential] {
                for threads in [1, 4] {
                    let evaluation = try Self.evaluate(CommandedMemory("memory/table", bytes, access: access), nil, threads: threads)
                    let figures = Figures(evaluation)
                    if first == nil { first = figures }
                    #expect(figures == first ? true : false, "\(access), \(threads) threads")
                    #expect(PlainFigures.agree(evaluation.report.loss.mean, plain.mean))
                }
            }
        }
        #expect(first?.large == LargeRows(limit: largeLimit, losses: plain.losses))
        for origin in Arrangement.Origin.allCases where origin != .carried {
            let evaluation = try Self.evaluate(
                CommandedMemory("memory/table", text), nil, threads: 4, group: Arrangement.column(.group, origin, dump))
            #expect(evaluation.report.loss.meanHex == first?.meanHex)
            #expect(evaluation.observers.first(GroupTotals.self)?.counts == plain.groupCounts, "\(origin)")
        }

        // Packed and evaluated again it has the same bits.
        let folder = try TemporaryFolder()
        try Self.pack(CommandedMemory("memory/table", text), to: folder["p.npy.zst"])
        try Self.pack(CommandedMemory("memory/table", text), .labels, to: folder["l.npy.zst"])
        let options = try seamOptions(
            threads: 4, predictions: [folder["p.npy.zst"]], labels: [folder["l.npy.zst"]], observers: seamObservers(hasGroups: false))
        #expect(Figures(try Evaluation(options)) == first ? true : false)
    }

    // MARK: Packing

    private static func pack(
        _ source: CommandedMemory, _ part: PackingOptions.Part = .predictions, to path: String,
        _ cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        var options = PackingOptions(inputPath: source.name, outputPath: path)
        options.byteSources = [source.name: source]
        options.part = part
        options.frameByteCount = 1 << 18
        options.threadCount = 4
        let packing = try Packing(options, cancellation: cancellation)
        do throws(OutputError) { try packing.output.commit() } catch { throw EngineError(error) }
    }

    private static func packed(_ source: CommandedMemory, _ folder: TemporaryFolder) throws(EngineError) -> [UInt8] {
        try pack(source, to: folder["packed"])
        return folder.read("packed")
    }

    @Test func packingASourceKeepsTheBits() throws {
        let folder = try TemporaryFolder()
        let rows = Figures(try Self.evaluate(Self.predictions(.raw), Self.labels(.raw), threads: 1))
        var first: [UInt8]?
        for form in Form.allCases {
            let bytes = try Self.packed(Self.predictions(form), folder)
            if first == nil { first = bytes }
            #expect(bytes == first ? true : false, "\(form)")
        }
        try Self.pack(Self.labels(.zstdStream), to: folder["labels"])
        let options = try seamOptions(
            threads: 4, predictions: [folder["packed"]], labels: [folder["labels"]], observers: seamObservers(hasGroups: false))
        #expect(Figures(try Evaluation(options)) == rows ? true : false)
    }

    // MARK: Failures

    @Test func aReadThatFailsNamesItsSource() throws {
        let folder = try TemporaryFolder()
        for form in Form.allCases {
            for isOfLabels in [false, true] {
                let byteCount = try (isOfLabels ? Self.packedLabels : Self.packedPredictions).get().count
                for failingOffset in [0, byteCount / 2, byteCount - 1] {
                    let what = "\(form), byte \(failingOffset) of \(isOfLabels ? "labels" : "predictions")"
                    for threads in [1, 4] {
                        let error = try #require(
                            #expect(throws: EngineError.self, "\(what)") {
                                try Self.evaluate(
                                    Self.predictions(form, failingOffset: isOfLabels ? nil : failingOffset),
                                    Self.labels(form, failingOffset: isOfLabels ? failingOffset : nil), threads: threads,
                                    perRow: folder["losses.npy"])
                            })
                        #expect(error.category == .inputOutput, "\(what): \(error)")
                        #expect(error.description.hasPrefix(isOfLabels ? Self.labelName : Self.predictionName), "\(what): \(error)")
                        #expect(error.description.contains("\(failingOffset)"), "\(what): \(error)")
                        #expect(error.description.contains("reading failed on command"), "\(what): \(error)")
                        #expect(folder.names.isEmpty, "\(what)")
                    }
                    guard !isOfLabels else { continue }
                    let error = #expect(throws: EngineError.self, "\(what), packing") {
                        try Self.pack(Self.predictions(form, failingOffset: failingOffset), to: folder["packed"])
                    }
                    #expect(error?.category == .inputOutput)
                    #expect(error?.description.contains("\(Self.predictionName): ") == true, "\(what): \(error?.description ?? "")")
                    #expect(folder.names.isEmpty, "\(what), packing")
                }
            }
        }
    }

    @Test func aChangedSourceIsAnError() throws {
        let folder = try TemporaryFolder()
        // A stream is read once, and has no identity that could be compared.
        for form in [Form.raw, .zstd] {
            for stableReadCount in [1, 4, 9] {
                for isOfLabels in [false, true] {
                    let what = "\(form), \(isOfLabels ? "labels" : "predictions") change after \(stableReadCount) reads"
                    for threads in [1, 4] {
                        let error = #expect(throws: EngineError.self, "\(what)") {
                            try Self.evaluate(
                                Self.predictions(form, stableReadCount: isOfLabels ? nil : stableReadCount),
                                Self.labels(form, stableReadCount: isOfLabels ? stableReadCount : nil), threads: threads,
                                perRow: folder["losses.npy"])
                        }
                        let name = isOfLabels ? Self.labelName : Self.predictionName
                        #expect(
                            error?.description.hasPrefix("\(name): the file was changed while it was being read") == true,
                            "\(what): \(error?.description ?? "")")
                        #expect(error?.category == .inputOutput)
                        #expect(folder.names.isEmpty, "\(what)")
                    }
                }
                let error = #expect(throws: EngineError.self, "packing \(form)") {
                    try Self.pack(Self.predictions(form, stableReadCount: stableReadCount), to: folder["packed"])
                }
                #expect(error?.description.contains("the file was changed") == true, "\(error?.description ?? "")")
                #expect(folder.names.isEmpty)
            }
        }
    }

    @Test func cancellingEndsAWait() throws {
        let folder = try TemporaryFolder()
        for form in Form.allCases {
            for isOfLabels in [false, true] {
                let byteCount = try (isOfLabels ? Self.packedLabels : Self.packedPredictions).get().count
                for waitingOffset in [0, byteCount / 2] {
                    for threads in [1, 4] {
                        let predictions = try Self.predictions(form, waitingOffset: isOfLabels ? nil : waitingOffset)
                        let labels = try Self.labels(form, waitingOffset: isOfLabels ? waitingOffset : nil)
                        expectCancelling(
                            (isOfLabels ? labels : predictions).patience,
                            "\(form), byte \(waitingOffset) of \(isOfLabels ? "labels" : "predictions"), \(threads) threads"
                        ) { cancellation throws(EngineError) in
                            _ = try Self.evaluate(predictions, labels, threads: threads, perRow: folder["losses.npy"], cancellation)
                        }
                        #expect(folder.names.isEmpty)
                    }
                }
            }
            for waitingOffset in [0, 1 << 20] {
                let predictions = try Self.predictions(form, waitingOffset: waitingOffset)
                expectCancelling(predictions.patience, "packing \(form), byte \(waitingOffset)") { cancellation throws(EngineError) in
                    try Self.pack(predictions, to: folder["packed"], cancellation)
                }
                #expect(folder.names.isEmpty)
            }
        }
        let archive = CommandedMemory(
            "memory/dump", zipArchive([("logits.npy", Self.predictions), ("labels.npy", Self.labels)]), waitingOffset: 5 << 20)
        expectCancelling(archive.patience, "an archive") { cancellation throws(EngineError) in
            _ = try Self.evaluate(archive, nil, threads: 4, cancellation)
        }
    }
}
