public import Elements

/// Class indices in the form that the kernels read: `Int32`, with two values for rows without a class.
public enum ClassLabels {
    /// The label of a row that is left out by rule: its label equals the ignore index.
    public static let ignored: Int32 = .min + 1
    /// The label of an invalid row: its label is a fraction, NaN, infinite, or beyond `Int32`.
    public static let unrepresentable: Int32 = .min

    /// Converts `rowCount` labels that are in this machine's byte order. O(rows), vectorised.
    ///
    /// A value equal to `ignoreIndex` gives `ignored`, even if it could not be a class. A float that is not a whole number, NaN, an
    /// infinity, or a value outside `Int32.min + 2 ... Int32.max` gives `unrepresentable`, as does a `bool` whose byte is neither 0 nor 1.
    /// −0.0 is 0. The kernels compare labels with the number of classes; this function does not.
    ///
    /// Unsafe: `source` holds `rowCount` elements, at any alignment; `destination` has room for as many; they do not overlap.
    public static func convert(
        _ source: UnsafeRawPointer, elementType: ElementType, rowCount: Int, ignoreIndex: Int64?,
        into destination: UnsafeMutablePointer<Int32>
    ) {
        let rows = Rows(source: source, count: max(rowCount, 0), destination: destination)
        switch elementType {
        case .int8: rows.convertNarrow(Int8.self, ignoreIndex)
        case .int16: rows.convertNarrow(Int16.self, ignoreIndex)
        case .uint8: rows.convertNarrow(UInt8.self, ignoreIndex)
        case .uint16: rows.convertNarrow(UInt16.self, ignoreIndex)
        case .int32: rows.convertInt32(ignoreIndex)
        case .uint32: rows.convertUInt32(ignoreIndex)
        case .int64: rows.convertInt64(ignoreIndex)
        case .uint64: rows.convertUInt64(ignoreIndex)
        case .bool: rows.convertBool(ignoreIndex)
        case .float16: rows.convertFloat(ignoreIndex) { (bits: UInt16) in Double(Float(float16Bits: bits)) }
        case .bfloat16: rows.convertFloat(ignoreIndex) { (bits: UInt16) in Double(Float(bfloat16Bits: bits)) }
        case .float32: rows.convertFloat(ignoreIndex) { (value: Float) in Double(value) }
        case .float64: rows.convertFloat(ignoreIndex) { (value: Double) in value }
        }
    }

    /// Returns labels of a byte each as they are stored if every one is 0 or 1, be they integers or booleans; else nil. O(rowCount).
    ///
    /// Unsafe: `source` holds `rowCount` bytes.
    public static func bits(_ source: UnsafeRawPointer, rowCount: Int) -> UnsafePointer<UInt8>? {
        var all: UInt64 = 0
        var row = 0
        // Eight at a time: the order of bytes does not matter.
        while row + 8 <= rowCount {
            all |= source.loadUnaligned(fromByteOffset: row, as: UInt64.self)
            row += 8
        }
        while row < rowCount {
            all |= UInt64(source.load(fromByteOffset: row, as: UInt8.self))
            row += 1
        }
        return all & 0xFEFE_FEFE_FEFE_FEFE == 0 ? source.assumingMemoryBound(to: UInt8.self) : nil
    }

    /// Writes the label at `index` as it is stored, for messages: `50257`, `2.5`, `nan`, `true`. A float keeps its point: `3.0`.
    ///
    /// Unsafe: `source` holds more than `index` elements, in this machine's byte order.
    public static func text(_ source: UnsafeRawPointer, elementType: ElementType, at index: Int) -> String {
        func load<Stored: BitwiseCopyable>(_: Stored.Type) -> Stored {
            source.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
        }
        // `description` would show the sign of a NaN.
        func text<Stored: BinaryFloatingPoint & CustomStringConvertible>(_ value: Stored) -> String {
            value.isNaN ? "nan" : value.description
        }
        switch elementType {
        case .float16: return text(Float(float16Bits: load(UInt16.self)))
        case .bfloat16: return text(Float(bfloat16Bits: load(UInt16.self)))
        case .float32: return text(load(Float.self))
        case .float64: return text(load(Double.self))
        case .int8: return String(load(Int8.self))
        case .int16: return String(load(Int16.self))
        case .int32: return String(load(Int32.self))
        case .int64: return String(load(Int64.self))
        case .uint8: return String(load(UInt8.self))
        case .uint16: return String(load(UInt16.self))
        case .uint32: return String(load(UInt32.self))
        case .uint64: return String(load(UInt64.self))
        case .bool:
            switch load(UInt8.self) {
            case 0: return "false"
            case 1: return "true"
            case let byte: return "the byte \(byte), which is no bool"
            }
        }
    }
}

/// Loops over labels, written so that LLVM vectorises each with SSE2 alone: no branch depends on a value. A mask of ones or zeros, `-1` or
/// `0`, makes each choice, since Swift's optimiser turns chains of `&&` and `?:` into branches.
///
/// Without an ignore index, a value that no class can have takes its place. It gives `unrepresentable` in any case, so one loop serves both
/// cases. Types whose values all fit `Int32` have a loop of their own for that case, which compares nothing.
private struct Rows {
    let source: UnsafeRawPointer
    let count: Int
    let destination: UnsafeMutablePointer<Int32>

    @inline(__always)
    private func forEach<Stored: BitwiseCopyable>(_ label: (Stored) -> Int32) {
        for index in 0..<count {
            // `&*` so that the loop has one exit: the offset lies within the caller's memory, hence cannot overflow.
            let byteOffset = index &* MemoryLayout<Stored>.size
            destination[index] = label(source.loadUnaligned(fromByteOffset: byteOffset, as: Stored.self))
        }
    }

    /// Returns `value` if `mask` is −1, and `unrepresentable` if it is 0.
    @inline(__always)
    private static func keep(_ value: Int32, where mask: Int32) -> Int32 {
        (value & mask) | (ClassLabels.unrepresentable & ~mask)
    }

    /// Converts a type whose values all fit `Int32` and never equal `Int32.min`.
    @inline(__always)
    func convertNarrow<Stored: FixedWidthInteger & BitwiseCopyable>(_: Stored.Type, _ ignoreIndex: Int64?) {
        guard let ignore = ignoreIndex.flatMap({ Stored(exactly: $0) }).map({ Int32(truncatingIfNeeded: $0) }) else {
            // Nothing has to be compared: binary labels are a good part of all that is done for a row.
            forEach { (stored: Stored) in Int32(truncatingIfNeeded: stored) }
            return
        }
        forEach { (stored: Stored) in
            let value = Int32(truncatingIfNeeded: stored)
            return value == ignore ? ClassLabels.ignored : value
        }
    }

    func convertBool(_ ignoreIndex: Int64?) {
        let ignore: Int32 = ignoreIndex == 0 ? 0 : ignoreIndex == 1 ? 1 : .min
        forEach { (stored: UInt8) in
            let value = Int32(truncatingIfNeeded: stored)
            let label = Self.keep(value, where: value <= 1 ? -1 : 0)
            return value == ignore ? ClassLabels.ignored : label
        }
    }

    func convertInt32(_ ignoreIndex: Int64?) {
        let given = ignoreIndex.flatMap { Int32(exactly: $0) }
        let ignore = given ?? .min
        let replacement = given == nil ? ClassLabels.unrepresentable : ClassLabels.ignored
        forEach { (value: Int32) in
            let label = Self.keep(value, where: value > ClassLabels.ignored ? -1 : 0)
            return value == ignore ? replacement : label
        }
    }

    func convertUInt32(_ ignoreIndex: Int64?) {
        let given = ignoreIndex.flatMap { UInt32(exactly: $0) }
        let ignore = Int32(bitPattern: given ?? .max)
        let replacement = given == nil ? ClassLabels.unrepresentable : ClassLabels.ignored
        forEach { (value: Int32) in
            let label = Self.keep(value, where: value >= 0 ? -1 : 0)
            return value == ignore ? replacement : label
        }
    }

    func convertInt64(_ ignoreIndex: Int64?) {
        convertHalves(ignore: UInt64(bitPattern: ignoreIndex ?? .min), hasIgnore: ignoreIndex != nil) { low, high in
            // The upper half extends the lower one's sign, and it is neither of the two special values.
            (high ^ (low >> 31)) | (low <= ClassLabels.ignored ? -1 : 0)
        }
    }

    func convertUInt64(_ ignoreIndex: Int64?) {
        let given = ignoreIndex.flatMap { UInt64(exactly: $0) }
        convertHalves(ignore: given ?? .max, hasIgnore: given != nil) { low, high in high | (low >> 31) }
    }

    /// Converts 64-bit integers by halves, which are loaded one by one, since SSE2 has no 64-bit comparison. `excess` returns 0 for a value
    /// that fits.
    @inline(__always)
    private func convertHalves(ignore: UInt64, hasIgnore: Bool, excess: (_ low: Int32, _ high: Int32) -> Int32) {
        let ignoreLow = Int32(truncatingIfNeeded: ignore)
        let ignoreHigh = Int32(truncatingIfNeeded: ignore >> 32)
        let replacement = hasIgnore ? ClassLabels.ignored : ClassLabels.unrepresentable
        let lowByteOffset = ByteOrder.isLittleEndianMachine ? 0 : 4
        for index in 0..<count {
            // `&*` and `&+` as in `forEach`.
            let low = source.loadUnaligned(fromByteOffset: index &* 8 &+ lowByteOffset, as: Int32.self)
            let high = source.loadUnaligned(fromByteOffset: index &* 8 &+ (4 &- lowByteOffset), as: Int32.self)
            let label = excess(low, high) == 0 ? low : ClassLabels.unrepresentable
            destination[index] = (low ^ ignoreLow) | (high ^ ignoreHigh) == 0 ? replacement : label
        }
    }

    /// Converts floats by way of Float64, which holds all of them exactly.
    ///
    /// Adding 1.5·2^52 to a number of at most 32 bits rounds it to a whole number, whose two's complement is then the low half of the sum.
    /// Subtracting it again gives that whole number. It equals the label if the label was whole and within the range that it was clamped
    /// to.
    @inline(__always)
    func convertFloat<Stored: BitwiseCopyable>(_ ignoreIndex: Int64?, _ double: (Stored) -> Double) {
        let shift = 0x1.8p52
        let greatest = Double(Int32.max)
        let least = Double(ClassLabels.ignored) + 1
        // No label equals an index that no Float64 equals. NaN equals nothing.
        let ignore = ignoreIndex.flatMap { Double(exactly: $0) } ?? .nan
        forEach { (stored: Stored) in
            let value = double(stored)
            // Each line becomes one select. A NaN becomes `greatest`, which it does not equal.
            let capped = value < greatest ? value : greatest
            let clamped = capped > least ? capped : least
            let shifted = clamped + shift
            let isLabel: Int32 = shifted - shift == value ? -1 : 0
            let label = Self.keep(Int32(truncatingIfNeeded: shifted.bitPattern), where: isLabel)
            let isIgnored: Int32 = value == ignore ? -1 : 0
            return (label & ~isIgnored) | (ClassLabels.ignored & isIgnored)
        }
    }
}
