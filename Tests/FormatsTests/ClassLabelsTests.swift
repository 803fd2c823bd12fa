import Elements
import Formats
import SeededRandom
import Testing

@Suite("Class indices")
struct ClassLabelsTests {
    private let ignored = ClassLabels.ignored
    private let unrepresentable = ClassLabels.unrepresentable

    /// Converts at both an aligned and an odd address, and checks that nothing is written past the end.
    private func convert<Stored: BitwiseCopyable>(_ stored: [Stored], _ type: ElementType, ignore: Int64? = nil) -> [Int32] {
        let results = [0, 1].map { displacement in
            var labels = [Int32](repeating: 0x5555_5555, count: stored.count + 1)
            let bytes = [UInt8](repeating: 0xAA, count: displacement) + stored.withUnsafeBytes { Array($0) } + [0]
            bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                ClassLabels.convert(
                    base + displacement, elementType: type, rowCount: stored.count, ignoreIndex: ignore, into: &labels)
            }
            #expect(labels.last == 0x5555_5555, "wrote beyond the end")
            return Array(labels.dropLast())
        }
        #expect(results[0] == results[1])
        return results[0]
    }

    /// What the documentation says, one number at a time, by integers of unlimited size in effect: `Double` only where it is exact.
    private func wanted(integer: Int128, ignore: Int64?) -> Int32 {
        if let ignore, integer == Int128(ignore) { return ignored }
        return integer > Int128(ignored) && integer <= Int128(Int32.max) ? Int32(integer) : unrepresentable
    }

    private func wanted(float: Double, ignore: Int64?) -> Int32 {
        guard let integer = Int128(exactly: float) else { return unrepresentable }
        return wanted(integer: integer, ignore: ignore)
    }

    private static let ignoreIndices: [Int64?] = [
        nil, 0, 1, 2, -1, -100, 255, 256, 65535, Int64(Int32.max), Int64(Int32.max) + 1, Int64(Int32.min), Int64(Int32.min) + 1,
        Int64(Int32.min) + 2, Int64(UInt32.max), 1 << 32, 1 << 53, (1 << 53) + 1, -(1 << 40), .min, .max,
    ]

    private func integers<Stored: FixedWidthInteger & BitwiseCopyable>(_ type: ElementType, _: Stored.Type) {
        // Every limit of every narrower type and its neighbours, as far as this type holds them.
        var random = SplitMix64(seed: 20_250_101)
        var values: [Stored] = [.min, .max, .max - 1, .min + 1]
        for bit in 0..<Stored.bitWidth {
            for neighbour: Int128 in -3...3 {
                for sign: Int128 in [-1, 1] {
                    if let value = Stored(exactly: sign * (Int128(1) << bit) + neighbour) { values.append(value) }
                }
            }
        }
        for ignore in Self.ignoreIndices { if let ignore, let value = Stored(exactly: ignore) { values.append(value) } }
        for _ in 0..<500 { values.append(Stored.random(in: .min ... .max, using: &random)) }
        for ignore in Self.ignoreIndices {
            let labels = convert(values, type, ignore: ignore)
            for (value, label) in zip(values, labels) where label != wanted(integer: Int128(value), ignore: ignore) {
                Issue.record("\(type) \(value), ignore \(String(describing: ignore)): \(label)")
            }
        }
    }

    @Test("Integers of every type, at every limit, with every kind of ignore index")
    func integers() {
        integers(.int8, Int8.self)
        integers(.int16, Int16.self)
        integers(.int32, Int32.self)
        integers(.int64, Int64.self)
        integers(.uint8, UInt8.self)
        integers(.uint16, UInt16.self)
        integers(.uint32, UInt32.self)
        integers(.uint64, UInt64.self)
    }

    @Test("The limits, spelt out")
    func limits() {
        #expect((ignored, unrepresentable) == (-2_147_483_647, -2_147_483_648))
        let edges: [Int64] = [-2_147_483_648, -2_147_483_647, -2_147_483_646, 2_147_483_647, 2_147_483_648, 4_294_967_296, 4_294_967_301]
        let wanted = [unrepresentable, unrepresentable, -2_147_483_646, 2_147_483_647, unrepresentable, unrepresentable, unrepresentable]
        #expect(convert(edges, .int64) == wanted)
        #expect(convert(edges.map { Double($0) }, .float64) == wanted)
        #expect(convert(edges.compactMap { Int32(exactly: $0) }, .int32) == Array(wanted.prefix(4)))
        // The ignore index comes before the range: a sentinel in the file's own type may lie beyond Int32.
        #expect(convert([Int64.min, -1, 4_294_967_296], .int64, ignore: .min) == [ignored, -1, unrepresentable])
        #expect(convert([UInt32.max, 5], .uint32, ignore: 4_294_967_295) == [ignored, 5])
        // -1 is not 4,294,967,295, nor 255, nor 65,535, though the bits are the same.
        #expect(convert([UInt32.max], .uint32, ignore: -1) == [unrepresentable])
        #expect(convert([UInt8.max], .uint8, ignore: -1) == [255])
        #expect(convert([UInt64.max], .uint64, ignore: -1) == [unrepresentable])
        #expect(convert([Int32.min], .int32, ignore: nil) == [unrepresentable])
        #expect(convert([Int32.min], .int32, ignore: Int64(Int32.min)) == [ignored])
    }

    @Test("Floats: whole numbers are labels, all else is not")
    func floats() {
        var random = SplitMix64(seed: 20_250_102)
        var doubles: [Double] = [
            0, -0.0, 1, 2.5, -0.5, 0.1, 1e300, -1e300, .infinity, -.infinity, .nan, .signalingNaN, .leastNonzeroMagnitude, 0x1p-1022,
            2_147_483_646.5, 2_147_483_647.5, 2_147_483_647.25, -2_147_483_646.5, -2_147_483_646.25, 0x1p52, 0x1.8p52, -0x1.8p52, 0x1p53,
            0x1p63, -0x1p63, 0x1p64, 0x1p31 - 0x1p-21, 1.0.nextUp, 1.0.nextDown, 0.5, 1.5, 3.5,
        ]
        for ignore in Self.ignoreIndices { if let ignore { doubles.append(Double(ignore)) } }
        for _ in 0..<1000 {
            doubles.append(Double(Int32.random(in: .min ... .max, using: &random)))
            doubles.append(Double(Int32.random(in: .min ... .max, using: &random)) / 2)
            doubles.append(Double(bitPattern: random.next()))
        }
        let singles = doubles.map { Float($0) } + (0..<1000).map { _ in Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random)) }
        let patterns = Array(UInt16.min...UInt16.max)
        for ignore in Self.ignoreIndices {
            let ofDoubles = convert(doubles, .float64, ignore: ignore)
            for (value, label) in zip(doubles, ofDoubles) where label != wanted(float: value, ignore: ignore) {
                Issue.record("float64 \(value), ignore \(String(describing: ignore)): \(label)")
            }
            let ofSingles = convert(singles, .float32, ignore: ignore)
            for (value, label) in zip(singles, ofSingles) where label != wanted(float: Double(value), ignore: ignore) {
                Issue.record("float32 \(value), ignore \(String(describing: ignore)): \(label)")
            }
            guard ignore == nil || ignore == -100 || ignore == 256 else { continue }
            // All of the two narrow types. Their values are Float64Values', which has tests of its own.
            for type in [ElementType.float16, .bfloat16] {
                let labels = convert(patterns, type, ignore: ignore)
                patterns.withUnsafeBytes { patterns in
                    guard let base = patterns.baseAddress else { return }
                    for (index, label) in labels.enumerated() {
                        let value = Float64Values.value(base, elementType: type, at: index)
                        if label != wanted(float: value, ignore: ignore) { Issue.record("\(type) \(value): \(label)") }
                    }
                }
            }
        }
    }

    @Test("bool: the two bytes that it has, and no other")
    func bool() {
        let bytes: [UInt8] = [0, 1, 2, 3, 128, 255]
        let bad = unrepresentable
        #expect(convert(bytes, .bool) == [0, 1, bad, bad, bad, bad])
        #expect(convert(bytes, .bool, ignore: 0) == [ignored, 1, bad, bad, bad, bad])
        #expect(convert(bytes, .bool, ignore: 1) == [0, ignored, bad, bad, bad, bad])
        #expect(convert(bytes, .bool, ignore: 2) == [0, 1, bad, bad, bad, bad])
        #expect(convert(bytes, .bool, ignore: Int64(Int32.min)) == [0, 1, bad, bad, bad, bad])
    }

    @Test("Any number of rows")
    func rowCounts() {
        for rowCount in 0...67 {
            let values = (0..<rowCount).map { Int64($0) * 3 }
            #expect(convert(values, .int64, ignore: 30) == values.map { $0 == 30 ? ignored : Int32($0) })
            #expect(convert(values.map { Float($0) }, .float32, ignore: 30) == values.map { $0 == 30 ? ignored : Int32($0) })
        }
    }

    @Test("Labels as they are stored, in words")
    func text() {
        func text<Stored: BitwiseCopyable>(_ stored: [Stored], _ type: ElementType) -> [String] {
            stored.withUnsafeBytes { bytes in
                stored.indices.compactMap { index in
                    bytes.baseAddress.map { ClassLabels.text($0, elementType: type, at: index) }
                }
            }
        }
        #expect(text([50257, .min] as [Int64], .int64) == ["50257", "-9223372036854775808"])
        #expect(text([UInt64.max], .uint64) == ["18446744073709551615"])
        #expect(text([-3, 7] as [Int8], .int8) == ["-3", "7"])
        #expect(text([200] as [UInt8], .uint8) == ["200"])
        #expect(text([-300] as [Int16], .int16) == ["-300"])
        #expect(text([60000] as [UInt16], .uint16) == ["60000"])
        #expect(text([-70000] as [Int32], .int32) == ["-70000"])
        #expect(text([UInt32.max], .uint32) == ["4294967295"])
        #expect(text([2.5, 3, 0.1, .nan, -.nan, .infinity, -.infinity], .float64) == ["2.5", "3.0", "0.1", "nan", "nan", "inf", "-inf"])
        #expect(text([0.1] as [Float], .float32) == ["0.1"])
        #expect(text([0x4100, 0x7E01] as [UInt16], .float16) == ["2.5", "nan"])
        #expect(text([0x4020, 0xFFC0] as [UInt16], .bfloat16) == ["2.5", "nan"])
        #expect(text([0, 1, 2] as [UInt8], .bool) == ["false", "true", "the byte 2, which is no bool"])
    }
}
