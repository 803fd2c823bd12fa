internal import Elements
internal import Formats

extension FuzzTarget {
    /// The header of `.npy`.
    static let npyHeader = FuzzTarget(
        name: "NPYHeader",
        run: { bytes in
            do throws(FormatError) {
                switch try NPYHeader.parse(bytes) {
                case .complete(let layout): check(layout)
                case .needs(let byteCount): precondition(byteCount > bytes.count, "no more than is there")
                }
            } catch {
                precondition(!error.description.isEmpty && error.description.utf8.allSatisfy { $0 >= 0x20 })
            }
        },
        seeds: {
            [
                NPYHeader.encode(elementType: .float32, shape: [3, 4]), NPYHeader.encode(elementType: .bfloat16, shape: [0]),
                Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }) + [2, 0, 60, 0, 0, 0]
                    + Array("{'descr': '>f8', 'fortran_order': True, 'shape': (2L, 1), }".utf8) + [10],
            ]
        })

    /// Holds a layout against what is promised of all of them.
    static func check(_ layout: ArrayLayout) {
        precondition(layout.dataByteOffset >= 8 && layout.endByteOffset >= layout.dataByteOffset, "an end before the beginning")
        precondition(layout.elementCount == layout.shape.reduce(1, *), "another count than the shape's")
    }
}
