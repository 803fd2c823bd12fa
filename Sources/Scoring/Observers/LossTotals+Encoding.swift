// The section "losses":
//
//   …         the moments of each dialect of the specification, in its order (Moments+Encoding.swift)
//   8 bytes   1 where it is known which rows are right and rows have weights, else 0
//   …         where it is 1: Σ weight of the right rows, an exact sum

extension LossTotals {
    public func encode(into bytes: inout [UInt8]) {
        for moments in moments { moments.encode(into: &bytes) }
        bytes.append(littleEndian: correctWeight == nil ? 0 : 1)
        correctWeight?.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        var moments: [Moments] = []
        for _ in 0..<dialectCount { moments.append(try reader.moments()) }
        var correctWeight: ExactSum?
        switch try reader.unsigned() {
        case 0: break
        case 1:
            guard !requiredFacts.isEmpty else { throw .damaged("it has the weight of right rows, and rows have no weights or no labels") }
            correctWeight = try reader.exactSum()
        default: throw .damaged("whether the weight of right rows is known is neither 0 nor 1")
        }
        try reader.expectEnd()
        replaceMoments(moments)
        replaceCorrectWeight(correctWeight)
    }
}
