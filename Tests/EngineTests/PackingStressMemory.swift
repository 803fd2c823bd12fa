import Elements
import Formats
import Testing

@testable import Engine

/// Peak memory of packing does not grow with the dump. In a process of its own, so that no other test's memory is measured.
@Suite struct PackingStressMemory {
    @Test(arguments: [false, true])
    func aDumpTenTimesAsLongNeedsNoMore(isStreamed: Bool) async {
        await #expect(processExitsWith: .success) { [isStreamed] in
            #expect(ProcessMemory.givesBackFreeMemory())
            let folder = TemporaryFolder()
            let (classCount, rowsPerBlock) = (100, 50_000)
            let block = WideDump.bytes(rowCount: rowsPerBlock, classCount: classCount, labelType: .uint8, seed: 97)
            let data = Array(block.predictions.suffix(4 * rowsPerBlock * classCount))
            let frame = Compressor(isSized: !isStreamed).frame(data[...])
            func write(blockCount: Int) -> String {
                let header = NPY.header("<f4", shape: [blockCount * rowsPerBlock, classCount])
                return folder.write("p\(blockCount)") { append in
                    append(isStreamed ? Compressor(isSized: false).frame(header[...]) : header)
                    for _ in 0..<blockCount { append(isStreamed ? frame : data) }
                }
            }
            let (short, long) = (write(blockCount: 3), write(blockCount: 30))

            func peak(_ path: String) throws -> Int {
                _ = ProcessMemory.resetPeak()
                // Small frames: how many wait for an older one is chance, and bounded.
                let report = try pack(path, folder["out"], frameByteCount: 1 << 18, threads: 2)
                #expect(report.output.frames ?? 0 > 200)
                return ProcessMemory.peakByteCount
            }
            // The first run makes use of what writing needed.
            _ = try peak(short)
            let baseline = ProcessMemory.resetPeak()
            let shortPeak = try peak(short)
            let longPeak = try peak(long)
            #expect(longPeak - shortPeak <= 2 << 20, "\(shortPeak >> 10) KiB and \(longPeak >> 10) KiB")
            #expect(
                shortPeak - baseline < 24 << 20 && longPeak - baseline < 24 << 20,
                "\(baseline >> 10), \(shortPeak >> 10), \(longPeak >> 10) KiB")
        }
    }
}
