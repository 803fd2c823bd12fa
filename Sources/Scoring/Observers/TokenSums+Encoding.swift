// The section "tokens":
//
//   8 bytes each: what is known: 0 nothing, 1 tokens, 3 tokens and bytes; the number of tokens; the number of bytes (0 where not known)
//   then the exact sums Σ weight · tokens and Σ weight · bytes, zero where not known

extension TokenSums {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: tokenCount == nil ? 0 : byteCount == nil ? 1 : 3)
        bytes.append(littleEndian: tokenCount ?? 0)
        bytes.append(littleEndian: byteCount ?? 0)
        weightedTokens.encode(into: &bytes)
        weightedBytes.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        let known = try reader.unsigned()
        guard [0, 1, 3].contains(known) else { throw .damaged("the code of known counts is \(known)") }
        let tokens = try reader.unsigned(), textBytes = try reader.unsigned()
        var sums = TokenSums()
        sums.tokenCount = known == 0 ? nil : tokens
        sums.byteCount = known == 3 ? textBytes : nil
        sums.weightedTokens = try reader.exactSum()
        sums.weightedBytes = try reader.exactSum()
        try reader.expectEnd()
        guard known != 0 || (tokens == 0 && sums.weightedTokens == ExactSum()),
            known == 3 || (textBytes == 0 && sums.weightedBytes == ExactSum())
        else { throw .damaged("it has sums of counts that are not known") }
        self = sums
    }
}
