import Scoring
import Testing

@testable import Engine

/// Peak memory does not grow with a text. In a process of its own, as `EngineStressMemory`.
@Suite struct EngineStressMemoryRecords {
    @Test func aTextTenTimesAsLongNeedsNoMore() async {
        await #expect(processExitsWith: .success) {
            #expect(ProcessMemory.givesBackFreeMemory())
            let folder = TemporaryFolder()
            let dump = RecordTextDump(rowCount: 40_000, seed: 73)
            let (header, block) = (dump.table.prefix { $0 != 0x0A } + [0x0A], Array(dump.table.drop { $0 != 0x0A }.dropFirst()))
            let compressor = Compressor(hasChecksums: true)
            let (headerFrame, frame) = (compressor.frame(header[...]), compressor.frame(block[...]))
            func write(_ name: String, _ first: [UInt8], _ piece: [UInt8], count: Int) -> String {
                folder.write("\(name)\(count)") { append in
                    append(first)
                    for _ in 0..<count { append(piece) }
                }
            }
            for (name, first, piece) in [("raw", Array(header), block), ("frames", headerFrame, frame)] {
                let short = write(name, first, piece, count: 8)
                let long = write(name, first, piece, count: 80)
                func peak(_ path: String, count: Int) throws -> Int {
                    _ = ProcessMemory.resetPeak()
                    let evaluation = try RecordTextDump.evaluate(path, threads: 2)
                    #expect(evaluation.report.rows.scored == UInt64(count * 40_000))
                    return ProcessMemory.peakByteCount
                }
                // The first run makes use of what is free already.
                _ = try peak(short, count: 8)
                let baseline = ProcessMemory.resetPeak()
                let shortPeak = try peak(short, count: 8)
                let longPeak = try peak(long, count: 80)
                #expect(longPeak - shortPeak <= 6 << 20, "\(name): \(shortPeak >> 10) KiB and \(longPeak >> 10) KiB")
                #expect(longPeak - baseline < 128 << 20, "\(name): \(baseline >> 10), \(longPeak >> 10) KiB")
            }
        }
    }
}
