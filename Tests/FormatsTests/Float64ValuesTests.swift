import Elements
import Formats
import Testing

@Suite("Numbers as Float64")
struct Float64ValuesTests {
    private func convert<Stored: BitwiseCopyable>(_ stored: [Stored], _ type: ElementType) -> [Double] {
        var values = [Double](repeating: -7, count: stored.count + 1)
        stored.withUnsafeBytes { stored in
            guard let base = stored.baseAddress else { return }
            Float64Values.convert(base, elementType: type, count: values.count - 1, into: &values)
            for index in 0..<(values.count - 1) {
                let value = Float64Values.value(base, elementType: type, at: index)
                if value.bitPattern != values[index].bitPattern { Issue.record("\(type)[\(index)]: \(value), \(values[index])") }
            }
        }
        #expect(values.last == -7, "wrote beyond the end")
        return values.dropLast()
    }

    #if !(os(macOS) && arch(x86_64))  // Swift has no Float16 there.
        @Test("All 65,536 of float16, against the compiler's own")
        func float16() {
            let values = convert(Array(UInt16.min...UInt16.max), .float16)
            var wrong = 0
            for (bits, value) in values.enumerated() {
                let wanted = Double(Float16(bitPattern: UInt16(bits)))
                if value.bitPattern != wanted.bitPattern && !(value.isNaN && wanted.isNaN) { wrong += 1 }
            }
            #expect(wrong == 0)
            #expect(values.count { $0.isNaN } == 2 * 1023)
        }
    #endif

    @Test("All 65,536 of bfloat16: the upper half of a Float")
    func bfloat16() {
        let values = convert(Array(UInt16.min...UInt16.max), .bfloat16)
        var wrong = 0
        for (bits, value) in values.enumerated() {
            let wanted = Double(Float(bitPattern: UInt32(bits) << 16))
            if value.bitPattern != wanted.bitPattern && !(value.isNaN && wanted.isNaN) { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(values.count { $0.isNaN } == 2 * 127)
    }

    @Test("float16 by definition: sign, exponent and fraction")
    func float16ByDefinition() {
        // Independent of any Float16: (-1)^s · 2^(e-15) · (1 + f/1024), subnormals 2^-14 · f/1024.
        let values = convert(Array(UInt16.min...UInt16.max), .float16)
        var wrong = 0
        for (bits, value) in values.enumerated() {
            let exponent = (bits >> 10) & 31
            let fraction = Double(bits & 1023) / 1024
            let power = Double(sign: .plus, exponent: max(exponent, 1) - 15, significand: 1)
            let magnitude = exponent == 31 ? (fraction == 0 ? Double.infinity : .nan) : power * (exponent == 0 ? fraction : 1 + fraction)
            let wanted = bits >> 15 == 1 ? -magnitude : magnitude
            if value.bitPattern != wanted.bitPattern && !(value.isNaN && wanted.isNaN) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test("Integers are exact, and beyond 2^53 round to nearest, ties to even")
    func integers() {
        #expect(convert([Int8.min, -1, 0, .max], .int8) == [-128, -1, 0, 127])
        #expect(convert([UInt8.min, 200, .max], .uint8) == [0, 200, 255])
        #expect(convert([Int16.min, .max], .int16) == [-32768, 32767])
        #expect(convert([UInt16.min, .max], .uint16) == [0, 65535])
        #expect(convert([Int32.min, .max], .int32) == [-2_147_483_648, 2_147_483_647])
        #expect(convert([UInt32.min, .max], .uint32) == [0, 4_294_967_295])
        let big: Int64 = 1 << 53
        #expect(
            convert([big - 1, big, big + 1, big + 3, -big - 1], .int64)
                == [0x1.fffffffffffffp52, 0x1p53, 0x1p53, 0x1p53 + 4, -0x1p53])
        #expect(convert([Int64.min, .max], .int64) == [-0x1p63, 0x1p63])
        #expect(convert([.max, 1 << 63, (1 << 63) + 1025] as [UInt64], .uint64) == [0x1p64, 0x1p63, 0x1p63 + 2048])
        #expect(convert([0, 1, 2, 255] as [UInt8], .bool) == [0, 1, 2, 255])
    }

    @Test("Floats stay themselves")
    func floats() {
        let singles: [Float] = [-0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, 0.1]
        #expect(convert(singles, .float32).map(\.bitPattern) == singles.map { Double($0).bitPattern })
        #expect(convert([Float.nan], .float32)[0].isNaN)
        let doubles: [Double] = [-0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.infinity, 0.1]
        #expect(convert(doubles, .float64).map(\.bitPattern) == doubles.map(\.bitPattern))
    }
}
