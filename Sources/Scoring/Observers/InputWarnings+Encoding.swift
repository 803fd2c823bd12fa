// The section "warnings", 8 bytes each:
//
//   surveyed rows, deviating rows (UInt64), worst deviation (Float64), its row (UInt64), tolerance (Float64), values outside of [0, 1],
//   saturated Float16 values (UInt64), least label, greatest label (Float64), labels, soft labels, the first soft label's row (UInt64)
//
// No number is NaN or −0.

extension InputWarnings {
    public func encode(into bytes: inout [UInt8]) {
        func bits(_ number: Double) -> UInt64 {
            // −0 + 0 is +0: which of two equal labels came first must not matter.
            (number + 0).bitPattern
        }
        for value in [
            surveyedRowCount, deviatingRowCount, bits(worstDeviation), worstRow, bits(tolerance), outsideUnitCount, saturatedCount,
            bits(leastLabel), bits(greatestLabel), labelCount, softLabelCount, firstSoftRow,
        ] {
            bytes.append(littleEndian: value)
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        var warnings = InputWarnings()
        warnings.surveyedRowCount = try reader.unsigned()
        warnings.deviatingRowCount = try reader.unsigned()
        warnings.worstDeviation = try reader.double()
        warnings.worstRow = try reader.unsigned()
        warnings.tolerance = try reader.double()
        warnings.outsideUnitCount = try reader.unsigned()
        warnings.saturatedCount = try reader.unsigned()
        warnings.leastLabel = try reader.double()
        warnings.greatestLabel = try reader.double()
        warnings.labelCount = try reader.unsigned()
        warnings.softLabelCount = try reader.unsigned()
        warnings.firstSoftRow = try reader.unsigned()
        try reader.expectEnd()
        for number in [warnings.worstDeviation, warnings.tolerance, warnings.leastLabel, warnings.greatestLabel] where number.isNaN {
            throw .damaged("a number of the warnings is NaN")
        }
        self = warnings
    }
}
