import Elements
import Formats
import Scoring
import SeededRandom

/// Dumps of many megabytes, quickly made: f4 logits whose bits are random, labels in a type of choice.
enum WideDump {
    /// The bytes of the two `.npy` files.
    static func bytes(rowCount: Int, classCount: Int, labelType: ElementType = .int64, seed: UInt64) -> (
        predictions: [UInt8], labels: [UInt8]
    ) {
        var random = SplitMix64(seed: seed)
        let header = NPY.header("<f4", shape: [rowCount, classCount])
        let count = rowCount * classCount
        let predictions = [UInt8](unsafeUninitializedCapacity: header.count + 4 * count + 8) { target, filled in
            for index in 0..<header.count { target[index] = header[index] }
            let raw = UnsafeMutableRawBufferPointer(target)
            // Two at a time: exponents of 2^-7 to 2^0, both signs. A byte of zeros lets zstd compress them: the size of a stored block
            // could be told without a content size.
            for index in stride(from: 0, to: count, by: 2) {
                let bits = random.next() & 0x83FF_FF00_83FF_FF00 | 0x3C00_0000_3C00_0000
                raw.storeBytes(of: bits, toByteOffset: header.count + 4 * index, as: UInt64.self)
            }
            filled = header.count + 4 * count
        }
        let labelHeader = NPY.header(NPY.descriptor(labelType), shape: [rowCount])
        let labelByteCount = labelType.byteCount
        let labels = [UInt8](unsafeUninitializedCapacity: labelHeader.count + labelByteCount * rowCount) { target, filled in
            for index in 0..<labelHeader.count { target[index] = labelHeader[index] }
            for row in 0..<rowCount {
                let label = random.next() % UInt64(min(classCount, 1 << (8 * min(labelByteCount, 4) - 1)))
                for byte in 0..<labelByteCount {
                    target[labelHeader.count + row * labelByteCount + byte] = UInt8(truncatingIfNeeded: label >> UInt64(8 * byte))
                }
            }
            filled = labelHeader.count + labelByteCount * rowCount
        }
        return (predictions, labels)
    }

    /// The same as files.
    static func write(
        _ folder: TemporaryFolder, rowCount: Int, classCount: Int, predictions: Framing, labels: Framing, labelType: ElementType = .int64,
        seed: UInt64
    ) -> (predictions: String, labels: String) {
        let bytes = bytes(rowCount: rowCount, classCount: classCount, labelType: labelType, seed: seed)
        return (
            folder.write(predictions.store(bytes.predictions), "predictions.npy"), folder.write(labels.store(bytes.labels), "labels.npy")
        )
    }
}
