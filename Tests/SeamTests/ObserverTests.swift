import Engine
import Scoring
import Testing

/// A figure that Scoring does not know goes the way of its own, into partials and out of them.
@Suite struct ObserverTests {
    private static let dump = GeneratedDump(seed: 3)
    private static let arrangement = Arrangement(predictions: .units, labels: .byNumber, group: .carried)

    /// Writes the partials of three shards, each evaluated in another way, and gives their paths.
    private static func shards(_ folder: TemporaryFolder) throws -> [String] {
        let arrangements = [
            arrangement, Arrangement(predictions: .units, labels: .inOrder, group: .byNumber),
            Arrangement(predictions: .units, labels: .carried, group: .unitsInOrder),
        ]
        return try arrangements.enumerated().map { index, arrangement in
            var options = try seamOptions(threads: 1 + index)
            options.shard = try Shard(index: index, count: 3)
            let path = folder["\(index).partial"]
            try PartialFile.write(try arrangement.evaluate(dump, options).partial, to: path)
            return path
        }
    }

    @Test func shardsMergeToTheWhole() throws {
        let folder = try TemporaryFolder()
        let paths = try Self.shards(folder)
        var options = try seamOptions(threads: 4)
        options.firstRow = 0
        let whole = try Self.arrangement.evaluate(Self.dump, options)
        for paths in [paths, paths.reversed(), [paths[1], paths[2], paths[0]]] {
            let merged = try PartialFile.merge(paths, expectedRowCount: Self.dump.rowCount, catalog: .seams)
            #expect(merged.report.loss.meanHex == whole.report.loss.meanHex)
            #expect(merged.report.loss.sumHex == whole.report.loss.sumHex)
            #expect(merged.report.rows.scored == UInt64(Self.dump.rowCount))
            #expect(try merged.partial.total(LargeRows.self) == whole.observers.first(LargeRows.self))
            #expect(try merged.partial.total(GroupTotals.self) == whole.observers.first(GroupTotals.self))
            #expect(merged.partial.parts.count == 3)
            // The states of the parts together are those of the whole, to the byte.
            let isWhole = try merged.partial.coalesced() == whole.partial
            #expect(isWhole)
        }
        let plain = PlainFigures(Self.dump)
        #expect(whole.observers.first(LargeRows.self) == LargeRows(limit: largeLimit, losses: plain.losses))
    }

    @Test func aPartialIsReadBackAndWrittenAgain() throws {
        let evaluation = try Self.arrangement.evaluate(Self.dump, seamOptions(threads: 2))
        let bytes = evaluation.partial.encoded()
        let partial = try Partial(decoding: bytes, catalog: .seams)
        #expect(partial == evaluation.partial)
        #expect(partial.encoded() == bytes ? true : false)
        #expect(partial.unknownTags.isEmpty)
        #expect(try partial.total(LargeRows.self) == evaluation.observers.first(LargeRows.self))
        #expect(try partial.total(GroupTotals.self) == evaluation.observers.first(GroupTotals.self))
        // A reader that does not know them carries them along.
        let carried = try Partial(decoding: bytes, catalog: .engine)
        #expect(carried.unknownTags == ["groups", "large-rows"])
        #expect(carried.encoded() == bytes ? true : false)
        #expect(try carried.total(LargeRows.self) == nil)
        #expect(try carried.total(LossTotals.self)?.moments[0].readCount == UInt64(Self.dump.rowCount))
    }

    @Test func tagsAreToldApartBeforeARowIsRead() throws {
        let specification = try LossSpecification(task: .multiclass, input: .logits)
        let refused: [[any RowObserver]] = [
            [LargeRows(limit: 1), LargeRows(limit: 2)], [LossTotals(specification)], [Tagged(tag: "")], [Tagged(tag: "two words")],
            [Tagged(tag: "longer than 16 bytes")],
        ]
        for observers in refused {
            let source = GeneratedUnits(dump: Self.dump, field: .predictions, damagedUnits: [0])
            let error = #expect(throws: EngineError.self) {
                try Evaluation(
                    rows: source, companions: [Arrangement.column(.labels, .byNumber, Self.dump)].compactMap { $0 },
                    seamOptions(threads: 1, observers: observers))
            }
            #expect(error?.category == .usage, "\(error?.description ?? "")")
        }
    }

    /// A figure of nothing but its name.
    private struct Tagged: RowObserver {
        let tag: String
        mutating func observe(_ block: ScoredBlock) {}
        mutating func merge(_ other: Tagged) {}
        func encode(into bytes: inout [UInt8]) {}
        mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {}
    }

    @Test func damagedSectionsAreRefused() throws {
        let bytes = try Self.arrangement.evaluate(Self.dump, seamOptions(threads: 1)).partial.encoded()
        for end in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: PartialError.self) { try Partial(decoding: Array(bytes[..<end]), catalog: .seams) }
        }
    }

    @Test func aCatalogWithoutTheFigureCannotMergeIt() throws {
        let folder = try TemporaryFolder()
        let paths = try Self.shards(folder)
        let error = #expect(throws: EngineError.self) { try PartialFile.merge(paths) }
        #expect(error?.description.contains("section groups") == true, "\(error?.description ?? "")")
    }

    @Test func figuresWithOtherSettingsDoNotMerge() throws {
        let folder = try TemporaryFolder()
        var paths: [String] = []
        for (index, limit) in [1.0, 2.0].enumerated() {
            var options = try seamOptions(threads: 1, observers: [LargeRows(limit: limit)])
            options.shard = try Shard(index: index, count: 2)
            let path = folder["\(index).partial"]
            try PartialFile.write(try Self.arrangement.evaluate(Self.dump, options).partial, to: path)
            paths.append(path)
        }
        let error = #expect(throws: EngineError.self) { try PartialFile.merge(paths, catalog: .seams) }
        #expect(error?.description.contains("1.partial") == true, "\(error?.description ?? "")")
    }
}
