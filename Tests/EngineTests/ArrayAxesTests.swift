import Elements
import Formats
import Messages
import Oracle
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// Arrays of more axes: all but the one of the classes are rows.
@Suite struct ArrayAxesTests {
    /// Logits of shape (row axes, classes) and a label and a weight for each row, as flat lists in C order of the row axes.
    private struct Rows {
        let shape: [Int]
        let classCount: Int
        let logits: [Double]
        let targets: [Double]
        let labels: [Double]
        let weights: [Double]

        var rowCount: Int { shape.reduce(1, *) }

        init(_ random: inout SplitMix64, shape: [Int], classCount: Int) {
            self.shape = shape
            self.classCount = classCount
            let rowCount = shape.reduce(1, *)
            logits = (0..<rowCount * classCount).map { _ in Double(Float(random.nextUniform(in: -3...3))) }
            targets = (0..<rowCount * classCount).map { _ in random.nextUniform(in: 0...1) }
            labels = (0..<rowCount).map { _ in Double(Int.random(in: 0..<classCount, using: &random)) }
            weights = (0..<rowCount).map { _ in random.nextUniform(in: 0...2) }
        }

        /// The same rows along one axis.
        init(flattening rows: Rows) {
            shape = [rows.rowCount]
            (classCount, logits, targets, labels, weights) = (rows.classCount, rows.logits, rows.targets, rows.labels, rows.weights)
        }

        /// The values of rows with the axis of the values at a place among the others, in either order of storage.
        func array(
            _ values: [Double], _ type: ElementType, perRow: Int, axis: Int?, isFortranOrder: Bool
        ) -> [UInt8] {
            var full = shape
            if let axis { full.insert(perRow, at: axis) }
            var places: [[Int]] = [[]]
            for dimension in isFortranOrder ? full.reversed() : full {
                places = places.flatMap { place in (0..<dimension).map { place + [$0] } }
            }
            let stored = places.map { place -> Double in
                var place = isFortranOrder ? place.reversed() : place
                let value = axis.map { place.remove(at: $0) } ?? 0
                return values[zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 } * perRow + value]
            }
            return NPY.header(NPY.descriptor(type), shape: full, isFortranOrder: isFortranOrder)
                + NPY.data(type, isBigEndian: false, values: stored)
        }

        /// The numbers of the rows that have a label where labels are shifted, each with the row that its label has.
        var shifted: [(prediction: Int, label: Int)] {
            let inner = shape.dropFirst(2).reduce(1, *)
            return (0..<rowCount).filter { $0 / inner % shape[1] < shape[1] - 1 }.map { ($0, $0 + inner) }
        }
    }

    /// Random dumps of up to four row axes: any axis of the classes, either order of storage, labels with the same axes or flat, and shifted
    /// or not give what the rows give as a matrix, to the bit.
    @Test func anyShapeIsItsRows() throws {
        let seed: UInt64 = 71
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for number in 0..<(isOptimised ? 150 : 10) {
            let axisCount = Int.random(in: 1...4, using: &random)
            let rows = Rows(
                &random, shape: (0..<axisCount).map { _ in Int.random(in: 1...6, using: &random) + 1 },
                classCount: [2, 3, 9, 21].randomElement(using: &random)!)
            let classAxis = Int.random(in: 0...axisCount, using: &random)
            let shifts = axisCount > 1 && Bool.random(using: &random)
            let isSoft = Bool.random(using: &random)
            let framing = Framing.all.randomElement(using: &random)!
            let what = "seed \(seed), dump \(number): rows \(rows.shape), \(rows.classCount) classes on axis \(classAxis), shifted \(shifts), "
                + "soft \(isSoft), \(framing)"
            func bool() -> Bool { Bool.random(using: &random) }
            func store(_ bytes: [UInt8], _ name: String) -> String {
                folder.write(Framing.all.randomElement(using: &random)!.store(bytes), name)
            }

            // The rows as a matrix.
            let kept = shifts ? rows.shifted : (0..<rows.rowCount).map { (prediction: $0, label: $0) }
            func matrix(_ values: [Double], _ type: ElementType, perRow: Int, _ rows: [Int]) -> [UInt8] {
                NPY.file(type, shape: [rows.count, perRow], values: rows.flatMap { values[$0 * perRow..<($0 + 1) * perRow] })
            }
            let specification = LossSpecification(task: isSoft ? .soft : .multiclass, input: .logits)
            let labelsPerRow = isSoft ? rows.classCount : 1
            let labelValues = isSoft ? rows.targets : rows.labels
            let labelType: ElementType = isSoft ? .float64 : .int32
            let expected = Outcome(
                try evaluate(
                    [folder.write(matrix(rows.logits, .float32, perRow: rows.classCount, kept.map(\.prediction)), "p.npy")],
                    [folder.write(matrix(labelValues, labelType, perRow: labelsPerRow, kept.map(\.label)), "l.npy")], specification,
                    weights: [folder.write(matrix(rows.weights, .float64, perRow: 1, kept.map(\.label)), "w.npy")],
                    perRow: folder["rows.npy"]), perRow: folder.read("rows.npy"))

            // The same rows in their own shape.
            let flat = Rows(flattening: rows)
            let areLabelsFlat = bool(), areWeightsFlat = bool()
            let predictions = folder.write(
                framing.store(
                    rows.array(rows.logits, .float32, perRow: rows.classCount, axis: classAxis, isFortranOrder: bool())), "n.npy")
            // One label a row has the axes of the rows, perhaps with one place for the classes.
            let labels = store(
                areLabelsFlat
                    ? flat.array(labelValues, labelType, perRow: labelsPerRow, axis: isSoft || bool() ? 1 : nil, isFortranOrder: false)
                    : rows.array(
                        labelValues, labelType, perRow: labelsPerRow, axis: isSoft || bool() ? classAxis : nil, isFortranOrder: bool()),
                "m.npy")
            let weights = store(
                areWeightsFlat
                    ? flat.array(rows.weights, .float64, perRow: 1, axis: nil, isFortranOrder: false)
                    : rows.array(rows.weights, .float64, perRow: 1, axis: nil, isFortranOrder: bool()), "v.npy")
            var options = EvaluationOptions(predictionPaths: [predictions], labelPaths: [labels], specification: specification)
            options.weightPaths = [weights]
            options.columns.classAxis = classAxis == axisCount && bool() ? -1 : classAxis
            options.columns.shiftsLabels = shifts
            options.perRowPath = folder["rows.npy"]
            for threads in [1, 3] {
                options.threadCount = threads
                let evaluation = try Evaluation(options)
                try evaluation.perRow?.commit()
                let outcome = Outcome(evaluation, perRow: folder.read("rows.npy"))
                #expect(outcome == expected, "\(what), flat labels \(areLabelsFlat), flat weights \(areWeightsFlat), \(threads) threads")
                #expect(evaluation.report.rows.scored == UInt64(kept.count), "\(what)")
            }
            // Shards are cut by the rows that are left.
            var shardRows = 0
            for index in 0..<3 {
                options.shard = try Shard(index: index, count: 3)
                let shard = try Evaluation(options)
                shard.perRow?.discard()
                shardRows += Int(shard.report.rows.scored)
            }
            #expect(shardRows == kept.count, "\(what)")
        }
    }

    /// The classes are the last axis unless it is said otherwise.
    @Test func theLastAxisHoldsTheClasses() throws {
        let folder = TemporaryFolder()
        var random = SplitMix64(seed: 72)
        let rows = Rows(&random, shape: [4, 3], classCount: 5)
        let matrix = try evaluate(
            [folder.write(NPY.file(.float32, shape: [12, 5], values: rows.logits), "p.npy")],
            [folder.write(NPY.file(.int64, shape: [12], values: rows.labels), "l.npy")])
        let axes = try evaluate(
            [folder.write(NPY.file(.float32, shape: [4, 3, 5], values: rows.logits), "p.npy")],
            [folder.write(NPY.file(.int64, shape: [4, 3], values: rows.labels), "l.npy")])
        #expect(Outcome(axes) == Outcome(matrix))
        // Several files, whose labels are one, flat or not.
        let two = [0, 1].map { half in
            folder.write(NPY.file(.float32, shape: [2, 3, 5], values: Array(rows.logits[half * 30..<half * 30 + 30])), "\(half).npy")
        }
        for shape in [[4, 3], [12], [12, 1]] {
            let labels = folder.write(NPY.file(.int64, shape: shape, values: rows.labels), "l.npy")
            #expect(Outcome(try evaluate(two, [labels])) == Outcome(matrix), "\(shape)")
        }
        // Masks of one channel, element by element.
        let binary = LossSpecification(task: .binary, input: .logits)
        let bits = rows.labels.map { min($0, 1) }
        let flat = try evaluate(
            [folder.write(NPY.file(.float32, shape: [12], values: Array(rows.logits.prefix(12))), "p.npy")],
            [folder.write(NPY.file(.int64, shape: [12], values: bits), "l.npy")], binary)
        for (shape, labels) in [([2, 3, 2], [2, 3, 2]), ([2, 2, 3, 1], [2, 2, 3]), ([2, 2, 3, 1], [12])] {
            let outcome = Outcome(
                try evaluate(
                    [folder.write(NPY.file(.float32, shape: shape, values: Array(rows.logits.prefix(12))), "p.npy")],
                    [folder.write(NPY.file(.int64, shape: labels, values: bits), "l.npy")], binary))
            #expect(outcome == Outcome(flat), "\(shape)")
        }
    }

    private func failure(
        _ shape: [Int], _ labels: [Int], task: LossTask = .multiclass, _ change: (inout DumpColumns) -> Void = { _ in }
    ) -> String? {
        let folder = TemporaryFolder()
        func zeros(_ type: ElementType, _ shape: [Int], _ name: String) -> String {
            folder.write(NPY.file(type, shape: shape, values: [Double](repeating: 0, count: shape.reduce(1, *))), name)
        }
        var options = EvaluationOptions(
            predictionPaths: [zeros(.float32, shape, "p.npy")], labelPaths: task.hasLabels ? [zeros(.uint8, labels, "l.npy")] : [],
            specification: LossSpecification(task: task, input: task.hasLabels ? .logits : .probabilities))
        change(&options.columns)
        do {
            _ = try Evaluation(options)
            return nil
        } catch {
            return error.text(SettingNames { setting, value in "<\(setting)\(value.map { " \($0.text)" } ?? "")>" })
        }
    }

    /// What is doubtful, or does not fit, is an error that names the remedy.
    @Test func shapesThatAreDoubtful() throws {
        // Two axes of one size could both hold the classes.
        let doubt = failure([4, 3, 3], [4, 3])
        #expect(doubt?.contains("<classAxis 1> or <classAxis 2>") == true, "\(doubt ?? "")")
        #expect(failure([4, 3, 3], [4, 3]) { $0.classAxis = 1 } == nil)
        #expect(failure([4, 3, 3], [4, 3]) { $0.classAxis = -1 } == nil)
        // PyTorch's order without saying so.
        let pytorch = failure([4, 3, 5], [4, 5])
        #expect(pytorch?.contains("<classAxis 1>") == true && pytorch?.contains("l.npy") == true, "\(pytorch ?? "")")
        // One-hot labels.
        for (predictions, labels) in [([4, 3], [4, 3]), ([2, 4, 3], [2, 4, 3])] {
            let oneHot = failure(predictions, labels)
            #expect(oneHot?.contains("<task soft>") == true && oneHot?.contains("l.npy") == true, "\(oneHot ?? "")")
        }
        let other = failure([4, 2, 3], [4, 7])
        #expect(other?.contains("(N, 2), or flat") == true, "\(other ?? "")")
        for axis in [2, -3, 7] {
            #expect(failure([4, 3], [4]) { $0.classAxis = axis }?.contains("has no axis \(axis)") == true)
        }
        #expect(failure([4, 2], [4], task: .binary) { $0.classAxis = 1 }?.contains("one value a row") == true)
        #expect(failure([4, 1, 2], [4, 2], task: .binary) { $0.classAxis = 1 } == nil)
        // Labels can be shifted along a second axis of rows alone.
        #expect(failure([4, 3], [4]) { $0.shiftsLabels = true }?.contains("no second axis") == true)
        #expect(failure([4, 2, 3], [4, 1]) { $0.shiftsLabels = true } != nil)
        #expect(failure([4, 2, 3], [7]) { $0.shiftsLabels = true } != nil)
        #expect(failure([4], [], task: .likelihood) { $0.shiftsLabels = true }?.contains("no labels to shift") == true)
        // One place has no next one, so that there are no rows.
        #expect(failure([4, 1, 3], [4, 1]) { $0.shiftsLabels = true }?.contains("no rows") == true)
    }

    @Test func textHasNoAxes() throws {
        let folder = TemporaryFolder()
        let table = folder.write(Array("p_0,p_1,label\n0.5,0.5,1\n".utf8), "t.csv")
        let labels = folder.write(Array("label\n1\n".utf8), "l.csv")
        let array = folder.write(NPY.file(.float32, shape: [1, 1, 2], values: [0, 1]), "p.npy")
        for (predictions, labelPaths, says) in [(table, [], table), (array, [labels], labels)] {
            var options = EvaluationOptions(
                predictionPaths: [predictions], labelPaths: labelPaths, specification: LossSpecification(task: .multiclass, input: .logits))
            options.columns.shiftsLabels = true
            let error = #expect(throws: EngineError.self) { try Evaluation(options) }
            #expect(error?.path == says && error?.problem.description.contains("is for arrays") == true, "\(String(describing: error))")
        }
    }

    /// What an evaluation will take, told beforehand.
    @Test(arguments: [
        ("<f4", [300, 8], 300, 8, [[300], [300, 1]]), ("<f4", [50, 6, 8], 300, 8, [[50, 6], [300]]), ("<f4", [7], 7, 1, [[7]]),
        ("<i8", [7], 7, nil, []), ("<f4", [50, 8, 8], nil, nil, []),
    ] as [(String, [Int], Int?, Int?, [[Int]])])
    func inspectionSaysWhatIsTaken(descriptor: String, shape: [Int], rows: Int?, classes: Int?, labelShapes: [[Int]]) throws {
        let folder = TemporaryFolder()
        let byteCount = shape.reduce(1, *) * (descriptor.hasSuffix("8") ? 8 : 4)
        let path = folder.write(
            NPY.header(descriptor, shape: shape, isFortranOrder: true) + [UInt8](repeating: 0, count: byteCount), "a.npy")
        let inspection = try Inspection(path: path)
        #expect(inspection.isFortranOrder == (shape.count > 1))
        #expect(inspection.reading?.rows == rows && inspection.reading?.classes == classes)
        #expect(inspection.reading?.labelShapes == labelShapes)
        if shape.count > 2 { #expect(inspection.reading?.text.description.contains("DumpColumns.classAxis = 1") == true) }
    }
}
