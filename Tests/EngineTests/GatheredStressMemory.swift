import Elements
import Formats
import Glibc
import Scoring
import Testing

@testable import Engine

/// Memory and time of arrays that are stored by columns. Peak memory is measured in a process of its own.
@Suite struct GatheredStressMemory {
    /// Ten times as many rows take no more memory, raw and in frames, though each block needs a part of every column.
    @Test func anArrayTenTimesAsLongNeedsNoMore() async {
        await #expect(processExitsWith: .success) {
            #expect(ProcessMemory.givesBackFreeMemory())
            let folder = TemporaryFolder()
            let classCount = 10
            let compressor = Compressor(hasChecksums: true)
            let zeros = [UInt8](repeating: 0, count: 1 << 20)
            let frame = compressor.frame(zeros[...])
            func write(frameCount: Int, isCompressed: Bool) -> (paths: [String], rowCount: Int) {
                let rowCount = frameCount << 20 / (4 * classCount)
                let header = NPY.header("<f4", shape: [rowCount, classCount], isFortranOrder: true)
                let tail = [UInt8](repeating: 0, count: 4 * classCount * rowCount - (frameCount - 1) << 20)
                let labelHeader = NPY.header("|u1", shape: [rowCount])
                // Files with holes take no room.
                let labels = folder.write(labelHeader, "l\(frameCount).npy")
                #expect(truncate(labels, off_t(labelHeader.count + rowCount)) == 0)
                let path: String
                if isCompressed {
                    path = folder.write("p\(frameCount).npy.zst") { append in
                        append(compressor.frame(header[...]))
                        for _ in 0..<frameCount - 1 { append(frame) }
                        append(compressor.frame(tail[...]))
                    }
                } else {
                    path = folder.write(header, "p\(frameCount).npy")
                    #expect(truncate(path, off_t(header.count + 4 * classCount * rowCount)) == 0)
                }
                return ([path, labels], rowCount)
            }
            func peak(_ dump: (paths: [String], rowCount: Int)) throws -> Int {
                _ = ProcessMemory.resetPeak()
                let evaluation = try evaluate([dump.paths[0]], [dump.paths[1]], threads: 2)
                #expect(evaluation.report.rows.scored == UInt64(dump.rowCount))
                #expect(evaluation.notes.first?.contains("columns") == true)
                return ProcessMemory.peakByteCount
            }
            for (isCompressed, limit) in [(false, 32 << 20), (true, 160 << 20)] {
                let short = write(frameCount: 160, isCompressed: isCompressed)
                let long = write(frameCount: 1600, isCompressed: isCompressed)
                _ = try peak(short)
                let baseline = ProcessMemory.resetPeak()
                let (shortPeak, longPeak) = (try peak(short), try peak(long))
                let what = "\(isCompressed ? "frames" : "raw"): \(baseline >> 10), \(shortPeak >> 10), \(longPeak >> 10) KiB"
                #expect(longPeak - shortPeak <= 4 << 20, "\(what)")
                #expect(longPeak - baseline < limit, "\(what)")
            }
        }
    }

    /// Fortran order is read at a fair part of the speed of C order: it takes no pass over the file for each column.
    @Test func timeOfColumns() throws {
        let folder = TemporaryFolder()
        let (rowCount, classCount) = (200_000, 100)
        let data = [UInt8](repeating: 0, count: 4 * rowCount * classCount)
        let labels = folder.write(NPY.header("|u1", shape: [rowCount]) + data.prefix(rowCount), "l.npy")
        let paths = [false, true].map {
            folder.write(NPY.header("<f4", shape: [rowCount, classCount], isFortranOrder: $0) + data, "\($0).npy")
        }
        var least = [Double](repeating: .infinity, count: 2)
        for _ in 0..<7 {
            for index in 0..<2 {
                let start = ContinuousClock.now
                try evaluate([paths[index]], [labels])
                least[index] = min(least[index], (ContinuousClock.now - start).seconds)
            }
        }
        #expect(least[1] <= 8 * least[0], "\(least[0]) s in C order, \(least[1]) s in Fortran order")
    }
}
