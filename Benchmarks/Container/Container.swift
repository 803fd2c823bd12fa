import Benchmark
import BenchmarkDump
import Container

let benchmarks: @Sendable () -> Void = {
    Benchmark("decompress all frames, one thread", configuration: .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(5))) { benchmark in
        let file = try ContainerFile(path: BenchmarkDump.shared.predictionsPath)
        let decoder = Decoder()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 64)
        defer { buffer.deallocate() }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            decoder.start(file, frames: 0..<file.frames.count)
            while true {
                let count = try decoder.read(into: buffer)
                if count == 0 { break }
                blackHole(count)
            }
        }
    }

    Benchmark("open a seekable file", configuration: .init(metrics: [.wallClock], maxDuration: .seconds(2))) { benchmark in
        let path = BenchmarkDump.shared.predictionsPath
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try ContainerFile(path: path)) }
    }
}
