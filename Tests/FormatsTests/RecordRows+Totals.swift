import Formats

extension RecordRows {
    var tokenCount: UInt64 { tokenCounts.reduce(0, +) }
    var byteCount: UInt64 { byteCounts.reduce(0, +) }
}
