import Container
import Elements
import Formats
import SeededRandom
import Testing

@testable import Engine

@Suite struct ArrayUnitTests {
    private func units(of bytes: [UInt8], _ folder: TemporaryFolder) throws -> (file: ArrayFile, units: [ArrayUnit]) {
        let file = try ArrayFile.open(folder.write(bytes, "a.npy"), options: ContainerOptions())
        return (file, ArrayUnit.cut(file, fileIndex: 3))
    }

    /// Units follow one another over all of the data; each but a file's only one holds two rows' bytes; heads and tails make whole rows.
    private func check(_ file: ArrayFile, _ units: [ArrayUnit], _ what: String) throws {
        let rowByteCount = file.layout.rowByteCount
        var decodedEnd = file.dataBytes.lowerBound
        var rowEnd = 0
        var frameEnd = 0
        var rawEnd = file.dataBytes.lowerBound
        var tail = 0
        for (index, unit) in units.enumerated() {
            #expect(unit.fileIndex == 3)
            #expect(unit.decodedBytes.lowerBound == decodedEnd, "\(what): unit \(index)")
            decodedEnd = unit.decodedBytes.upperBound
            #expect(unit.rows.lowerBound == rowEnd, "\(what): unit \(index)")
            #expect(!unit.rows.isEmpty, "\(what): unit \(index) holds no row's beginning")
            rowEnd = unit.rows.upperBound
            #expect(unit.headByteCount < rowByteCount && unit.tailByteCount < rowByteCount)
            #expect((tail + unit.headByteCount) % rowByteCount == 0 && (tail == 0) == (unit.headByteCount == 0), "\(what): unit \(index)")
            tail = unit.tailByteCount
            // The head, the rows that end in it, and the tail are all that it has.
            let whole = unit.rows.count - (tail > 0 ? 1 : 0)
            #expect(unit.headByteCount + whole * rowByteCount + tail == unit.decodedBytes.count, "\(what): unit \(index)")
            #expect(unit.skippedByteCount == (index == 0 && !isBytes(unit) ? file.dataBytes.lowerBound : 0))
            // Of a raw file, 2 MiB cut to whole rows.
            let isLongEnough = unit.decodedBytes.count >= 2 * rowByteCount && unit.decodedBytes.count + rowByteCount > 2 << 20
            #expect(units.count == 1 || isLongEnough, "\(what): unit \(index)")
            switch unit.span {
            case .frames(let frames):
                #expect(frames.lowerBound == frameEnd && !frames.isEmpty)
                frameEnd = frames.upperBound
            case .bytes(let bytes):
                #expect(bytes.lowerBound == rawEnd && bytes == unit.decodedBytes)
                #expect(unit.headByteCount == 0 && unit.tailByteCount == 0)
                rawEnd = bytes.upperBound
            case .whole: #expect(units.count == 1)
            }
        }
        #expect(decodedEnd == file.dataBytes.upperBound && rowEnd == file.rowCount && tail == 0, "\(what)")
        if frameEnd > 0 { #expect(frameEnd == file.container.frames.count) }
    }

    private func isBytes(_ unit: ArrayUnit) -> Bool { if case .bytes = unit.span { true } else { false } }

    @Test func unitsCoverTheDataExactly() throws {
        let seed: UInt64 = 21
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        var unitCounts: [Int] = []
        var seamCount = 0
        for round in 0..<24 {
            let columns = [1, 7, 1000, 49_152, 300_001].randomElement(using: &random)!
            let rowCount = Int.random(in: 1...(10 << 20) / (4 * columns) + 1, using: &random)
            let bytes = NPY.header("<f4", shape: [rowCount, columns]) + [UInt8](repeating: 0, count: 4 * columns * rowCount)
            let frameByteCount = [4099, 100_003, 1 << 20, 5 << 20].randomElement(using: &random)!
            let framings: [Framing] = [
                .raw, .single, .streamed, .frames(frameByteCount: frameByteCount, isSized: true),
                .pzstd(frameByteCount: frameByteCount, isSized: false), .seekable(frameByteCount: frameByteCount, hasChecksums: false),
            ]
            let framing = framings[round % framings.count]
            let (file, units) = try units(of: framing.store(bytes), folder)
            try check(file, units, "seed \(seed): \(rowCount) x \(columns), \(framing)")
            unitCounts.append(units.count)
            seamCount += units.count { $0.tailByteCount > 0 }
        }
        // What this is about did come up.
        #expect(unitCounts.max() ?? 0 >= 4 && seamCount >= 3, "\(unitCounts), \(seamCount) seams")
    }

    @Test func aFileWithoutRowsHasNoRowsInUnits() throws {
        let folder = TemporaryFolder()
        let bytes = NPY.header("<f4", shape: [0, 5])
        for framing in Framing.all {
            let (file, units) = try units(of: framing.store(bytes), folder)
            #expect(file.rowCount == 0)
            #expect(
                units.allSatisfy { $0.rows.isEmpty && $0.decodedBytes.isEmpty && $0.headByteCount == 0 && $0.tailByteCount == 0 },
                "\(framing)")
        }
    }

    @Test func rowFilesLocateEveryRow() throws {
        let folder = TemporaryFolder()
        let counts = [0, 3, 0, 0, 1, 5, 0]
        let files = try counts.enumerated().map { index, count in
            try ArrayFile.open(folder.write(NPY.file(.uint8, shape: [count], values: [Double](repeating: 0, count: count)), "\(index)"),
                options: ContainerOptions())
        }
        let rows = try ConcatenatedArrays(files)
        #expect(rows.rowCount == 9)
        let expected = counts.enumerated().flatMap { index, count in (0..<count).map { (index, $0) } }
        for (row, place) in expected.enumerated() { #expect(rows.locate(row) == place, "row \(row)") }
    }
}

@Suite struct SplitRowStoreTests {
    @Test func theSecondPieceGetsTheFirst() {
        let store = SplitRowStore()
        #expect(store.bring(end: [5], of: 1) == nil)
        #expect(store.bring(beginning: [1, 2, 7], before: 2) == nil)
        #expect(store.waitingCount == 2)
        #expect(store.bring(beginning: [1, 2, 3], before: 1) == [5])
        #expect(store.waitingCount == 1)
        #expect(store.bring(end: [6], of: 2) == [1, 2, 7])
        #expect(store.waitingCount == 0)
    }

    /// Every pair meets once, in whatever order the pieces come.
    @Test func anyOrder() {
        var random = SplitMix64(seed: 22)
        for _ in 0..<200 {
            let store = SplitRowStore()
            var met: [Int] = []
            for piece in Array(0..<20).shuffled(using: &random) {
                let unit = piece / 2
                if piece % 2 == 0 {
                    if let beginning = store.bring(end: [UInt8(unit)], of: unit) { met.append(Int(beginning[0])) }
                } else if let end = store.bring(beginning: [UInt8(unit)], before: unit) {
                    met.append(Int(end[0]))
                }
            }
            #expect(met.sorted() == Array(0..<10) && store.waitingCount == 0)
        }
    }
}
