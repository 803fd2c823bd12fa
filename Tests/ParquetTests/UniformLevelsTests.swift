import SeededRandom
import Testing

@testable import Parquet

/// Repetition levels of lists of one length, which are recognised by comparing bytes.
@Suite struct UniformLevelsTests {
    private func read(_ bytes: [UInt8], levelCount: Int) throws -> LevelRuns {
        // Readers may look at eight bytes after the last.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 16, alignment: 8)
        defer { memory.deallocate() }
        for index in memory.indices { memory[index] = index < bytes.count ? bytes[index] : 0xFF }
        var runs = LevelRuns()
        let stored = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<bytes.count])
        try runs.read(stored, limit: 1, levelCount: levelCount, runLimit: 1 << 20, findsLists: true)
        return runs
    }

    private func levels(_ runs: LevelRuns) -> [Int] { runs.runs.flatMap { repeatElement(Int($0.level), count: Int($0.count)) } }

    private func uniform(_ length: Int, _ count: Int) -> [Int] { (0..<length * count).map { $0 % length == 0 ? 0 : 1 } }

    /// Our own levels, runs or packed bits, are recognised and are the levels that were meant.
    @Test func ownLevels() throws {
        for length in [2, 3, 5, 7, 8, 9, 16, 31, 32, 33, 64, 65, 100, 129, 1000] {
            for count in [1, 2, 3, 7, 8, 9, 50] {
                let bytes = UniformLevels.encode(listLength: length, listCount: count)
                var runs = try read(bytes, levelCount: length * count)
                #expect(runs.listLength == length, "\(count) lists of \(length)")
                #expect(runs.count(of: 0) == count && runs.count(of: 1) == count * (length - 1) && runs.count(of: 2) == 0)
                try runs.expand(runLimit: 1 << 20)
                #expect(levels(runs) == uniform(length, count), "\(count) lists of \(length)")
                #expect(throws: PageFault.self) {
                    var again = try read(bytes, levelCount: length * count)
                    try again.expand(runLimit: 2 * count - 1)
                }
            }
        }
        #expect(UniformLevels.encode(listLength: 1, listCount: 5) == [10, 0])
    }

    /// Levels as other writers have them: eight packed ones and a run for each list.
    @Test func levelsOfOthers() throws {
        for length in [16, 17, 100, 1000] {
            var list: [UInt8] = [3, 0xFE]
            VariableInteger.append(UInt64(length - 8) << 1, to: &list)
            list.append(1)
            let runs = try read((0..<9).flatMap { _ in list }, levelCount: 9 * length)
            #expect(runs.listLength == length)
        }
    }

    /// Lists of which one differs, wherever it is, are read as runs, and are what was meant.
    @Test func unevenLists() throws {
        var random = SplitMix64(seed: 43)
        for _ in 0..<400 {
            var lengths = [Int](repeating: Int.random(in: 2...70, using: &random), count: Int.random(in: 2...20, using: &random))
            let place = Int.random(in: 0..<lengths.count, using: &random)
            lengths[place] += lengths[place] > 2 && Bool.random(using: &random) ? -1 : 1
            let wanted = lengths.flatMap { uniform($0, 1) }
            var bytes: [UInt8] = []
            if Bool.random(using: &random) {
                for length in lengths {
                    PageEncoder.Levels.append(run: 0, count: 1, to: &bytes)
                    PageEncoder.Levels.append(run: 1, count: length - 1, to: &bytes)
                }
            } else {
                VariableInteger.append(UInt64((wanted.count + 7) / 8) << 1 | 1, to: &bytes)
                for start in stride(from: 0, to: wanted.count, by: 8) {
                    bytes.append((0..<8).reduce(0) { $0 | (start + $1 < wanted.count ? UInt8(wanted[start + $1]) << UInt8($1) : 0) })
                }
            }
            let runs = try read(bytes, levelCount: wanted.count)
            #expect(runs.listLength == nil, "\(lengths)")
            #expect(levels(runs) == wanted, "\(lengths)")
        }
    }

    /// The levels number by number.
    private func plain(_ bytes: [UInt8], _ levelCount: Int) throws -> [Int] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 16, alignment: 8)
        defer { memory.deallocate() }
        for index in memory.indices { memory[index] = index < bytes.count ? bytes[index] : 0 }
        var reader = try RunReader(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<bytes.count]), bitCount: 1)
        let target = UnsafeMutablePointer<UInt32>.allocate(capacity: levelCount)
        defer { target.deallocate() }
        try reader.read(levelCount, into: target)
        return (0..<levelCount).map { Int(target[$0]) }
    }

    /// Any bytes are read as without the recognition, or are an error.
    @Test func anyBytes() throws {
        var random = SplitMix64(seed: 44)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                Bool.random(using: &random) ? UInt8.random(in: 0...8, using: &random) : UInt8.random(in: 0...255, using: &random)
            }
            let levelCount = Int.random(in: 1...64, using: &random)
            var runs: LevelRuns
            do { runs = try read(bytes, levelCount: levelCount) } catch { continue }
            try runs.expand(runLimit: 1 << 20)
            #expect(try levels(runs) == plain(bytes, levelCount), "\(bytes), \(levelCount) levels")
        }
    }
}
