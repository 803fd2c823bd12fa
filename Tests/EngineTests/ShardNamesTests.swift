import Messages
import SeededRandom
import Testing

@testable import Engine

/// The order of names with numbers, and what names say of the order of files.
@Suite struct ShardNamesTests {
    @Test func naturalOrder() {
        let ordered = [
            "", "a", "a0", "a00", "a1", "a2", "a02b", "a2b", "a10", "a10b", "a11", "a99999999999999999999999998",
            "a99999999999999999999999999", "ab", "b1/c2", "b1/c10", "b2/c1", "part-1.npy", "part-1.npy.zst", "part-10.npy",
        ]
        var random = SplitMix64(seed: 81)
        for _ in 0..<50 {
            #expect(NaturalOrder.sorted(ordered.shuffled(using: &random)) == ordered)
        }
        for (index, left) in ordered.enumerated() {
            for right in ordered[(index + 1)...] {
                #expect(NaturalOrder.precedes(left, right) && !NaturalOrder.precedes(right, left), "\(left), \(right)")
            }
            #expect(!NaturalOrder.precedes(left, left))
        }
    }

    /// A list in the order of letters was written by a program that does not know numbers; any other order was chosen.
    @Test func lists() {
        let byBytes = ["part_0", "part_1", "part_10", "part_11", "part_2"]
        #expect(FilePattern.naturalOrder(ofList: byBytes) == ["part_0", "part_1", "part_2", "part_10", "part_11"])
        // As `ls` writes in a locale: capitals are no letters of their own.
        #expect(FilePattern.naturalOrder(ofList: ["a_1", "a_10", "a_2", "B_1", "B_10", "B_2"]) == ["a_1", "a_2", "a_10", "B_1", "B_2", "B_10"])
        for list in [
            ["part_2", "part_10"], ["part_10", "part_2", "part_1"], ["b", "a"], ["part_01", "part_02", "part_10"], [], ["x"],
            ["part_1", "part_10", "part_2", "a"],
        ] {
            #expect(FilePattern.naturalOrder(ofList: list) == nil, "\(list)")
        }
    }

    private func warnings(_ predictions: [String], labels: [String] = [], weights: [String] = []) -> [String] {
        ShardNames.warnings(predictions: predictions, companions: [("labels", labels), ("weights", weights)]).map(\.description)
    }

    @Test func numbersOutOfOrder() {
        let shell = ["part_0.npy", "part_1.npy", "part_10.npy", "part_2.npy"]
        let told = warnings(shell, labels: ["y.npy"])
        #expect(told.count == 1)
        #expect(told.first?.contains("part_10.npy is read before part_2.npy") == true && told.first?.contains("order") == true)
        // Each has labels of its own, in the same order, or they lie beside the predictions.
        #expect(warnings(shell, labels: shell.map { "y" + $0 }) == [])
        #expect(warnings(shell) == [])
        #expect(warnings(shell, labels: shell.map { "y" + $0 }, weights: ["w.npy"]).count == 1)
        #expect(warnings(["p.npy"], labels: shell).count == 1)
        #expect(warnings(["part_0", "part_2", "part_10"], labels: ["y"]) == [])
        // Names of other kinds have no order.
        #expect(warnings(["train.npy", "test.npy", "b_2", "a_1"], labels: ["y"]) == [])
    }

    @Test func theSameFileTwice() throws {
        #expect(warnings(["a", "b", "a"], labels: ["y"]).first?.contains("named twice") == true)
        #expect(warnings(["a", "b"], labels: ["y", "y"]).first?.contains("as labels") == true)
        let folder = TemporaryFolder()
        let path = folder.write([1], "a.npy")
        let told = warnings([path, folder.path + "/./a.npy"], labels: ["y"])
        #expect(told.count == 1 && told[0].contains("named twice"))
        #expect(warnings(["-"], labels: ["y"]) == [])
    }

    @Test func numbersThatDiffer() {
        #expect(warnings(["p_3.npy"], labels: ["y_4.npy"]).first?.contains("p_3.npy is paired with y_4.npy") == true)
        let pairs: [([String], [String], isTold: Bool)] = [
            (["p_3.npy"], ["y_3.npy"], false), (["p_3.npy"], ["y_03.npy.zst"], false), (["resnet50.npy"], ["val2017.npy"], false),
            (["a/7/p.npy"], ["a/8/y.npy"], false), (["p-1.h5", "p-2.h5"], ["y-1.npy", "y-2.npy"], false),
            (["p_1", "p_2", "p_3"], ["y_1", "y_3", "y_2"], true), (["p_1", "p_2"], ["y_0", "y_1"], true),
            (["v2_p_1", "v2_p_2"], ["y_1", "y_2"], false), (["v2_p_1", "v2_p_2"], ["v3_y_1", "v3_y_2"], false),
            (["p_1_of_2", "p_2_of_2"], ["y_1_of_2", "y_2_of_2"], false), (["p_1_of_2", "p_2_of_2"], ["y_2_of_2", "y_1_of_2"], true),
            (["train", "test"], ["y1", "y2"], false),
        ]
        for (predictions, labels, isTold) in pairs {
            #expect(warnings(predictions, labels: labels).isEmpty != isTold, "\(predictions), \(labels)")
        }
    }
}
