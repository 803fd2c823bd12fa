internal import Container
internal import Formats

/// The rows of a file of llama.cpp as the numbers that they stand for, of eight bytes each: a source of bytes like any other, from which
/// rows are read as from a raw array. They are decoded as they are read.
struct QuantisedRows: ByteSource {
    let base: LlamaCppBase
    let container: ContainerFile

    var name: String { container.path }
    var byteCount: Int? { base.rowCount * 8 * base.vocabularyCount }
    var access: ByteAccess { .random }

    func identity() throws(ByteSourceError) -> ByteSourceIdentity? {
        do throws(ContainerError) { try container.checkIdentity() } catch { throw ByteSourceError(error) }
        return nil
    }

    func adviseWillRead(_ byteRange: Range<Int>) {
        guard !byteRange.isEmpty else { return }
        let valuesByteCount = 8 * base.vocabularyCount
        let rows = byteRange.lowerBound / valuesByteCount..<min(base.rowCount, (byteRange.upperBound - 1) / valuesByteCount + 1)
        container.adviseWillReadRaw(
            base.rowsByteOffset + rows.lowerBound * base.rowByteCount..<base.rowsByteOffset + rows.upperBound * base.rowByteCount)
    }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        let valuesByteCount = 8 * base.vocabularyCount
        let end = min(byteOffset + buffer.count, base.rowCount * valuesByteCount)
        guard byteOffset < end, let target = buffer.baseAddress else { return 0 }
        let rows = byteOffset / valuesByteCount..<(end - 1) / valuesByteCount + 1
        let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: rows.count * base.rowByteCount, alignment: 64)
        defer { stored.deallocate() }
        do throws(ContainerError) {
            try container.readRaw(at: base.rowsByteOffset + rows.lowerBound * base.rowByteCount, into: stored)
        } catch {
            throw ByteSourceError(error)
        }
        guard let row = UnsafeRawPointer(stored.baseAddress) else { return 0 }
        // A read may begin and end inside a value.
        var value = [UInt8](repeating: 0, count: 8)
        var position = byteOffset
        while position < end {
            let (index, inRow) = position.quotientAndRemainder(dividingBy: valuesByteCount)
            let source = row + (index - rows.lowerBound) * base.rowByteCount
            let rowEnd = min(end, (index + 1) * valuesByteCount) - index * valuesByteCount
            let first = inRow / 8
            if inRow % 8 == 0, rowEnd - inRow >= 8 {
                let part = first..<rowEnd / 8
                base.decode(source, part, into: target + (position - byteOffset))
                position += 8 * part.count
                continue
            }
            value.withUnsafeMutableBytes { value in
                guard let room = value.baseAddress else { return }
                base.decode(source, first..<first + 1, into: room)
            }
            let count = min(8 - inRow % 8, rowEnd - inRow)
            for place in 0..<count { (target + (position - byteOffset + place)).storeBytes(of: value[inRow % 8 + place], as: UInt8.self) }
            position += count
        }
        return end - byteOffset
    }
}

extension ByteSourceError {
    /// Makes the error of a source whose bytes come from a container.
    init(_ error: ContainerError) {
        self.init(
            kind: error.kind, byteOffset: error.byteOffset, problem: error.problem, found: error.found, allowed: error.allowed,
            remedy: error.remedy)
    }
}
