package import Elements

extension ParquetColumn {
    /// The type in which values are handed over: the stored one, or the one before they were stored; nil if they are no binary numbers of a
    /// type that has a name.
    package var elementType: ElementType? { narrowType ?? storedElementType }

    /// The type of the values as they are stored; nil if they are no binary numbers of a type that has a name.
    var storedElementType: ElementType? {
        switch content {
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        case .int32: .int32
        case .int64: .int64
        case .uint32: .uint32
        case .uint64: .uint64
        case .boolean: .bool
        case .decimal, .bytes, .other: nil
        }
    }

    /// True if values are numbers, decimals among them, or truth values.
    package var isNumber: Bool {
        if case .decimal = content { true } else { elementType != nil }
    }
}

/// Numbers of base ten as `Float64`, each rounded once to the nearest.
package enum DecimalNumber {
    /// The powers of ten that `Float64` holds exactly.
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// The number of bytes of an unscaled value without its sign's repetitions: 76 digits.
    private static let byteCountLimit = 32

    /// Returns `unscaled` × 10^−scale.
    package static func value(_ unscaled: Int64, scale: Int) -> Double {
        // Both are exact, so that the quotient is rounded once.
        if unscaled.magnitude <= 1 << 53, scale < powers.count { return Double(unscaled) / powers[scale] }
        return Double("\(unscaled)e-\(scale)") ?? .nan
    }

    /// Returns the number whose unscaled value is stored big-endian in two's complement; NaN if it has more than 32 bytes.
    package static func value(_ bytes: UnsafeRawBufferPointer, scale: Int) -> Double {
        guard let first = bytes.first else { return .nan }
        let isNegative = first & 0x80 != 0
        let sign: UInt8 = isNegative ? 0xFF : 0
        var start = 0
        while start + 1 < bytes.count, bytes[start] == sign, bytes[start + 1] & 0x80 == sign & 0x80 { start += 1 }
        let count = bytes.count - start
        if count <= 8 {
            var unscaled: UInt64 = isNegative ? .max : 0
            for index in start..<bytes.count { unscaled = unscaled << 8 | UInt64(bytes[index]) }
            return value(Int64(bitPattern: unscaled), scale: scale)
        }
        guard count <= byteCountLimit else { return .nan }
        var magnitude = bytes[start...].map { UInt32($0 ^ sign) }
        if isNegative {
            for index in magnitude.indices.reversed() {
                magnitude[index] += 1
                if magnitude[index] < 256 { break }
                magnitude[index] = 0
            }
        }
        var digits: [Character] = []
        while magnitude.contains(where: { $0 != 0 }) {
            var rest: UInt32 = 0
            for index in magnitude.indices {
                let value = rest << 8 | magnitude[index]
                magnitude[index] = value / 10
                rest = value % 10
            }
            digits.append(Character(Unicode.Scalar(UInt8(ascii: "0") + UInt8(rest))))
        }
        return Double((isNegative ? "-" : "") + String(digits.reversed()) + "e-\(scale)") ?? .nan
    }
}

extension ColumnPage {
    /// Converts the values that are there, from `start` on, to `Float64`. Integers beyond 2^53 are rounded.
    ///
    /// - Precondition: the column holds numbers, of which the page has as many.
    package func copyNumbers(_ column: ParquetColumn, from start: Int, count: Int, into target: UnsafeMutablePointer<Double>) {
        guard case .decimal(let scale) = column.content else {
            guard let type = column.storedElementType else { preconditionFailure("a column of \(column.typeText) holds no numbers") }
            Self.convert(values(from: start, count: count, byteCount: column.byteCount), type, count, target)
            return
        }
        if column.physicalType == .byteArray {
            for index in 0..<count { target[index] = DecimalNumber.value(spans[start + index], scale: scale) }
            return
        }
        let values = values(from: start, count: count, byteCount: column.byteCount)
        switch column.physicalType {
        case .int32:
            for index in 0..<count {
                let value = values.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self)
                target[index] = DecimalNumber.value(Int64(value), scale: scale)
            }
        case .int64:
            for index in 0..<count {
                target[index] = DecimalNumber.value(
                    values.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self), scale: scale)
            }
        default:
            for index in 0..<count {
                let bytes = UnsafeRawBufferPointer(start: values + column.byteCount * index, count: column.byteCount)
                target[index] = DecimalNumber.value(bytes, scale: scale)
            }
        }
    }

    private static func convert(_ source: UnsafeRawPointer, _ type: ElementType, _ count: Int, _ target: UnsafeMutablePointer<Double>) {
        func each<Stored: BitwiseCopyable>(_: Stored.Type, _ value: (Stored) -> Double) {
            for index in 0..<count {
                target[index] = value(source.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
            }
        }
        switch type {
        case .float16: each(UInt16.self) { Double(Float(float16Bits: $0)) }
        case .float32: each(Float.self) { Double($0) }
        case .float64: each(Double.self) { $0 }
        case .int32: each(Int32.self) { Double($0) }
        case .int64: each(Int64.self) { Double($0) }
        case .uint32: each(UInt32.self) { Double($0) }
        case .uint64: each(UInt64.self) { Double($0) }
        default: each(UInt8.self) { Double($0) }
        }
    }
}
