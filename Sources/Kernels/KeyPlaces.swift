// Where numbers are counted by the first bits of their keys.

public import KernelABI

/// Finds the place of each number. O(count).
public func findKeyPlaces(_ keys: UnsafeMutablePointer<KeyPlaces>) {
    let element = StoredElement(code: keys.pointee.elementCode)
    let values = keys.pointee.values, places = keys.pointee.places, count = keys.pointee.count
    let shift = laneBits(keys.pointee.shift), first = laneBits(keys.pointee.first), placeCount = laneBits(keys.pointee.placeCount)
    var outside = LaneIntegers(repeating: 0)
    // Wrapping: indices stay within the block's memory, and below the first key a place is beyond the last one.
    var i = 0
    while i < count {
        // + 0 makes −0 to 0.
        let number = (element.loadEight(values + i &* element.byteCount) + lanes(0)).bits
        let isNegative = (number.signed &>> LaneIntegers(repeating: 63)).unsigned
        let key = number ^ (isNegative | laneBits(0x8000_0000_0000_0000))
        let place = (key &>> shift) &- first
        let isInside = laneIndices .< LaneIntegers(repeating: Int64(count &- i))
        outside = outside | (unsafeBitCast(place .>= placeCount, to: LaneIntegers.self) & unsafeBitCast(isInside, to: LaneIntegers.self))
        xentStoreLowHalves(places + i, (place &+ place).signed)
        i &+= 8
    }
    keys.pointee.areInside = xentAnyLane(outside) == 0 ? 1 : 0
}
