import Testing

@testable import WorkStealing

@Suite struct RangeWordTests {
    @Test func packsAndUnpacks() {
        let edges: [UInt32] = [0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, .max - 1, .max]
        for front in edges {
            for back in edges {
                let word = RangeWord(front: front, back: back)
                #expect(RangeWord(bits: word.bits) == word)
            }
        }
        #expect(RangeWord(front: 1, back: 2).bits == 0x0000_0002_0000_0001)
        #expect(RangeWord.empty.bits == 0)
    }

    @Test func emptyRangesGiveNothing() {
        for word in [RangeWord.empty, RangeWord(front: 7, back: 7), RangeWord(front: .max, back: .max), RangeWord(front: 2, back: 1)] {
            #expect(word.isEmpty)
            #expect(word.grainCount == 0)
            #expect(word.takingFront() == nil)
            #expect(word.stealingBackHalf() == nil)
        }
    }

    /// Every range of up to 64 grains, at the lower end, in the middle and at the upper end of what 32 bits hold.
    @Test func takesTheFrontAndStealsTheBackHalf() throws {
        for base: UInt32 in [0, 1, 0x7FFF_FFE0, .max - 64] {
            for count: UInt32 in 1...64 {
                let word = RangeWord(front: base, back: base + count)
                #expect(word.grainCount == count)

                let (grain, left) = try #require(word.takingFront())
                #expect(grain == base)
                #expect(left.grains == Array(word.grains.dropFirst()))

                let theft = try #require(word.stealingBackHalf())
                #expect(theft.kept.grains + [theft.grain] + theft.rest.grains == word.grains)
                // The victim, which has a grain in hand as a rule, keeps the smaller half.
                #expect(theft.kept.grainCount == count / 2)
            }
        }
    }

    @Test func aRangeOfOneIsStolenWhole() throws {
        let theft = try #require(RangeWord(front: 41, back: 42).stealingBackHalf())
        #expect(theft.kept.isEmpty)
        #expect(theft.grain == 41)
        #expect(theft.rest.isEmpty)
    }

    @Test func theLongestRangeIsHalved() throws {
        let theft = try #require(RangeWord(front: 0, back: .max).stealingBackHalf())
        #expect(theft.kept == RangeWord(front: 0, back: 0x7FFF_FFFF))
        #expect(theft.grain == 0x7FFF_FFFF)
        #expect(theft.rest == RangeWord(front: 0x8000_0000, back: .max))
    }
}

extension RangeWord {
    /// The grains of the range, in order.
    var grains: [UInt32] { isEmpty ? [] : Array(front..<back) }
}
