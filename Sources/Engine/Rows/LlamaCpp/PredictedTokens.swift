internal import Container
internal import Formats

/// The labels of a file of llama.cpp, of four bytes each: the tokens that the rows predict, without those between the second halves of
/// chunks.
struct PredictedTokens: ByteSource {
    let base: LlamaCppBase
    let container: ContainerFile

    var name: String { container.path }
    var byteCount: Int? { 4 * base.rowCount }
    var access: ByteAccess { .random }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        let chunkByteCount = 4 * base.rowsPerChunk
        let end = min(byteOffset + buffer.count, 4 * base.rowCount)
        var position = byteOffset
        while position < end {
            let (chunk, inChunk) = position.quotientAndRemainder(dividingBy: chunkByteCount)
            let count = min(end - position, chunkByteCount - inChunk)
            let start = position - byteOffset
            do throws(ContainerError) {
                try container.readRaw(
                    at: base.labelsByteOffset(ofChunk: chunk) + inChunk,
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + count]))
            } catch {
                throw ByteSourceError(error)
            }
            position += count
        }
        return max(0, end - byteOffset)
    }
}
