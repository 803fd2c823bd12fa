extension FuzzTarget {
    /// gzip members and BGZF's blocks.
    static let gzip = FuzzTarget(
        name: "Gzip",
        run: { bytes in ScratchFile.with(bytes) { Reading.open($0, bufferByteCount: 3000) } },
        seeds: {
            // "abc" in one stored block, its CRC-32, its size.
            let data: [UInt8] = [1, 3, 0, 0xFC, 0xFF, 0x61, 0x62, 0x63, 0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0]
            let plain = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + data
            let named = [0x1F, 0x8B, 8, 0x18, 0, 0, 0, 0, 0, 3, 0x61, 0, 0x62, 0] + data
            let block = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, UInt8(18 + data.count - 1), 0] + data
            let end: [UInt8] = [
                0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ]
            return [plain, plain + named, plain + [0, 0, 0], block + block + end, block + plain]
        })
}
