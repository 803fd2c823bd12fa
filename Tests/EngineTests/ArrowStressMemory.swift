import Foundation
import Scoring
import Testing

@testable import Engine

/// Memory of Arrow files, in a process of its own.
@Suite struct ArrowStressMemory {
    /// Ten files take no more memory than one, whether their buffers are decompressed at once or piece by piece.
    @Test(arguments: ["large-fixed-lz4", "large-fixed-zstd", "large-wide"]) func tenTimesTheRowsNeedNoMore(name: String) async {
        await #expect(processExitsWith: .success) { [name] in
            #expect(ProcessMemory.givesBackFreeMemory())
            let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/arrow/\(name).arrow").path
            func peak(_ count: Int) throws -> Int {
                _ = ProcessMemory.resetPeak()
                var options = EvaluationOptions(
                    predictionPaths: Array(repeating: path, count: count), labelPaths: [],
                    specification: LossSpecification(task: .multiclass, input: .logits))
                options.threadCount = 2
                #expect(try Evaluation(options).report.rows.scored == UInt64(600_000 * count))
                return ProcessMemory.peakByteCount
            }
            _ = try peak(1)
            let baseline = ProcessMemory.resetPeak()
            let (short, long) = (try peak(1), try peak(10))
            let what = "\(name): \(baseline >> 10), \(short >> 10), \(long >> 10) KiB"
            #expect(long - short <= 4 << 20, "\(what)")
            #expect(long - baseline < 48 << 20, "\(what)")
        }
    }
}
