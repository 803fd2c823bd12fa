import Testing

@testable import WorkStealing

@Suite struct UnitGrainsTests {
    @Test func aGrainIsAUnitAsLongAsThe32BitsLast() {
        for unitCount in [1, 2, 1000, Int(UInt32.max)] {
            let grains = UnitGrains(unitCount: unitCount)
            #expect(grains.unitsPerGrain == 1)
            #expect(grains.grainCount == UInt32(unitCount))
            #expect(grains.units(of: grains.grainCount - 1) == unitCount - 1..<unitCount)
        }
    }

    @Test func noUnitsNoGrains() {
        for unitCount in [0, -1, Int.min] {
            let grains = UnitGrains(unitCount: unitCount)
            #expect(grains.unitCount == 0)
            #expect(grains.grainCount == 0)
        }
    }

    /// Every number of units up to 200 with every limit up to 20: the grains hold each unit once, in order, and keep to the limit.
    @Test func grainsPartitionTheUnits() {
        for unitCount in 1...200 {
            for limit: UInt32 in 0...20 {
                let grains = UnitGrains(unitCount: unitCount, grainLimit: limit)
                #expect(grains.grainCount <= max(limit, 1))
                let units = (0..<grains.grainCount).flatMap { Array(grains.units(of: $0)) }
                #expect(units == Array(0..<unitCount))
            }
        }
    }

    @Test func countsBeyond32BitsDoNotOverflow() {
        for unitCount in [Int(UInt32.max) + 1, Int(UInt32.max) * 2, Int(UInt32.max) * 2 + 1, 1 << 62, Int.max - 1, Int.max] {
            let grains = UnitGrains(unitCount: unitCount)
            #expect(grains.unitsPerGrain > 1)
            let last = grains.units(of: grains.grainCount - 1)
            #expect(last.upperBound == unitCount)
            #expect(!last.isEmpty && last.count <= grains.unitsPerGrain)
            #expect(grains.units(of: grains.grainCount - 2).upperBound == last.lowerBound)
            #expect(grains.units(of: 0) == 0..<grains.unitsPerGrain)
        }
    }
}
