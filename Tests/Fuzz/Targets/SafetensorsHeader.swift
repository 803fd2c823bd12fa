internal import Formats

extension FuzzTarget {
    /// The header of `.safetensors`.
    static let safetensorsHeader = FuzzTarget(
        name: "SafetensorsHeader",
        run: { bytes in
            for fileByteCount in [bytes.count, nil] {
                do throws(FormatError) {
                    switch try SafetensorsHeader.parse(bytes, fileByteCount: fileByteCount) {
                    case .complete(let header):
                        var placed = 0
                        for array in header.arrays {
                            guard let layout = try? array.layout() else { continue }
                            check(layout)
                            precondition(layout.endByteOffset <= header.endByteOffset, "data beyond the end")
                            placed += layout.dataByteCount
                        }
                        precondition(placed <= header.endByteOffset - 10, "data over one another")
                        if fileByteCount != nil { precondition(header.endByteOffset == bytes.count, "another end than the file's") }
                    case .needs(let byteCount): precondition(byteCount > bytes.count, "no more than is there")
                    }
                } catch {
                    precondition(!error.description.isEmpty && error.description.utf8.allSatisfy { $0 >= 0x20 })
                }
            }
        },
        seeds: {
            [
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                    + "\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[8,9]}}",
                "{\"__metadata__\":{\"x\":\"y\"},\"\\u0061\":{\"shape\":[0,3],\"dtype\":\"F8_E4M3\","
                    + "\"other\":[{}],\"data_offsets\":[0,0]}} ",
                "{}",
            ].map { header in
                [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + (header.contains("F32") ? [UInt8](0..<9) : [])
            }
        })
}
