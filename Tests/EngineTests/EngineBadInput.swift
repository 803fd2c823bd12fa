import Elements
import Formats
import Foundation
import Messages
import Oracle
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// What damaged, mismatched and hostile files get: an error that names the place, and no output.
@Suite struct EngineBadInput {
    /// Runs what must fail, and checks that nothing was written.
    private func failure(
        _ folder: TemporaryFolder, _ predictions: [String], _ labels: [String],
        _ specification: LossSpecification = LossSpecification(task: .multiclass, input: .logits), threads: Int = 2, _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> EngineError? {
        let before = folder.names
        var found: EngineError?
        do throws(EngineError) {
            try evaluate(predictions, labels, specification, threads: threads, perRow: folder["rows.npy"])
            Issue.record("no error: \(what)", sourceLocation: sourceLocation)
        } catch {
            found = error
            // Container's errors hold the path in their text.
            #expect(error.description.contains(folder.path), "no file named: \(error)", sourceLocation: sourceLocation)
        }
        #expect(folder.names == before, "something was written: \(what)", sourceLocation: sourceLocation)
        return found
    }

    private func failure(
        _ folder: TemporaryFolder, _ predictions: [String], _ labels: [String], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> EngineError? {
        failure(folder, predictions, labels, LossSpecification(task: .multiclass, input: .logits), what, sourceLocation: sourceLocation)
    }

    /// Ten rows of three.
    private static let dump: Dump = {
        var random = SplitMix64(seed: 51)
        return Dump(
            classCount: 3, values: (0..<30).map { _ in NPY.rounded(random.nextUniform(in: -3...3), to: .float32) },
            labels: (0..<10).map { _ in Int.random(in: 0..<3, using: &random) })
    }()

    // MARK: Files cut short and damaged

    @Test func truncatedRawFileAtEveryByte() throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let labels = folder.write(dump.labelBytes, "l.npy")
        let bytes = dump.predictionBytes
        let dataByteOffset = bytes.count - 120
        for count in 0..<bytes.count {
            let error = failure(folder, [folder.write(Array(bytes.prefix(count)), "p.npy")], [labels], "\(count) bytes")
            #expect(error?.category == .data, "\(count) bytes")
            guard count >= dataByteOffset else { continue }
            #expect(error?.row == (count - dataByteOffset) / 12, "\(count) bytes")
            #expect(error?.path == folder["p.npy"] && error?.remedy != nil)
        }
        // The same for labels.
        let predictions = folder.write(bytes, "p.npy")
        let labelBytes = dump.labelBytes
        for count in 0..<labelBytes.count {
            let error = failure(folder, [predictions], [folder.write(Array(labelBytes.prefix(count)), "l.npy")], "\(count) bytes of labels")
            #expect(error?.category == .data && error?.description.contains("l.npy") == true, "\(count) bytes of labels")
        }
    }

    static let framings: [Framing] = [
        .single, .streamed, .frames(frameByteCount: 40, isSized: true), .frames(frameByteCount: 40, isSized: false),
        .pzstd(frameByteCount: 40, isSized: true), .pzstd(frameByteCount: 40, isSized: false),
        .seekable(frameByteCount: 40, hasChecksums: true), .seekable(frameByteCount: 40, hasChecksums: false),
    ]

    @Test(arguments: framings)
    func truncatedCompressedFileAtEveryByte(framing: Framing) throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let labels = folder.write(dump.labelBytes, "l.npy")
        let bytes = framing.store(dump.predictionBytes)
        let expected = Outcome(try evaluate([folder.write(bytes, "p.npy")], [labels]))
        // Without its table a seekable file is a sound one of several frames.
        var soundByteCount: Int?
        if case .seekable(let frameByteCount, let hasChecksums) = framing {
            let frameCount = (dump.predictionBytes.count + frameByteCount - 1) / frameByteCount
            soundByteCount = bytes.count - (8 + frameCount * (hasChecksums ? 12 : 8) + 9)
        }
        for count in 0..<bytes.count {
            let path = folder.write(Array(bytes.prefix(count)), "p.npy")
            if count == soundByteCount {
                #expect(Outcome(try evaluate([path], [labels])) == expected)
            } else {
                let error = failure(folder, [path], [labels], "\(count) of \(bytes.count) bytes")
                #expect(error?.category == .data, "\(count) of \(bytes.count) bytes")
            }
        }
    }

    /// Every bit of checksummed files: found, or without consequence.
    @Test(arguments: [
        Framing.single, .frames(frameByteCount: 40, isSized: true), .pzstd(frameByteCount: 40, isSized: true),
        .pzstd(frameByteCount: 40, isSized: false), .seekable(frameByteCount: 40, hasChecksums: true),
    ])
    func flippedBits(framing: Framing) throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let compressor = Compressor(hasChecksums: true)
        func store(_ bytes: [UInt8]) -> [UInt8] { if case .single = framing { compressor.frame(bytes[...]) } else { framing.store(bytes) } }
        let (predictionBytes, labelBytes) = (store(dump.predictionBytes), store(dump.labelBytes))
        let (predictions, labels) = (folder.write(predictionBytes, "p.npy"), folder.write(labelBytes, "l.npy"))
        let expected = Outcome(try evaluate([predictions], [labels]))
        var foundCount = 0
        for (name, bytes) in [("p.npy", predictionBytes), ("l.npy", labelBytes)] {
            for bit in stride(from: 0, to: 8 * bytes.count, by: isOptimised ? 1 : 7) {
                var damaged = bytes
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                folder.write(damaged, name)
                do throws(EngineError) {
                    let evaluation = try evaluate([predictions], [labels], threads: 2, perRow: folder["rows.npy"])
                    #expect(Outcome(evaluation) == expected ? true : false, "\(name), bit \(bit) of byte \(bit / 8): a wrong result")
                    unlink(folder["rows.npy"])
                } catch {
                    foundCount += 1
                    #expect(error.category == .data, "\(name), byte \(bit / 8): \(error)")
                    #expect(error.description.contains(folder[name]), "\(name), byte \(bit / 8): \(error)")
                }
                #expect(folder.names == ["l.npy", "p.npy"])
            }
            folder.write(bytes, name)
        }
        #expect(foundCount > 100)
    }

    /// A flipped bit in the middle of a large file is placed: frame and byte.
    @Test func damageIsPlaced() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 60_000, classCount: 25, seed: 52)
        let labels = folder.write(bytes.labels, "l.npy")
        let compressor = Compressor(hasChecksums: true)
        var file: [UInt8] = []
        var damagedByteOffset = 0
        for (index, start) in stride(from: 0, to: bytes.predictions.count, by: 50_000).enumerated() {
            var frame = compressor.frame(bytes.predictions[start..<min(start + 50_000, bytes.predictions.count)])
            if index == 77 || index == 100 { frame[frame.count / 2] ^= 4 }
            if index == 77 { damagedByteOffset = file.count }
            file += frame
        }
        let path = folder.write(file, "p.npy")
        for threads in [1, 2, 8] {
            let error = failure(folder, [path], [labels], threads: threads)
            #expect(error?.category == .data && error?.frameIndex == 77 && error?.frameByteOffset == damagedByteOffset)
            #expect(error?.description.contains("frame 77 at byte \(damagedByteOffset)") == true, "\(String(describing: error))")
        }
    }

    // MARK: Files that are something else

    @Test func wrongMagic() throws {
        let folder = TemporaryFolder()
        let labels = folder.write(Self.dump.labelBytes, "l.npy")
        let contents: [(bytes: [UInt8], says: String)] = [
            (Array("0.1,0.2,0.7\n0.3,0.3,0.4\n".utf8), "DumpColumns.hasHeader = false"),
            ([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0], "zip"),
            ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0], "cut short"), ([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0], "pickle"),
            ([0x93] + Array("NUMPX".utf8) + [UInt8](repeating: 0, count: 100), "no format begins"), ([0], "no format begins"),
        ]
        for content in contents {
            let predictions = folder.write(content.bytes, "p.npy")
            let error = failure(folder, [predictions], [labels], content.says)
            #expect(error?.category == .data && error?.description.contains(content.says) == true, "\(String(describing: error))")
        }
        let compressed = folder.write(Framing.single.store(Array("0.1,0.2,0.7\n0.3,0.3,0.4\n".utf8)), "p.npy")
        #expect(failure(folder, [compressed], [labels])?.category == .data)
    }

    @Test func emptyMissingAndDirectory() throws {
        let folder = TemporaryFolder()
        let predictions = folder.write(Self.dump.predictionBytes, "p.npy")
        let labels = folder.write(Self.dump.labelBytes, "l.npy")
        let empty = folder.write([], "empty.npy")
        try FileManager.default.createDirectory(atPath: folder["directory"], withIntermediateDirectories: false)
        for (path, category) in [(empty, EngineError.Category.data), (folder["missing.npy"], .noInput), (folder["directory"], .noInput)] {
            for error in [failure(folder, [path], [labels]), failure(folder, [predictions], [path])] {
                #expect(error?.category == category && error?.description.contains(path) == true, "\(String(describing: error))")
            }
        }
        #expect(failure(folder, [predictions], [labels, folder["missing.npy"]])?.category == .noInput)
        let zeroBytes = folder.write(Compressor().frame([]), "nothing.npy")
        #expect(failure(folder, [zeroBytes], [labels])?.category == .data)
    }

    @Test func noPathsIsUsage() throws {
        #expect(throws: EngineError.self) { try evaluate([], ["l"]) }
        // An array has no labels beside it.
        let folder = TemporaryFolder()
        let predictions = folder.write(Self.dump.predictionBytes, "p.npy")
        let error = #expect(throws: EngineError.self) { try evaluate([predictions], []) }
        #expect(error?.category == .usage && error?.remedy != nil)
    }

    @Test func zeroRows() throws {
        let folder = TemporaryFolder()
        for framing in Framing.all {
            let predictions = folder.write(framing.store(NPY.header("<f4", shape: [0, 3])), "p.npy")
            let labels = folder.write(framing.store(NPY.header("<i8", shape: [0])), "l.npy")
            let error = failure(folder, [predictions], [labels], "\(framing)")
            #expect(
                error?.category == .data && error?.problem.description.contains("no rows") == true,
                "\(framing): \(String(describing: error))")
        }
    }

    @Test func objects() throws {
        let folder = TemporaryFolder()
        let labels = folder.write(Self.dump.labelBytes, "l.npy")
        let data = [UInt8](repeating: 0, count: 120)
        let object = folder.write(NPY.header("|O", shape: [10, 3]) + data, "p.npy")
        var error = failure(folder, [object], [labels])
        #expect(error?.category == .data && error?.description.contains("object") == true, "\(String(describing: error))")
        error = failure(folder, [folder.write(Self.dump.predictionBytes, "p.npy")], [folder.write(NPY.header("|O", shape: [10]), "o.npy")])
        #expect(error?.category == .data && error?.description.contains("o.npy") == true)
    }

    @Test func shapesAndTypesThatDoNotFit() throws {
        let folder = TemporaryFolder()
        func array(_ type: ElementType, _ shape: [Int], _ name: String) -> String {
            folder.write(NPY.file(type, shape: shape, values: [Double](repeating: 0, count: shape.reduce(1, *))), name)
        }
        let (multiclass, binary) = (
            LossSpecification(task: .multiclass, input: .logits), LossSpecification(task: .binary, input: .logits)
        )
        let labels = array(.int64, [4], "l.npy")
        let good = array(.float32, [4, 3], "good.npy")
        let cases: [(predictions: [String], labels: [String], LossSpecification, says: String)] = [
            ([array(.int64, [4, 3], "1.npy")], [labels], multiclass, "exchanged"),
            ([array(.float32, [4], "2.npy")], [labels], multiclass, "binary"),
            ([array(.float32, [4, 3, 2], "3.npy")], [labels], multiclass, "(4, 3, 2)"),
            ([array(.float32, [4, 2], "4.npy")], [labels], binary, "multiclass"),
            ([array(.float32, [4, 0], "5.npy")], [labels], multiclass, "(4, 0)"),
            ([array(.float32, [], "6.npy")], [labels], multiclass, "()"),
            ([good], [array(.int64, [4, 2], "7.npy")], multiclass, "(4, 2)"),
            ([array(.float32, [2, 3], "8.npy"), array(.float32, [2, 4], "9.npy")], [labels], multiclass, "4 values a row"),
            ([good], [array(.int64, [2], "a.npy"), array(.int32, [2], "b.npy")], multiclass, "one type"),
        ]
        for (predictions, labels, specification, says) in cases {
            let error = failure(folder, predictions, labels, specification, says)
            #expect(error?.category == .data && error?.description.contains(says) == true, "\(String(describing: error))")
        }
    }

    // MARK: Headers that promise something else

    @Test(arguments: Framing.all)
    func headerPromisesMoreOrFewerRows(framing: Framing) throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let data = NPY.data(.float32, isBigEndian: false, values: dump.values)
        for promised in [0, 1, 9, 11, 1000, 1 << 40, (1 << 60) + 3] {
            let predictions = folder.write(framing.store(NPY.header("<f4", shape: [promised, 3]) + data), "p.npy")
            // Labels that promise as much, so that only reading can tell.
            let labels = folder.write(framing.store(NPY.header("|u1", shape: [promised]) + [UInt8](repeating: 1, count: 10)), "l.npy")
            let error = failure(folder, [predictions], [labels], "\(promised) rows, \(framing)")
            #expect(error?.category == .data, "\(promised) rows, \(framing): \(String(describing: error))")
            if promised > 10, promised < 1 << 60 {
                #expect(error?.row == 10 && error?.path == predictions, "\(promised) rows, \(framing): \(String(describing: error))")
                #expect(error?.description.contains("\(promised)") == true)
            }
        }
        // Only the labels lie.
        let predictions = folder.write(framing.store(dump.predictionBytes), "p.npy")
        for count in [9, 11] {
            let labels = folder.write(framing.store(NPY.header("|u1", shape: [10]) + [UInt8](repeating: 1, count: count)), "l.npy")
            let error = failure(folder, [predictions], [labels], "\(count) labels, \(framing)")
            #expect(
                error?.category == .data && error?.description.contains("l.npy") == true, "\(count) labels: \(String(describing: error))")
        }
    }

    @Test func labelsOfAnotherLength() throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let predictions = folder.write(dump.predictionBytes, "p.npy")
        for count in [1, 9] {
            let labels = folder.write(dump.slice(0..<count).labelBytes, "l.npy")
            let error = failure(folder, [predictions], [labels])
            #expect(error?.category == .data && error?.path == labels)
            let problem = error?.problem.description
            #expect(problem?.contains(count == 1 ? "1 label " : "9 labels") == true && problem?.contains("10 rows") == true)
        }
        let parts = [0..<4, 4..<10].enumerated().map { folder.write(dump.slice($1).predictionBytes, "p\($0).npy") }
        let labelParts = [0..<5, 5..<10].enumerated().map { folder.write(dump.slice($1).labelBytes, "l\($0).npy") }
        // As many files as of predictions: then they go in pairs.
        #expect(failure(folder, parts, labelParts)?.path == labelParts[0])
    }

    // MARK: Rows

    @Test func labelOutside() throws {
        let folder = TemporaryFolder()
        var dump = Self.dump
        let predictions = folder.write(Framing.frames(frameByteCount: 40, isSized: true).store(dump.predictionBytes), "p.npy")
        for (label, type) in [(3, ElementType.int64), (-1, .int8), (50_257, .int32), (1 << 40, .int64), (255, .uint8)] {
            dump.labels[7] = label
            dump.labelType = type
            let error = failure(folder, [predictions], [folder.write(dump.labelBytes, "l.npy")], "label \(label)")
            #expect(error?.category == .data && error?.row == 7 && error?.path == folder["l.npy"] && error?.frameIndex == nil)
            #expect(error?.description.contains("row 7: label \(label) is outside 0..<3") == true, "\(String(describing: error))")
            #expect(error?.remedy?.description.contains("EvaluationOptions.invalidRows = .skip") == true)
            #expect((error?.remedy?.description.contains("LossModifiers.ignoreIndex = -1") == true) == (label == -1))
        }
        let fraction = folder.write(NPY.file(.float32, shape: [10], values: [0, 1, 2, 0, 1, 2, 0, 1.5, 9, 1]), "l.npy")
        let error = failure(folder, [predictions], [fraction])
        #expect(error?.row == 7 && error?.problem.description.contains("1.5") == true, "\(String(describing: error))")
        let binary = folder.write(NPY.file(.float32, shape: [3], values: [0.5, 0.5, 0.5]), "b.npy")
        let twos = folder.write(NPY.file(.uint8, shape: [3], values: [0, 2, 1]), "l.npy")
        let binaryError = failure(folder, [binary], [twos], LossSpecification(task: .binary, input: .logits))
        #expect(binaryError?.row == 1 && binaryError?.problem.description.contains("label 2") == true)
    }

    @Test func notANumberAndOutsideOfProbabilities() throws {
        let folder = TemporaryFolder()
        let labels = folder.write(NPY.file(.uint8, shape: [3], values: [0, 1, 0]), "l.npy")
        func rows(_ values: [Double], columns: Int = 2) -> String {
            folder.write(NPY.file(.float64, shape: [3, columns], values: values), "p.npy")
        }
        func specification(_ task: LossTask, _ input: PredictionInput) -> LossSpecification { LossSpecification(task: task, input: input) }
        // NaN in any column, also of a class that is not the label's.
        for input in PredictionInput.allCases {
            let error = failure(
                folder, [rows([-0.0, -0, -1, -1, -0, .nan].map { input == .probabilities ? -$0 / 2 : $0 })], [labels],
                specification(.multiclass, input))
            #expect(
                error?.category == .data && error?.row == 2 && error?.problem.description.contains("column 1 is ") == true,
                "\(String(describing: error))")
            let binary = failure(folder, [rows([-0.0, .nan, -0.0], columns: 1)], [labels], specification(.binary, input))
            #expect(binary?.row == 1 && binary?.problem.description.contains("nan") == true, "\(String(describing: binary))")
        }
        for value in [(1.0).nextUp, -Double.leastNonzeroMagnitude, -3, 2] {
            let error = failure(folder, [rows([0.5, 0.5, 0.5, value, 0.5, 0.5])], [labels], specification(.multiclass, .probabilities))
            #expect(
                error?.category == .data && error?.row == 1 && error?.problem.description.contains("\(value)") == true,
                "\(String(describing: error))")
            let binary = failure(folder, [rows([0.5, value, 0.5], columns: 1)], [labels], specification(.binary, .probabilities))
            #expect(binary?.row == 1 && binary?.problem.description.contains("[0, 1]") == true, "\(String(describing: binary))")
        }
        let above = failure(folder, [rows([-1, -1, -1, 0.5, -1, -1])], [labels], specification(.multiclass, .logProbabilities))
        #expect(above?.row == 1 && above?.problem.description.contains("above 0") == true)
        // Not scored: the class is another.
        #expect(throws: Never.self) {
            try evaluate([rows([0.5, 7, -1, 0.5, 0.5, 0.5])], [labels], specification(.multiclass, .probabilities))
        }
        // Infinities that leave no distribution.
        let infinite = failure(folder, [rows([0, 0, 0, .infinity, 0, 0])], [labels])
        #expect(infinite?.row == 1 && infinite?.problem.description.contains("undefined") == true, "\(String(describing: infinite))")
        let none = failure(folder, [rows([0, 0, 0, 0, -.infinity, -.infinity])], [labels])
        #expect(none?.row == 2)
    }

    @Test(arguments: [Framing.raw, .frames(frameByteCount: 10_007, isSized: true), .streamed])
    func skippedRowsAreCountedAndListed(framing: Framing) throws {
        let folder = TemporaryFolder()
        let (classCount, rowCount) = (100, 30_000)
        var bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, labelType: .int32, seed: 53)
        let valid = Outcome(try evaluate([folder.write(bytes.predictions, "p.npy")], [folder.write(bytes.labels, "l.npy")]))
        let labelData = bytes.labels.count - 4 * rowCount
        let data = bytes.predictions.count - 4 * rowCount * classCount
        var random = SplitMix64(seed: 54)
        let invalid = Array(0..<rowCount).shuffled(using: &random).prefix(500).sorted()
        for row in invalid {
            if row % 2 == 0 {
                bytes.labels[labelData + 4 * row + 3] = 0x7F
            } else {
                // NaN in some column.
                let place = data + 4 * (row * classCount + row % classCount)
                bytes.predictions[place + 2] = 0xC0
                bytes.predictions[place + 3] = 0x7F
            }
        }
        let predictions = folder.write(framing.store(bytes.predictions), "p.npy")
        for labelFraming in [Framing.raw, .streamed] {
            let labels = folder.write(labelFraming.store(bytes.labels), "l.npy")
            for threads in [1, 2, 8] {
                let evaluation = try evaluate([predictions], [labels], threads: threads, onInvalid: .skip, perRow: folder["rows.npy"])
                let report = evaluation.report
                #expect(report.rows.read == UInt64(rowCount) && report.rows.invalid == 500 && report.rows.scored == UInt64(rowCount - 500))
                #expect(report.rows.firstInvalid.map(\.row) == Array(invalid.prefix(10)))
                #expect(
                    report.rows.firstInvalid.allSatisfy { row in
                        row.row % 2 == 0
                            ? row.path == labels && row.problem.contains("label") : row.path == predictions && row.problem.contains("nan")
                    })
                #expect(report.warnings.contains { $0.description.contains("500 of \(rowCount)") })
                let losses = NPY.losses(folder.read("rows.npy"), rowCount: rowCount)
                #expect((0..<rowCount).filter { losses[$0].isNaN } == invalid)
                // The sum is that of the others.
                let sum = losses.reduce(BigReal.zero) { $1.isNaN ? $0 : $0 + BigReal($1) }
                #expect(report.loss.sum == sum.rounded())
                #expect(report.loss.meanHex != valid.meanHex)
                #expect(try evaluation.partial.total(LossTotals.self)?.moments[0].invalidCount == 500)
            }
        }
    }

    // MARK: The same error in every run

    /// Errors of several kinds in several units: the first in the order of the rows, whoever meets what first.
    @Test(arguments: [
        (Framing.frames(frameByteCount: 100_003, isSized: true), Framing.raw, "stealing"), (.raw, .raw, "stealing"),
        (.frames(frameByteCount: 100_003, isSized: true), .streamed, "in order"), (.streamed, .raw, "stream"),
    ])
    func firstErrorIsReproducible(predictions framing: Framing, labels labelFraming: Framing, name: String) throws {
        let folder = TemporaryFolder()
        let (classCount, rowCount) = (25, 160_000)
        var bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, labelType: .int64, seed: 55)
        let data = bytes.predictions.count - 4 * rowCount * classCount
        let labels = { folder.write(labelFraming.store(bytes.labels), "l.npy") }
        let predictions = { folder.write(framing.store(bytes.predictions), "p.npy") }
        #expect(try schedule([predictions()], [labels()]).name == name)
        var units = try schedule([predictions()], [labels()]).units
        if name != "stream" { #expect(units.count >= 6) }
        units.removeFirst(min(2, units.count))
        // One in the middle of unit 2, some after it; where there are seams, the row on one.
        let middle = units.first.map { ($0.rows.lowerBound + $0.rows.upperBound) / 2 } ?? 70_000
        let seam = units.first.map { $0.rows.upperBound - 1 } ?? 90_000
        for row in [seam, seam + 1, seam + 40_000, rowCount - 1] { bytes.labels[bytes.labels.count - 8 * (rowCount - row)] = 200 }
        let nan = data + 4 * classCount * (seam + 10_000)
        (bytes.predictions[nan + 2], bytes.predictions[nan + 3]) = (0xC0, 0x7F)
        for first in [seam, middle] {
            bytes.labels[bytes.labels.count - 8 * (rowCount - first)] = 200
            let (predictions, labels) = (predictions(), labels())
            var descriptions: Set<String> = []
            for run in 0..<(isOptimised ? 50 : 10) {
                let error = failure(folder, [predictions], [labels], threads: run == 0 ? 1 : 8)
                #expect(error?.row == first)
                descriptions.insert(error?.description ?? "none")
            }
            #expect(descriptions.count == 1, "\(descriptions)")
        }
    }

    /// An invalid row just before a damaged frame: which of the two is reported follows from the file, not from what else the worker did.
    @Test func invalidRowBeforeDamage() throws {
        let folder = TemporaryFolder()
        let (classCount, rowCount) = (25, 60_000)
        var bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, labelType: .uint8, seed: 56)
        let header = bytes.predictions.count - 4 * classCount * rowCount
        let compressor = Compressor(hasChecksums: true)
        var file: [UInt8] = []
        // One frame of 3 MB, then small ones, of which the ninth is damaged.
        var start = 0
        var frame = 0
        while start < bytes.predictions.count {
            let end = min(start + (frame == 0 ? 3_000_000 : 100_000), bytes.predictions.count)
            var stored = compressor.frame(bytes.predictions[start..<end])
            if frame == 9 { stored[stored.count / 2] ^= 1 }
            file += stored
            start = end
            frame += 1
        }
        // A row that lies whole in the eighth.
        let row = (3_000_000 + 7 * 100_000 + 50_000 - header) / 100
        bytes.labels[bytes.labels.count - rowCount + row] = 99
        let (predictions, labels) = (folder.write(file, "p.npy"), folder.write(bytes.labels, "l.npy"))
        #expect(try schedule([predictions], [labels]).units.count == 2)
        var descriptions: Set<String> = []
        for threads in [1, 2, 8] {
            for _ in 0..<5 {
                let error = failure(folder, [predictions], [labels], threads: threads)
                descriptions.insert(error?.description ?? "none")
                // The rows before the damage are sound, so the first thing wrong is the row's label.
                #expect(error?.row == row, "\(threads) threads: \(String(describing: error))")
            }
        }
        #expect(descriptions.count == 1, "\(descriptions)")
    }

    // MARK: Hostile sizes. Each in a process of its own, since memory is measured.

    private func expectQuickAndSmall(sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void) rethrows {
        let before = ProcessMemory.resetPeak()
        let elapsed = try ContinuousClock().measure(body)
        let growth = ProcessMemory.peakByteCount - before
        #expect(growth < 64 << 20, "\(growth >> 20) MiB", sourceLocation: sourceLocation)
        #expect(elapsed < .seconds(20), sourceLocation: sourceLocation)
    }

    /// Frames of a few bytes that claim terabytes, in agreement with the array's header.
    @Test func claimsOfTerabytes() async {
        await #expect(processExitsWith: .success) {
            let suite = EngineBadInput()
            let folder = TemporaryFolder()
            let rowCount = 1 << 40
            let compressor = Compressor()
            let header = compressor.frame(NPY.header("<f4", shape: [rowCount, 4])[...])
            let labelHeader = compressor.frame(NPY.header("|u1", shape: [rowCount])[...])
            for isSized in [true, false] {
                for blockByteCount in [1 << 17, 0] {
                    let predictions = folder.write(
                        header
                            + Compressor.bomb(
                                contentByteCount: isSized ? 16 * rowCount : nil, blockCount: 40, blockByteCount: blockByteCount),
                        "p.npy")
                    let labels = folder.write(
                        labelHeader
                            + Compressor.bomb(
                                contentByteCount: isSized ? rowCount : nil, blockCount: 40, blockByteCount: blockByteCount, byte: 1),
                        "l.npy")
                    suite.expectQuickAndSmall {
                        let error = suite.failure(folder, [predictions], [labels], "sized: \(isSized), blocks of \(blockByteCount)")
                        #expect(error?.category == .data, "\(String(describing: error))")
                    }
                }
            }
        }
    }

    /// A gigabyte that really comes out of 32 KB is scored, in little memory.
    @Test func aRealGigabyte() async {
        await #expect(processExitsWith: .success) {
            let suite = EngineBadInput()
            let folder = TemporaryFolder()
            let blockCount = isOptimised ? 8192 : 2048
            let rowCount = blockCount * (1 << 17) / 4096
            let header = Compressor().frame(NPY.header("<f4", shape: [rowCount, 1024])[...])
            let labels = folder.write(NPY.file(.uint8, shape: [rowCount], values: [Double](repeating: 0, count: rowCount)), "l.npy")
            for isSized in [true, false] {
                let bomb = Compressor.bomb(
                    contentByteCount: isSized ? blockCount << 17 : nil, blockCount: blockCount, blockByteCount: 1 << 17)
                let predictions = folder.write(header + bomb, "p.npy")
                try suite.expectQuickAndSmall {
                    let evaluation = try evaluate([predictions], [labels], threads: 2)
                    #expect(evaluation.report.rows.scored == UInt64(rowCount))
                    // log 1024.
                    #expect((evaluation.report.loss.mean - 6.931471805599453).magnitude < 1e-14)
                }
            }
        }
    }

    /// One row of gigabytes out of a few bytes is no row of predictions.
    @Test func aRowOfGigabytes() async {
        await #expect(processExitsWith: .success) {
            let suite = EngineBadInput()
            let folder = TemporaryFolder()
            let classCount = 1 << 28
            let labels = folder.write(NPY.file(.uint8, shape: [1], values: [0]), "l.npy")
            let header = Compressor().frame(NPY.header("<f4", shape: [1, classCount])[...])
            for isSized in [true, false] {
                let bomb = Compressor.bomb(contentByteCount: isSized ? 4 * classCount : nil, blockCount: 1 << 13, blockByteCount: 1 << 17)
                let predictions = folder.write(header + bomb, "p.npy")
                suite.expectQuickAndSmall {
                    let error = suite.failure(folder, [predictions], [labels], "sized: \(isSized)")
                    #expect(error?.category == .data && error?.path == predictions, "\(String(describing: error))")
                }
            }
            // Those that only look at a file do not believe its header either.
            for shape in [[3, 1 << 28], [3, 1 << 58], [1 << 16, 1 << 24]] {
                let bytes = NPY.header("<f8", shape: shape) + [UInt8](repeating: 0, count: 1000)
                let claim = folder.write(Framing.frames(frameByteCount: 128, isSized: false).store(bytes), "p.npy")
                suite.expectQuickAndSmall {
                    #expect(throws: EngineError.self) { try Inspection(path: claim) }
                    #expect(throws: EngineError.self) { try InputGuess.describe(path: claim) }
                }
            }
        }
    }

    // MARK: Seek tables that lie

    enum Lie: CaseIterable, Sendable {
        /// The sizes still add up.
        case swapsDecodedSizes, movesBytesToTheNext, swapsLastDecodedSizes
        /// They do not.
        case addsDecodedBytes, halvesDecodedSizes, swapsCompressedSizes, addsAFrame
        /// They do not, behind the frames that hold the array's header.
        case addsDecodedByteToTheLast, takesDecodedByteFromTheLast
    }

    @Test(arguments: Lie.allCases, [false, true])
    func seekTableThatLies(lie: Lie, isOfLabels: Bool) throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let (predictionBytes, labelBytes) = (dump.predictionBytes, dump.labelBytes)
        let predictions = folder.write(predictionBytes, "p.npy")
        let labels = folder.write(labelBytes, "l.npy")
        let expected = Outcome(try evaluate([predictions], [labels]))
        let bytes = isOfLabels ? labelBytes : predictionBytes
        let compressor = Compressor(hasChecksums: true)
        var file: [UInt8] = []
        var entries: [Compressor.Entry] = []
        // Frames of different sizes.
        var start = 0
        while start < bytes.count {
            let end = min(start + 20 + 7 * entries.count, bytes.count)
            let frame = compressor.frame(bytes[start..<end])
            file += frame
            entries.append(Compressor.Entry(frame: frame, decodedByteCount: end - start))
            start = end
        }
        switch lie {
        case .swapsDecodedSizes:
            (entries[2].decodedByteCount, entries[3].decodedByteCount) = (entries[3].decodedByteCount, entries[2].decodedByteCount)
        case .movesBytesToTheNext:
            entries[3].decodedByteCount -= 1
            entries[4].decodedByteCount += 1
        case .addsDecodedBytes: entries[3].decodedByteCount += 1
        case .halvesDecodedSizes: for index in entries.indices { entries[index].decodedByteCount /= 2 }
        case .swapsCompressedSizes: (entries[2].byteCount, entries[3].byteCount) = (entries[3].byteCount, entries[2].byteCount)
        case .addsAFrame: entries.append(entries[0])
        case .swapsLastDecodedSizes:
            let last = entries.count - 1
            (entries[last - 1].decodedByteCount, entries[last].decodedByteCount) = (
                entries[last].decodedByteCount, entries[last - 1].decodedByteCount
            )
        case .addsDecodedByteToTheLast: entries[entries.count - 1].decodedByteCount += 1
        case .takesDecodedByteFromTheLast: entries[entries.count - 1].decodedByteCount -= 1
        }
        let path = folder.write(file + Compressor.seekTable(entries, hasChecksums: true), isOfLabels ? "l.npy" : "p.npy")
        for threads in [1, 8] {
            let evaluation = try evaluate([predictions], [labels], threads: threads, perRow: folder["rows.npy"])
            #expect(Outcome(evaluation) == expected)
            #expect(
                evaluation.report.warnings.contains { $0.description.contains(path) && $0.description.contains("seek table") },
                "\(evaluation.report.warnings)")
        }
        let inspection = try Inspection(path: path)
        #expect(
            inspection.shape == (isOfLabels ? [10] : [10, 3])
                && inspection.firstRows.first?.first == (isOfLabels ? Double(dump.labels[0]) : dump.values[0]))
        // Damage below a table that lies is still found: in the last frame's checksum.
        file[file.count - 1] ^= 1
        folder.write(file + Compressor.seekTable(entries, hasChecksums: true), isOfLabels ? "l.npy" : "p.npy")
        unlink(folder["rows.npy"])
        #expect(failure(folder, [predictions], [labels])?.category == .data)
    }

    /// Frames of unequal sizes behind pzstd's headers, which pzstd itself never writes.
    @Test func unequalPzstdFrames() throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let bytes = dump.predictionBytes
        let labels = folder.write(dump.labelBytes, "l.npy")
        let expected = Outcome(try evaluate([folder.write(bytes, "p.npy")], [labels]))
        let compressor = Compressor(isSized: false, hasChecksums: true)
        var file: [UInt8] = []
        var start = 0
        for size in [50, 20, 70, 30, 1, 1000] {
            let frame = compressor.frame(bytes[start..<min(start + size, bytes.count)])
            file += Compressor.skippable(Compressor.littleEndian(frame.count, 4), variant: 0) + frame
            start += size
        }
        for threads in [1, 8] {
            #expect(Outcome(try evaluate([folder.write(file, "p.npy")], [labels], threads: threads)) == expected)
        }
    }

    // MARK: Partials

    @Test func partialsThatDoNotFit() throws {
        let folder = TemporaryFolder()
        let dump = Self.dump
        let predictions = folder.write(dump.predictionBytes, "p.npy")
        let labels = folder.write(dump.labelBytes, "l.npy")
        let partial = try evaluate([predictions], [labels]).partial
        try PartialFile.write(partial, to: folder["a"])
        var other = dump.slice(0..<5)
        other.classCount = 2
        other.values = Array(dump.values.prefix(10))
        other.labels = [0, 1, 0, 1, 0]
        let otherPartial = try evaluate([folder.write(other.predictionBytes, "q.npy")], [folder.write(other.labelBytes, "m.npy")]).partial
        try PartialFile.write(otherPartial, to: folder["b"])
        let mismatch = #expect(throws: EngineError.self) { try PartialFile.merge([folder["a"], folder["b"]]) }
        #expect(mismatch?.category == .data && mismatch?.path == folder["b"])
        let bytes = folder.read("a")
        for count in stride(from: 0, to: bytes.count, by: 97) {
            folder.write(Array(bytes.prefix(count)), "c")
            let error = #expect(throws: EngineError.self) { try PartialFile.merge([folder["a"], folder["c"]]) }
            #expect(error?.category == .data && error?.path == folder["c"])
        }
        for bit in stride(from: 0, to: 8 * bytes.count, by: 61) {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            folder.write(damaged, "c")
            #expect(throws: EngineError.self, "bit \(bit)") { try PartialFile.read(folder["c"]) }
        }
        #expect(#expect(throws: EngineError.self) { try PartialFile.read(folder["none"]) }?.category == .noInput)
        #expect(#expect(throws: EngineError.self) { try PartialFile.merge([]) }?.category == .usage)
    }
}
