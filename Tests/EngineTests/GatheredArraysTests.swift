import Container
import Elements
import Formats
import Messages
import Oracle
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// Arrays whose rows do not lie one after another: in Fortran order, with the classes on any axis, with a place left out.
@Suite struct GatheredArraysTests {
    /// An array of numbered elements, in either order, and the rows that its definition gives.
    private struct Example {
        let elementType: ElementType
        let shape: [Int]
        let isFortranOrder: Bool
        let isBigEndian: Bool
        let valueAxis: Int?
        let end: ArrayRows.End?

        var summary: String {
            "\(elementType.name)\(isBigEndian ? " big-endian" : "") \(shape), \(isFortranOrder ? "Fortran" : "C") order, "
                + "axis \(valueAxis.map { "\($0)" } ?? "none"), \(end.map { "without the \($0)" } ?? "whole")"
        }

        /// The element with the indices `place`: a number that says them.
        private func element(_ place: [Int]) -> Int { zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 } }

        private func bytes(_ values: [Int], isBigEndian: Bool) -> [UInt8] {
            values.flatMap { value in
                let bytes = (0..<elementType.byteCount).map { UInt8(truncatingIfNeeded: (value &* 0x9E37_79B9) >> (8 * $0)) }
                return isBigEndian ? bytes.reversed() : bytes
            }
        }

        private static func places(_ shape: [Int], isFortranOrder: Bool) -> [[Int]] {
            let dimensions = isFortranOrder ? shape.reversed() : shape
            let places = dimensions.reduce([[]]) { places, dimension in places.flatMap { place in (0..<dimension).map { place + [$0] } } }
            return isFortranOrder ? places.map { $0.reversed() } : places
        }

        /// The file, its elements in the order of their storage.
        var file: [UInt8] {
            NPY.header(NPY.descriptor(elementType, isBigEndian: isBigEndian), shape: shape, isFortranOrder: isFortranOrder)
                + bytes(Self.places(shape, isFortranOrder: isFortranOrder).map(element), isBigEndian: isBigEndian)
        }

        /// The rows, one after another in the machine's byte order.
        var rows: [UInt8] {
            var rowShape = shape
            if let valueAxis { rowShape.remove(at: valueAxis) }
            if end != nil { rowShape[1] -= 1 }
            return bytes(
                Self.places(rowShape, isFortranOrder: false).flatMap { row in
                    var place = row
                    if end == .first { place[1] += 1 }
                    guard let valueAxis else { return [element(place)] }
                    return (0..<shape[valueAxis]).map {
                        var full = place
                        full.insert($0, at: valueAxis)
                        return element(full)
                    }
                }, isBigEndian: false)
        }

        static func random(_ random: inout SplitMix64, elementLimit: Int) -> Example {
            var shape = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                [1, 2, 3, 17, 64, 200].randomElement(using: &random)!
            }
            while shape.reduce(1, *) > elementLimit { shape[shape.indices.randomElement(using: &random)!] = 2 }
            let axis = Int.random(in: 0...3, using: &random) > 0 ? shape.indices.randomElement(using: &random) : nil
            let canShift = shape.count - (axis == nil ? 0 : 1) >= 2
            return Example(
                elementType: [.uint8, .float16, .float32, .float64].randomElement(using: &random)!, shape: shape,
                isFortranOrder: Bool.random(using: &random), isBigEndian: Bool.random(using: &random), valueAxis: axis,
                end: canShift ? [nil, .first, .last].randomElement(using: &random)! : nil)
        }
    }

    private func open(_ examples: [Example], _ framings: [Framing], _ folder: TemporaryFolder) throws -> ConcatenatedArrays {
        try ConcatenatedArrays(
            zip(examples, framings).enumerated().map { index, pair in
                let file = try ArrayFile.open(folder.write(pair.1.store(pair.0.file), "\(index).npy"), options: ContainerOptions())
                return file.counting(ArrayRows(of: file.layout, valueAxis: pair.0.valueAxis, leavingOut: pair.0.end))
            })
    }

    /// Keeps the rows that it is given where they belong.
    private final class Collector: RowConsumer {
        var rows: [(first: Int, bytes: [UInt8])] = []
        let rowByteCount: Int

        init(rowByteCount: Int) { self.rowByteCount = rowByteCount }

        func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {
            rows.append((batch.firstRow, Array(UnsafeRawBufferPointer(start: batch.values, count: batch.rowCount * rowByteCount))))
        }
    }

    private func collect(_ source: any RowSource, threads: Int) throws -> [UInt8] {
        let rowByteCount = source.layout.rowByteCount
        let result = try RowPipeline(source: source, threadCount: threads).run { Collector(rowByteCount: rowByteCount) }
        return result.consumers.flatMap(\.rows).sorted { $0.first < $1.first }.flatMap(\.bytes)
    }

    private func read(_ cursor: any RowCursor, rowByteCount: Int, _ random: inout SplitMix64) throws -> [UInt8] {
        let buffer = ByteBuffer()
        var all: [UInt8] = []
        while true {
            let count = try cursor.read(rowCount: Int.random(in: 1...100, using: &random), into: buffer, at: 0)
            if count == 0 { return all }
            all += Array(UnsafeRawBufferPointer(buffer.room(from: 0, count: count * rowByteCount)))
        }
    }

    /// Random arrays, however they are stored, with blocks of any size: the pipeline, cursors and readers by number give the same rows.
    @Test func everyWayGivesTheRowsOfTheDefinition() throws {
        let seed: UInt64 = 63
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        var gatheredCount = 0
        for number in 0..<(isOptimised ? 500 : 30) {
            let first = Example.random(&random, elementLimit: 4000)
            // Files of one dump have rows of one width.
            let examples = [first] + (Bool.random(using: &random) ? [first] : [])
            let framings = examples.map { _ in Framing.all.randomElement(using: &random)! }
            let what = "seed \(seed), array \(number): \(first.summary), \(framings)"
            var options = ContainerOptions()
            // Frames of zstd have windows of up to half a MiB, which the limit is for as well.
            let areRaw = framings.allSatisfy { if case .raw = $0 { true } else { false } }
            options.maximumWindowByteCount = (areRaw ? [1 << 10, 1 << 14, 128 << 20] : [1 << 20, 128 << 20]).randomElement(using: &random)!
            let arrays = try open(examples, framings, folder)
            let expected = examples.flatMap(\.rows)
            let rowByteCount = arrays.layout.rowByteCount
            let source: any RowSource
            do {
                source = try arrays.predictions(areCompanionsInOrder: false, options: options)
            } catch {
                // A file that can be read only in order, and whose columns do not fit.
                #expect(
                    error.description.contains("only in order") && !arrays.files.allSatisfy(\.allowsRandomAccess)
                        && options.maximumWindowByteCount < 128 << 20, "\(what): \(error)")
                continue
            }
            if source is GatheredArrays || source is GatheredStream { gatheredCount += 1 }
            for threads in [1, 4] {
                let isSame = try collect(source, threads: threads) == expected
                #expect(isSame, "\(what), \(threads) threads")
            }
            let column = try arrays.column(options)
            let isSame = try read(try column.makeCursor(), rowByteCount: rowByteCount, &random) == expected
            #expect(isSame, "\(what), one after another")
            if let reader = column.makeRandomReader?(RunControl()) {
                for _ in 0..<20 where arrays.rowCount > 0 {
                    let start = Int.random(in: 0..<arrays.rowCount, using: &random)
                    let range = start..<Int.random(in: start...arrays.rowCount, using: &random)
                    let found = Array(UnsafeRawBufferPointer(start: try reader.bytes(of: range), count: range.count * rowByteCount))
                    let wanted = Array(expected[range.lowerBound * rowByteCount..<range.upperBound * rowByteCount])
                    let isSame = found == wanted
                    #expect(isSame, "\(what), rows \(range)")
                }
            } else {
                let areAllAtRandom = arrays.files.allSatisfy { $0.allowsRandomAccess }
                #expect(!areAllAtRandom, "\(what)")
            }
        }
        #expect(gatheredCount > (isOptimised ? 150 : 8), "\(gatheredCount) of them were gathered")
    }

    /// Blocks follow one another over all rows, hold each element once, are stored in order where that is asked for, and do not exceed the
    /// limit where axes allow it.
    @Test func blocksCoverTheRows() throws {
        let seed: UInt64 = 64
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let example = Example.random(&random, elementLimit: 3000)
            let layout = try ArrayLayout(
                elementType: example.elementType, isByteSwapped: false, isFortranOrder: example.isFortranOrder, shape: example.shape,
                dataByteOffset: 0)
            let rows = ArrayRows(of: layout, valueAxis: example.valueAxis, leavingOut: example.end)
            let limit = Int.random(in: 1...300, using: &random)
            for isInStorageOrder in [false, true] {
                let what = "seed \(seed): \(example.summary), \(limit) rows, in order \(isInStorageOrder)"
                let blocks = ArrayBlocks(
                    rows, rowLimit: limit, isInStorageOrder: isInStorageOrder, elementByteCount: example.elementType.byteCount)
                var nextRow = 0
                var storedEnd = 0
                for index in 0..<blocks.count {
                    let block = blocks[index]
                    #expect(block.rows.lowerBound == nextRow && !block.rows.isEmpty && block.rows == blocks.rows(ofBlock: index), "\(what)")
                    #expect(block.rows.allSatisfy { blocks.block(ofRow: $0) == index }, "\(what)")
                    nextRow = block.rows.upperBound
                    if !isInStorageOrder { #expect(block.rows.count <= limit, "\(what)") }
                    var runs: [Int] = []
                    block.forEachRun { runs.append($0) }
                    #expect(runs == runs.sorted() && runs.first == block.firstElement, "\(what)")
                    #expect((runs.last ?? 0) + block.runElementCount == block.endElement, "\(what)")
                    #expect(runs.count * block.runElementCount == block.rows.count * rows.valuesPerRow, "\(what)")
                    let elements = Set(runs.flatMap { $0..<$0 + block.runElementCount })
                    let wanted = Set(
                        block.rows.flatMap { row in (0..<rows.valuesPerRow).map { rows.firstElement(ofRow: row) + $0 * rows.valueStride } })
                    #expect(elements == wanted, "\(what)")
                    if isInStorageOrder {
                        #expect(block.firstElement >= storedEnd, "\(what)")
                        storedEnd = block.endElement
                    }
                }
                #expect(nextRow == rows.rowCount, "\(what)")
            }
        }
    }

    /// A dump in Fortran order has the losses of the same dump in C order, to the bit, whatever its storage; so have soft labels.
    @Test func fortranOrderIsCOrder() throws {
        let seed: UInt64 = 65
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for number in 0..<(isOptimised ? 60 : 6) {
            var dump = Dump.random(&random, task: .multiclass, elementLimit: 20_000)
            while dump.classCount == 1 { dump = Dump.random(&random, task: .multiclass, elementLimit: 20_000) }
            let (rowCount, classCount) = (dump.rowCount, dump.classCount)
            func fortran(_ values: [Double], _ type: ElementType, isBigEndian: Bool) -> [UInt8] {
                NPY.header(NPY.descriptor(type, isBigEndian: isBigEndian), shape: [rowCount, classCount], isFortranOrder: true)
                    + NPY.data(
                        type, isBigEndian: isBigEndian,
                        values: (0..<classCount).flatMap { column in (0..<rowCount).map { values[$0 * classCount + column] } })
            }
            let labels = folder.write(dump.labelBytes, "l.npy")
            let expected = Outcome(
                try evaluate([folder.write(dump.predictionBytes, "p.npy")], [labels], dump.specification, perRow: folder["rows.npy"]),
                perRow: folder.read("rows.npy"))
            let framing = Framing.all.randomElement(using: &random)!
            let what = "seed \(seed), dump \(number): \(dump.summary), \(framing)"
            let columns = folder.write(
                framing.store(fortran(dump.values, dump.elementType, isBigEndian: dump.isBigEndian)), "f.npy")
            for threads in [1, 3] {
                let outcome = Outcome(
                    try evaluate([columns], [labels], dump.specification, threads: threads, perRow: folder["rows.npy"]),
                    perRow: folder.read("rows.npy"))
                #expect(outcome == expected, "\(what), \(threads) threads")
            }
            // Soft labels: a row of probabilities in either order.
            let soft = LossSpecification(task: .soft, input: dump.specification.input)
            let targets = (0..<rowCount).flatMap { _ in
                let row = (0..<classCount).map { _ in random.nextUniform(in: 0...1) }
                return row.map { $0 / row.reduce(0, +) }
            }
            let softLabels = folder.write(NPY.file(.float64, shape: [rowCount, classCount], values: targets), "s.npy")
            let softColumns = folder.write(framing.store(fortran(targets, .float64, isBigEndian: true)), "g.npy")
            let ofRows = Outcome(try evaluate([folder["p.npy"]], [softLabels], soft))
            for (predictions, labels) in [(columns, softLabels), (folder["p.npy"], softColumns), (columns, softColumns)] {
                #expect(Outcome(try evaluate([predictions], [labels], soft, threads: 2)) == ofRows, "\(what)")
            }
        }
    }

    /// What is packed from Fortran order is the same array in C order.
    @Test func packedInCOrder() throws {
        let folder = TemporaryFolder()
        let values = (0..<60).map { Double($0) }
        for framing in Framing.all {
            let file = NPY.header(">f4", shape: [20, 3], isFortranOrder: true) + NPY.data(.float32, isBigEndian: true, values: values)
            let report = try pack(folder.write(framing.store(file), "in"), folder["out"], frameByteCount: 100)
            let packed = try Packed(folder["out"]).bytes
            let rows = (0..<20).flatMap { row in (0..<3).map { values[$0 * 20 + row] } }
            let expected = NPYHeader.encode(elementType: .float32, shape: [20, 3]) + NPY.data(.float32, isBigEndian: false, values: rows)
            #expect(packed == expected, "\(framing)")
            #expect(report.array.rows == 20 && report.packing?.rows == 8)
            #expect(report.changes.contains { $0.contains("C order") }, "\(framing)")
        }
    }

    /// A damaged frame is the error of the first block that needs it, in every run.
    @Test func damageIsFoundInOrder() throws {
        let folder = TemporaryFolder()
        let rowCount = 3000
        let file = NPY.header("<f4", shape: [rowCount, 4], isFortranOrder: true) + [UInt8](repeating: 0, count: 16 * rowCount)
        var stored = Framing.seekable(frameByteCount: 4096, hasChecksums: true).store(file)
        let frames = try ContainerFile(path: folder.write(stored, "f.npy")).frames
        stored[frames[5].byteOffset + frames[5].byteCount - 2] ^= 0x40
        let predictions = folder.write(stored, "f.npy")
        let labels = folder.write(NPY.file(.uint8, shape: [rowCount], values: [Double](repeating: 0, count: rowCount)), "l.npy")
        var messages = Set<String>()
        for threads in [1, 2, 5] {
            let error = #expect(throws: EngineError.self) { try evaluate([predictions], [labels], threads: threads) }
            #expect(error?.category == .data && error?.frameIndex == 5)
            messages.insert(error?.description ?? "")
        }
        #expect(messages.count == 1)
    }

    /// A stream of columns that does not fit in the memory that is allowed.
    @Test func columnsInOrderThatDoNotFit() throws {
        let folder = TemporaryFolder()
        // Larger than the window of its frame.
        let file = NPY.header("<f4", shape: [250_000, 4], isFortranOrder: true) + [UInt8](repeating: 0, count: 4_000_000)
        let predictions = folder.write(Framing.streamed.store(file), "f.npy")
        let labels = folder.write(NPY.file(.uint8, shape: [250_000], values: [Double](repeating: 0, count: 250_000)), "l.npy")
        var options = EvaluationOptions(
            predictionPaths: [predictions], labelPaths: [labels], specification: LossSpecification(task: .multiclass, input: .logits))
        options.maximumWindowByteCount = 3_999_999
        let error = #expect(throws: EngineError.self) { try Evaluation(options) }
        #expect(error?.path == predictions && error?.problem.description.contains("4000000 bytes") == true)
        #expect(error?.remedy?.description.contains("ascontiguousarray") == true)
        options.maximumWindowByteCount = 4_000_000
        #expect(try Evaluation(options).report.rows.scored == 250_000)
    }

    /// Cut short, or too long.
    @Test func anotherLengthThanPromised() throws {
        let folder = TemporaryFolder()
        let labels = folder.write(NPY.file(.uint8, shape: [10], values: [Double](repeating: 0, count: 10)), "l.npy")
        let file = NPY.header("<f4", shape: [10, 3], isFortranOrder: true) + [UInt8](repeating: 0, count: 120)
        for framing in Framing.all {
            for (bytes, says) in [(Array(file.dropLast()), "promises"), (file + [0], "follow")] {
                let predictions = folder.write(framing.store(bytes), "f.npy")
                let error = #expect(throws: EngineError.self, "\(framing)") { try evaluate([predictions], [labels]) }
                #expect(error?.category == .data && error?.description.contains(says) == true, "\(framing): \(String(describing: error))")
            }
        }
    }
}
