internal import Elements

/// Some neighbouring values of a column as they are read: numbers of a fixed size, or bytes.
///
/// Pointers are valid until the next values are read.
package final class ArrowValues {
    /// The values of a fixed size in the machine's byte order, with 64 readable bytes after the last. Null ones may be anything.
    package var values: UnsafeRawPointer { UnsafeRawPointer(memory.base) }
    /// The values that are bytes of any number; empty for a column of another type.
    package internal(set) var spans: [UnsafeRawBufferPointer] = []
    let memory = ArrowMemory()

    /// Converts numbers, from `start` on, to `Float64`. Integers beyond 2^53 are rounded.
    ///
    /// - Parameter decimal: converts the little-endian bytes of a decimal.
    /// - Precondition: the column holds numbers, of which there are as many.
    package func copyNumbers(
        _ column: ArrowColumn, from start: Int, count: Int, into target: UnsafeMutablePointer<Double>,
        decimal: (_ bytes: UnsafeRawBufferPointer, _ scale: Int) -> Double
    ) {
        let source = values + start * column.byteCount
        if case .decimal(let scale) = column.content {
            for index in 0..<count {
                target[index] = decimal(UnsafeRawBufferPointer(start: source + index * column.byteCount, count: column.byteCount), scale)
            }
            return
        }
        func each<Stored: BitwiseCopyable>(_: Stored.Type, _ value: (Stored) -> Double) {
            for index in 0..<count {
                target[index] = value(source.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
            }
        }
        switch column.content {
        case .float16: each(UInt16.self) { Double(Float(float16Bits: $0)) }
        case .float32: each(Float.self) { Double($0) }
        case .float64: each(Double.self) { $0 }
        case .int8: each(Int8.self) { Double($0) }
        case .int16: each(Int16.self) { Double($0) }
        case .int32: each(Int32.self) { Double($0) }
        case .int64: each(Int64.self) { Double($0) }
        case .uint8, .boolean: each(UInt8.self) { Double($0) }
        case .uint16: each(UInt16.self) { Double($0) }
        case .uint32: each(UInt32.self) { Double($0) }
        case .uint64: each(UInt64.self) { Double($0) }
        case .decimal, .bytes, .other: preconditionFailure("a column of \(column.typeText) holds no numbers")
        }
    }
}
