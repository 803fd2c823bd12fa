import KernelABI
import Oracle
import SeededRandom
import Testing

/// Every kernel adds predictions to the same cells and sums; that sums are the right ones is tested by Insight's tests of sums.
@Suite("PredictionSumTests")
struct PredictionSumTests {
    @Test("confidences go to the same cells", arguments: [1, 2, 15, 29, 1000], [true, false])
    func confidences(intervalCount: Int, hasGrid: Bool) {
        var random = SplitMix64(seed: UInt64(intervalCount))
        var confidences = [0, 1, -0.0, 1e-300, 0x1p-60, .nan, 1 + 0x1p-52, -1e-9, 0x1.8p-93, .infinity]
        for k in 0...min(intervalCount, 300) {
            let bound = Double(k) / Double(intervalCount)
            confidences += [bound, bound.nextUp, bound.nextDown]
        }
        while confidences.count < 1024 { confidences.append(random.nextUniform(in: 0...1)) }
        var outcomes = confidences.map { _ in Double(Int.random(in: 0...1, using: &random)) }
        for index in stride(from: 0, to: 1024, by: 100) { outcomes[index] = 0.25 }
        for count in [0, 1, 7, 8, 63, 64, 65, 1000, 1024] {
            let expected = added(confidences, outcomes, count, intervalCount, hasGrid: hasGrid, KernelUnderTest.available[0])
            #expect(expected.cells.contains { $0 != 0 } == (count > 1))
            for kernel in KernelUnderTest.available.dropFirst() {
                let found = added(confidences, outcomes, count, intervalCount, hasGrid: hasGrid, kernel)
                #expect(found == expected, "\(kernel.instructionSet), \(count) predictions")
            }
        }
    }

    @Test("cells are those of a plain computation", arguments: [1, 2, 15, 1000], [true, false])
    func plainCells(intervalCount: Int, isNarrow: Bool) {
        var random = SplitMix64(seed: 0xCE11 + UInt64(intervalCount))
        // Those of Float32 have no digits below 2^-40 from 2^-17 on, and the batches that hold nothing else have a way of their own.
        var confidences = (0..<1024).map { _ in
            isNarrow ? Double(Float(random.nextUniform(in: 0x1p-16...1))) : random.nextUniform(in: 0...1)
        }
        for k in 0...min(intervalCount, 100) { confidences[8 * k] = Double(k) / Double(intervalCount) }
        if isNarrow { confidences[1000] = 0x1.234568p-30 }
        let outcomes = confidences.map { _ in Double(Int.random(in: 0...1, using: &random)) }
        for count in [1, 8, 63, 64, 100, 1024] {
            var cells = [Int64](repeating: 0, count: 4 * (2 * intervalCount + 1)), grid = [Int64](repeating: 0, count: 4096)
            for (confidence, outcome) in zip(confidences, outcomes).prefix(count) {
                // The bounds k / n up to the confidence: it is the last one or lies above it.
                let below = (0...intervalCount).last { Double($0) / Double(intervalCount) <= confidence } ?? 0
                let cell = 4 * (2 * below + (Double(below) / Double(intervalCount) == confidence ? 0 : 1))
                let coarse = (confidence * 0x1p40).rounded(.toNearestOrEven)
                cells[cell] += 1 + (outcome == 1 ? 1 << 32 : 0)
                cells[cell + 1] += Int64(coarse)
                cells[cell + 2] += Int64((confidence - coarse * 0x1p-40) * 0x1p92)
                grid[min(4095, Int(confidence * 4096))] += Int64(((outcome - confidence) * 0x1p40).rounded(.toNearestOrEven))
            }
            for kernel in KernelUnderTest.available {
                let found = added(confidences, outcomes, count, intervalCount, hasGrid: true, kernel)
                #expect(found.cells == cells && found.grid == grid && found.others.isEmpty, "\(kernel.instructionSet), \(count) predictions")
                #expect(added(confidences, outcomes, count, intervalCount, hasGrid: false, kernel).cells == cells)
            }
        }
    }

    private struct Added: Equatable {
        var cells: [Int64], grid: [Int64], others: [Int32]
    }

    private func added(
        _ confidences: [Double], _ outcomes: [Double], _ count: Int, _ intervalCount: Int, hasGrid: Bool, _ kernel: KernelUnderTest
    ) -> Added {
        var cells = [Int64](repeating: 0, count: 4 * (2 * intervalCount + 1)), grid = [Int64](repeating: 0, count: 4096)
        var others = [Int32](repeating: -1, count: count + 1), scratch = [Int64](repeating: -1, count: Int(XentConfidenceScratchCount))
        var otherCount = 0
        confidences.withUnsafeBufferPointer { confidences in
            outcomes.withUnsafeBufferPointer { outcomes in
                cells.withUnsafeMutableBufferPointer { cells in
                    grid.withUnsafeMutableBufferPointer { grid in
                        others.withUnsafeMutableBufferPointer { others in
                            scratch.withUnsafeMutableBufferPointer { scratch in
                                var sums = ConfidenceSums(
                                    confidences: confidences.baseAddress!, outcomes: outcomes.baseAddress!, count: count,
                                    intervalCount: intervalCount, cells: cells.baseAddress!, grid: hasGrid ? grid.baseAddress! : nil,
                                    gridCellCount: 4096, scratch: scratch.baseAddress!, others: others.baseAddress!, otherCount: -1)
                                kernel.table.addConfidences(&sums)
                                otherCount = sums.otherCount
                            }
                        }
                    }
                }
            }
        }
        #expect(others[count] == -1, "beyond the room for those that are left out")
        return Added(cells: cells, grid: grid, others: Array(others.prefix(otherCount)))
    }

    @Test("losses of two classes have the same sums", arguments: [false, true])
    func twoClasses(hasMisfit: Bool) {
        var random = SplitMix64(seed: 11)
        var losses = (0..<1024).map { _ in random.nextUniform(in: -2000...2000) }
        // Multiples of 2^-40: no digit lies below 2^-92.
        losses = losses.map { ($0 * 0x1p40).rounded() * 0x1p-40 }
        if hasMisfit { losses[0] = 0x1p-100 }
        let classes = losses.map { _ in Int32.random(in: 0...1, using: &random) }
        let isCorrect = losses.map { _ in UInt8.random(in: 0...1, using: &random) }
        for count in [1, 7, 8, 1000, 1024] {
            func sums(_ kernel: KernelUnderTest) -> [Int64] {
                let none = ClassSums(coarse: 0, fine: 0, squareHigh: 0, squareMiddle: 0, squareLow: 0, count: 0, correctCount: 0)
                return losses.withUnsafeBufferPointer { losses in
                    classes.withUnsafeBufferPointer { classes in
                        isCorrect.withUnsafeBufferPointer { isCorrect in
                            var sums = TwoClassSums(
                                losses: losses.baseAddress!, classes: classes.baseAddress!, isCorrect: isCorrect.baseAddress!, count: count,
                                isUsual: -1, all: none, one: none)
                            kernel.table.addTwoClasses(&sums)
                            return [Int64(sums.isUsual)] + numbers(sums.all) + numbers(sums.one)
                        }
                    }
                }
            }
            func numbers(_ sums: ClassSums) -> [Int64] {
                [sums.coarse, sums.fine, sums.squareHigh, sums.squareMiddle, sums.squareLow, sums.count, sums.correctCount]
            }
            let expected = sums(KernelUnderTest.available[0])
            #expect(expected[0] == (hasMisfit ? 0 : 1))
            for kernel in KernelUnderTest.available.dropFirst() { #expect(sums(kernel) == expected, "\(kernel.instructionSet), \(count) rows") }
        }
    }

    /// The places are those of the definition, in order; a number without one, NaN too, is told.
    @Test("keys have places in the order of the numbers", arguments: [UInt64(1), 20, 44, 63])
    func places(shift: UInt64) {
        let numbers: [Double] = [-.infinity, -1e300, -1, -0x1p-1074, 0, 0x1p-1074, 1e-9, 0.5, 1, 1e300, .infinity]
        func key(_ number: Double) -> UInt64 {
            let bits = (number + 0).bitPattern
            return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
        }
        for kernel in KernelUnderTest.available {
            for number in numbers + [-0.0] {
                let first = key(number) >> shift
                // Places are counted from the number itself, so that all below it have none.
                let sought = numbers.filter { key($0) >= key(number) && (key($0) >> shift) - first < 1 << 20 }
                let found = foundPlaces(sought, shift: shift, first: first, kernel)
                #expect(found == sought.map { 2 * Int32((key($0) >> shift) - first) }, "\(kernel.instructionSet), from \(number)")
                if let lower = numbers.last(where: { key($0) >> shift < first }) {
                    #expect(foundPlaces(sought + [lower], shift: shift, first: first, kernel) == nil)
                }
            }
            #expect(foundPlaces([1, .nan], shift: shift, first: key(1) >> shift, placeCount: 1, kernel) == nil || shift == 63)
        }
    }

    private func foundPlaces(
        _ numbers: [Double], shift: UInt64, first: UInt64, placeCount: UInt64 = 1 << 20, _ kernel: KernelUnderTest
    ) -> [Int32]? {
        let padded = numbers + [Double](repeating: .nan, count: 8)
        var places = [Int32](repeating: -1, count: (numbers.count + 7) / 8 * 8 + 1)
        var areInside: Int32 = -1
        padded.withUnsafeBufferPointer { padded in
            places.withUnsafeMutableBufferPointer { places in
                var keys = KeyPlaces(
                    values: UnsafeRawPointer(padded.baseAddress!), elementCode: Int32(XentElementFloat64), count: numbers.count, shift: shift,
                    first: first, placeCount: placeCount, places: places.baseAddress!, areInside: -1)
                kernel.table.findKeyPlaces(&keys)
                areInside = keys.areInside
            }
        }
        #expect(places.last == -1, "beyond the room for places")
        return areInside == 1 ? Array(places.prefix(numbers.count)) : nil
    }
}
