internal import TableReading

/// The names of the classes as a hash table, in which C looks up each row's label.
struct TableClassNames {
    let names: ClassNames
    private let bytes: [UInt8]
    private let offsets: [UInt32]
    private let classIndices: [Int64]
    private let places: [UInt32]

    init(_ names: ClassNames) {
        self.names = names
        var bytes: [UInt8] = []
        var offsets: [UInt32] = [0]
        // At most half of the places are taken.
        var placeCount = 4
        while placeCount < 2 * names.meanings.count { placeCount *= 2 }
        var places = [UInt32](repeating: 0, count: placeCount)
        for (number, name) in names.meanings.map(\.name).enumerated() {
            bytes += name
            offsets.append(UInt32(bytes.count))
            let hash = xentNameHash(name + [0], name.count)
            var place = Int(truncatingIfNeeded: hash) & (placeCount - 1)
            while places[place] != 0 { place = (place + 1) & (placeCount - 1) }
            places[place] = UInt32(number + 1)
        }
        self.bytes = bytes + [0]
        self.offsets = offsets
        classIndices = names.meanings.map(\.classIndex) + [0]
        self.places = places
    }

    /// Calls `body` with the names in C's form.
    func withNames<Result>(_ body: (UnsafePointer<XentClassNames>?) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            offsets.withUnsafeBufferPointer { offsets in
                classIndices.withUnsafeBufferPointer { classIndices in
                    places.withUnsafeBufferPointer { places in
                        // None of the arrays is empty.
                        guard let bytes = bytes.baseAddress, let offsets = offsets.baseAddress,
                            let classIndices = classIndices.baseAddress, let start = places.baseAddress
                        else { return body(nil) }
                        let names = XentClassNames(
                            bytes: bytes, offsets: offsets, classIndices: classIndices, places: start, placeCount: places.count)
                        return withUnsafePointer(to: names) { body($0) }
                    }
                }
            }
        }
    }

    /// Returns the class of a name; nil if it is none.
    func classIndex(_ name: [UInt8]) -> Int64? {
        let padded = name + [0]
        let index = withNames { names in
            padded.withUnsafeBufferPointer { bytes in
                guard let names, let bytes = bytes.baseAddress else { return Int64.min }
                return xentClassIndex(names, bytes, name.count)
            }
        }
        return index == .min ? nil : index
    }
}
