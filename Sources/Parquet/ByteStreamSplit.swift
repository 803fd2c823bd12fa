internal import BytePlanes

/// BYTE_STREAM_SPLIT: first the lowest byte of each value, then the second of each, and so on.
package struct ByteStreamSplit {
    /// The instructions that put values together. All give the same bytes.
    package enum Instructions: Sendable, CaseIterable {
        /// Loops that any processor runs.
        case portable
        /// Vectors of 32 bytes.
        case avx2
        /// Vectors of 64 bytes.
        case avx512
        /// Vectors of 16 bytes, on ARM.
        case neon

        fileprivate var variant: CInt {
            switch self {
            case .portable: CInt(byte_planes_portable.rawValue)
            case .avx2: CInt(byte_planes_avx2.rawValue)
            case .avx512: CInt(byte_planes_avx512.rawValue)
            case .neon: CInt(byte_planes_neon.rawValue)
            }
        }

        fileprivate init(variant: CInt) { self = Self.allCases.first { $0.variant == variant } ?? .portable }

        /// The instructions that this machine has.
        package static var available: [Instructions] { allCases.filter { byte_planes_is_available($0.variant) != 0 } }
        /// The fastest instructions of this machine.
        package static let best = Instructions(variant: byte_planes_best_variant())
    }

    /// The first plane.
    let planes: UnsafeRawPointer
    /// The number of values, which is the number of bytes of a plane.
    let count: Int
    /// The number of bytes of a value, which is the number of planes.
    let byteCount: Int

    /// Puts some of the values together, and returns the instructions that ran: those that were asked for, if the machine has them.
    /// O(values).
    ///
    /// Unsafe: `planes` leads to `count * byteCount` bytes, of which `start..<start + count` are values; `target` has room for them and
    /// does not overlap the planes.
    @discardableResult
    func join(
        from start: Int, count joined: Int, into target: UnsafeMutableRawPointer, _ instructions: Instructions
    ) -> Instructions {
        Instructions(variant: byte_planes_join(instructions.variant, planes + start, count, joined, byteCount, target))
    }

    /// Puts the bytes of values into planes, one plane after another. O(bytes).
    ///
    /// Unsafe: `values` leads to `count * byteCount` bytes, and `planes` has room for as many; they do not overlap.
    static func split(_ values: UnsafeRawPointer, count: Int, byteCount: Int, into planes: UnsafeMutableRawPointer) {
        byte_planes_split(values, count, byteCount, planes, count)
    }
}
