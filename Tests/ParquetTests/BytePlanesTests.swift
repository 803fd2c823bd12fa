import BytePlanes
import SeededRandom
import Testing

@testable import Parquet

/// Values put together from planes of bytes, by every kind of instructions.
@Suite struct BytePlanesTests {
    private static let bytes: [UInt8] = {
        var random = SplitMix64(seed: 41)
        return (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    /// Every count over the vectors' sizes, planes that are longer than they are read, sources and targets at any alignment: the bytes of a
    /// plain loop, and none beside them.
    @Test(arguments: ByteStreamSplit.Instructions.allCases)
    func everyCount(instructions: ByteStreamSplit.Instructions) {
        var random = SplitMix64(seed: 42)
        for width in [1, 2, 3, 4, 5, 8, 12, 16] {
            for count in Array(0...200) + (0..<40).map({ _ in Int.random(in: 200...4000, using: &random) }) {
                let stride = count + Int.random(in: 0...70, using: &random)
                let (start, shift) = (Int.random(in: 0...64, using: &random), Int.random(in: 0...64, using: &random))
                let end = start + max(0, width - 1) * stride + count
                guard end <= Self.bytes.count else { continue }
                var found = [UInt8](repeating: 0xA5, count: shift + count * width + 64)
                var expected = found
                for index in 0..<count {
                    for plane in 0..<width { expected[shift + index * width + plane] = Self.bytes[start + plane * stride + index] }
                }
                let variant = CInt(instructions.variantNumber)
                let ran = Self.bytes.withUnsafeBytes { source in
                    found.withUnsafeMutableBytes { target in
                        byte_planes_join(variant, source.baseAddress! + start, stride, count, width, target.baseAddress! + shift)
                    }
                }
                let isThere = byte_planes_is_available(variant) != 0
                #expect(ran == (isThere ? variant : CInt(byte_planes_portable.rawValue)))
                #expect(found == expected ? true : false, "\(instructions), \(count) values of \(width) bytes, planes \(stride) apart")
            }
        }
    }

    @Test func splitAndJoined() {
        for width in [2, 4, 8, 16] {
            for count in [0, 1, 2, 63, 64, 65, 4095, 4096, 4097] where count * width <= Self.bytes.count {
                let values = Array(Self.bytes[..<(count * width)])
                var planes = [UInt8](repeating: 0, count: max(1, values.count)), joined = planes
                values.withUnsafeBytes { values in
                    planes.withUnsafeMutableBytes { planes in
                        guard let base = values.baseAddress else { return }
                        ByteStreamSplit.split(base, count: count, byteCount: width, into: planes.baseAddress!)
                    }
                }
                for index in 0..<count {
                    for plane in 0..<width where planes[plane * count + index] != values[index * width + plane] {
                        Issue.record("value \(index) of \(count), byte \(plane) of \(width)")
                    }
                }
                planes.withUnsafeBytes { planes in
                    joined.withUnsafeMutableBytes { joined in
                        _ = ByteStreamSplit(planes: planes.baseAddress!, count: count, byteCount: width)
                            .join(from: 0, count: count, into: joined.baseAddress!, .best)
                    }
                }
                #expect(Array(joined.prefix(values.count)) == values ? true : false)
            }
        }
    }

    /// The best instructions are among those of the machine, and x86-64 and ARM of today have some.
    @Test func best() {
        #expect(ByteStreamSplit.Instructions.available.contains(.best))
        #expect(ByteStreamSplit.Instructions.available.contains(.portable))
        #expect(byte_planes_is_available(-1) == 0 && byte_planes_is_available(99) == 0)
        #if arch(arm64)
        #expect(ByteStreamSplit.Instructions.best == .neon)
        #endif
    }
}

extension ByteStreamSplit.Instructions {
    /// The number that the C functions know the instructions by.
    fileprivate var variantNumber: UInt32 {
        switch self {
        case .portable: byte_planes_portable.rawValue
        case .avx2: byte_planes_avx2.rawValue
        case .avx512: byte_planes_avx512.rawValue
        case .neon: byte_planes_neon.rawValue
        }
    }
}
