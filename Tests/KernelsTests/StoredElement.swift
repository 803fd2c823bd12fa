import KernelABI

/// How a test stores a prediction: plain scalar arithmetic from the definition of the formats (IEEE 754-2019, 3.4, and bfloat16 as the
/// upper half of binary32), sharing nothing with the kernels' loads.
enum StoredElement: Int, CaseIterable, Sendable {
    case float16, bfloat16, float32, float64

    var code: Int32 {
        switch self {
        case .float16: Int32(XentElementFloat16)
        case .bfloat16: Int32(XentElementBFloat16)
        case .float32: Int32(XentElementFloat32)
        case .float64: Int32(XentElementFloat64)
        }
    }

    var byteCount: Int { [2, 2, 4, 8][rawValue] }
    private var fractionBits: Int { [10, 7, 23, 52][rawValue] }
    private var bias: Int { [15, 127, 127, 1023][rawValue] }
    private var signShift: UInt64 { UInt64(8 * byteCount - 1) }
    private var infinity: UInt64 { UInt64(2 * bias + 1) << UInt64(fractionBits) }

    var greatestFinite: Double { value(of: infinity - 1) }

    /// The nearest stored value, ties to even; NaN keeps its sign and as much of its payload as fits.
    func bits(of value: Double) -> UInt64 {
        if self == .float64 { return value.bitPattern }
        let sign = (value.bitPattern >> 63) << signShift
        if value.isNaN {
            let payload = (value.bitPattern & 0xF_FFFF_FFFF_FFFF) >> UInt64(52 - fractionBits)
            return sign | infinity | (payload == 0 ? 1 : payload)
        }
        guard value.isFinite else { return sign | infinity }
        let exponent = value == 0 ? 1 - bias : max(Int(value.exponent), 1 - bias)
        let units = (value.magnitude * Double(sign: .plus, exponent: fractionBits - exponent, significand: 1)).rounded(.toNearestOrEven)
        // A significand with its leading one carries into the exponent field by itself.
        return sign | min(UInt64(exponent + bias - 1) << UInt64(fractionBits) + UInt64(units), infinity)
    }

    /// What the bits mean.
    func value(of bits: UInt64) -> Double {
        if self == .float64 { return Double(bitPattern: bits) }
        let isNegative = bits >> signShift & 1 == 1
        let field = Int(bits >> UInt64(fractionBits)) & (2 * bias + 1)
        let fraction = Double(bits & (1 << UInt64(fractionBits) - 1))
        if field == 2 * bias + 1 { return fraction != 0 ? .nan : (isNegative ? -.infinity : .infinity) }
        let scale = Double(sign: .plus, exponent: max(field, 1) - bias - fractionBits, significand: 1)
        let significand = field == 0 ? fraction : fraction + Double(1 << UInt64(fractionBits))
        return isNegative ? -significand * scale : significand * scale
    }

    /// Stores a value after the others, the low byte first.
    func append(bits: UInt64, to bytes: inout [UInt8]) {
        for k in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * k))) }
    }
    func append(_ value: Double, to bytes: inout [UInt8]) { append(bits: bits(of: value), to: &bytes) }

    /// `value` after it was stored.
    func stored(_ value: Double) -> Double { self.value(of: bits(of: value)) }
}
