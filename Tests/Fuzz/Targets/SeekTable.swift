extension FuzzTarget {
    /// zstd files: seek tables, pzstd's headers, the walk over frames and blocks.
    static let seekTable = FuzzTarget(
        name: "SeekTable",
        run: { bytes in ScratchFile.with(bytes) { Reading.open($0, bufferByteCount: 70_000) } },
        seeds: {
            // Frames of one raw block each; two of them, and tables of them.
            func little(_ number: Int, _ byteCount: Int) -> [UInt8] {
                (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            }
            let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 3, 25, 0, 0, 65, 66, 67]
            let repeated: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x60, 0x2C, 1, 0x63, 0x11, 0, 65]
            let table =
                little(0x184D_2A5E, 4) + little(25, 4) + little(12, 4) + little(3, 4) + little(11, 4) + little(556, 4)
                + little(2, 4) + [0] + little(0x8F92_EAB1, 4)
            let checked =
                little(0x184D_2A5E, 4) + little(33, 4) + little(12, 4) + little(3, 4) + little(0, 4) + little(11, 4)
                + little(556, 4) + little(0, 4) + little(2, 4) + [0x80] + little(0x8F92_EAB1, 4)
            let pzstd = little(0x184D_2A50, 4) + little(4, 4) + little(12, 4) + frame
            return [frame, frame + repeated, frame + repeated + table, frame + repeated + checked, pzstd + pzstd]
        })
}
