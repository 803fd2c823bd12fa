import Elements
import Formats
import Scoring
import Testing

@testable import Engine

/// Peak memory does not grow with the dump. In a process of its own, so that no other test's memory is measured.
@Suite struct EngineStressMemory {
    @Test func aDumpTenTimesAsLongNeedsNoMore() async {
        await #expect(processExitsWith: .success) {
            #expect(ProcessMemory.givesBackFreeMemory())
            let folder = TemporaryFolder()
            let (classCount, rowsPerBlock) = (100, 50_000)
            // 20 MB of rows in frames of 1 MiB, which may be repeated at will.
            let block = WideDump.bytes(rowCount: rowsPerBlock, classCount: classCount, labelType: .uint8, seed: 71)
            let data = block.predictions.suffix(4 * rowsPerBlock * classCount)
            let labels = block.labels.suffix(rowsPerBlock)
            let compressor = Compressor(hasChecksums: true)
            var frames: [[UInt8]] = []
            var entries: [Compressor.Entry] = []
            for start in stride(from: data.startIndex, to: data.endIndex, by: 1 << 20) {
                let end = min(start + 1 << 20, data.endIndex)
                frames.append(compressor.frame(data[start..<end]))
                entries.append(Compressor.Entry(frame: frames[frames.count - 1], decodedByteCount: end - start))
            }
            func write(blockCount: Int) -> (predictions: String, labels: String) {
                let header = NPY.header("<f4", shape: [blockCount * rowsPerBlock, classCount])
                let headerFrame = compressor.frame(header[...])
                let predictions = folder.write("p\(blockCount).npy.zst") { append in
                    append(headerFrame)
                    for _ in 0..<blockCount { for frame in frames { append(frame) } }
                    let all =
                        [Compressor.Entry(frame: headerFrame, decodedByteCount: header.count)]
                        + (0..<blockCount).flatMap { _ in entries }
                    append(Compressor.seekTable(all, hasChecksums: true))
                }
                let labelFrame = compressor.frame(labels)
                let labelPath = folder.write("l\(blockCount).npy.zst") { append in
                    append(compressor.frame(NPY.header("|u1", shape: [blockCount * rowsPerBlock])[...]))
                    for _ in 0..<blockCount { append(labelFrame) }
                }
                return (predictions, labelPath)
            }
            let short = write(blockCount: 3)
            let long = write(blockCount: 30)
            frames = []

            func peak(_ paths: (predictions: String, labels: String), blockCount: Int) throws -> Int {
                _ = ProcessMemory.resetPeak()
                let evaluation = try evaluate([paths.predictions], [paths.labels], threads: 2)
                #expect(evaluation.report.rows.scored == UInt64(blockCount * rowsPerBlock))
                #expect(evaluation.notes.first?.contains("stealing") == true)
                return ProcessMemory.peakByteCount
            }
            // What was needed for writing is free again, but some of it still counts: the first run makes use of it.
            _ = try peak(short, blockCount: 3)
            let baseline = ProcessMemory.resetPeak()
            let shortPeak = try peak(short, blockCount: 3)
            let longPeak = try peak(long, blockCount: 30)
            #expect(longPeak - shortPeak <= 2 << 20, "\(shortPeak >> 10) KiB and \(longPeak >> 10) KiB")
            #expect(
                shortPeak - baseline < 64 << 20 && longPeak - baseline < 64 << 20,
                "\(baseline >> 10), \(shortPeak >> 10), \(longPeak >> 10) KiB")
        }
    }
}
