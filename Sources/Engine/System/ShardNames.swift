internal import Messages
internal import Outputs

/// The names of files whose rows follow one another, and what their numbers say of their order.
///
/// Labels are paired with predictions by their place, so files in another order than was meant give a wrong figure that looks as good as
/// any. Names are no proof, so nothing is refused here: these are warnings.
enum ShardNames {
    /// Finds what is doubtful about the files of a dump, in sentences.
    ///
    /// - Parameters:
    ///   - predictions: the paths of the predictions, in the order in which they are read.
    ///   - companions: the paths of labels and of weights, each with its word; empty where they lie beside the predictions.
    static func warnings(predictions: [String], companions: [(word: String, paths: [String])]) -> [Message] {
        var warnings: [Message] = []
        for (word, paths) in [("predictions", predictions)] + companions {
            if let (first, second) = twice(paths) {
                let other = first.isSameName(as: second) ? first : "\(first) and \(second)"
                warnings.append(
                    Message(code: .repeatedFiles, "\(other): the same file is named twice as \(word), and its rows count twice"))
            }
        }
        var isOrderTold = false
        for (word, paths) in companions where !paths.isEmpty {
            if paths.count == predictions.count {
                if let place = firstWithOtherNumbers(predictions, paths) {
                    warnings.append(
                        Message(
                            code: .unlikeNumbers,
                            """
                            \(predictions[place]) is paired with \(paths[place]), whose name has another number: files are paired in the \
                            order in which they are named
                            """))
                }
                continue
            }
            // Files of the one kind lie across those of the other, so that the order of both decides which rows are paired.
            if !isOrderTold, let (first, second) = outOfOrder(predictions) {
                isOrderTold = true
                warnings.append(
                    Message(
                        code: .filesOutOfOrder,
                        """
                        \(first) is read before \(second), so their numbers are out of order: the \(word) in \(paths[0]) must be in the same \
                        order; a quoted pattern is taken in the order of numbers
                        """))
            }
            if let (first, second) = outOfOrder(paths) {
                warnings.append(
                    Message(
                        code: .filesOutOfOrder,
                        "\(first) is read before \(second), so their numbers are out of order: the predictions must be in the same order"))
            }
        }
        return warnings
    }

    /// Finds the first two neighbours that have the same name but for their numbers, which are out of order.
    static func outOfOrder(_ paths: [String]) -> (String, String)? {
        for (first, second) in zip(paths, paths.dropFirst())
        where NaturalOrder.precedes(second, first) && areAlike(first, second) {
            return (first, second)
        }
        return nil
    }

    /// True if two names are the same but for their numbers.
    static func areAlike(_ first: String, _ second: String) -> Bool { withoutNumbers(first) == withoutNumbers(second) }

    /// Finds the first two paths that lead to one file.
    private static func twice(_ paths: [String]) -> (String, String)? {
        guard paths.count > 1 else { return nil }
        var names: Set<Name> = []
        var files: [FileIdentity: String] = [:]
        for path in paths where path != "-" {
            if !names.insert(Name(path)).inserted { return (path, path) }
            guard let identity = FileIdentity(path: path) else { continue }
            if let other = files.updateValue(path, forKey: identity) { return (other, path) }
        }
        return nil
    }

    /// Finds the first pair of files whose names have different numbers.
    ///
    /// Of several pairs the numbers count that are not the same in all files of one kind, from the name's end on: the version of a model is
    /// no number of a shard. Of one pair they count if each name ends in its only number, after a separator: `p_3` and `y_4`.
    static func firstWithOtherNumbers(_ left: [String], _ right: [String]) -> Int? {
        let (left, right) = (left.map(stem), right.map(stem))
        if left.count == 1 {
            guard let a = loneLastNumber(left[0]), let b = loneLastNumber(right[0]) else { return nil }
            return a == b ? nil : 0
        }
        let (a, b) = (left.map(numbers), right.map(numbers))
        guard let placeCount = (a + b).map(\.count).min() else { return nil }
        for pair in a.indices {
            for place in 0..<placeCount {
                func number(_ numbers: [[UInt8]]) -> [UInt8] { numbers[numbers.count - 1 - place] }
                let varies = Set(a.map(number)).count > 1 || Set(b.map(number)).count > 1
                if varies, number(a[pair]) != number(b[pair]) { return pair }
            }
        }
        return nil
    }

    /// Endings of names that say how a file is stored, some of which have digits.
    private static let endings: Set<String> = [
        "npy", "npz", "zst", "gz", "bz2", "xz", "zip", "csv", "tsv", "txt", "json", "jsonl", "ndjson", "safetensors", "pt", "pth", "pkl",
        "h5", "hdf5", "parquet", "arrow", "feather", "orc",
    ]

    /// Returns a file's name without its folder and without endings that say how it is stored.
    private static func stem(_ path: String) -> String {
        var parts = (path.split(separator: "/").last ?? "").split(separator: ".", omittingEmptySubsequences: false)
        while parts.count > 1, let last = parts.last, endings.contains(last.lowercased()) { parts.removeLast() }
        return parts.joined(separator: ".")
    }

    /// Lists the numbers in a name, without leading zeros.
    private static func numbers(_ name: String) -> [[UInt8]] {
        let bytes = Array(name.utf8)
        var numbers: [[UInt8]] = []
        var index = 0
        while index < bytes.count {
            if NaturalOrder.isDigit(bytes[index]) { numbers.append(Array(NaturalOrder.number(bytes, &index))) } else { index += 1 }
        }
        return numbers
    }

    private static func loneLastNumber(_ name: String) -> [UInt8]? {
        let digits = name.utf8.reversed().prefix { NaturalOrder.isDigit($0) }.count
        let numbers = numbers(name)
        guard numbers.count == 1, digits > 0, let before = name.utf8.dropLast(digits).last, "_-.".utf8.contains(before) else { return nil }
        return numbers[0]
    }

    private static func withoutNumbers(_ name: String) -> [UInt8] {
        let bytes = Array(name.utf8)
        var rest: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if NaturalOrder.isDigit(bytes[index]) {
                _ = NaturalOrder.number(bytes, &index)
                rest.append(0)
            } else {
                rest.append(bytes[index])
                index += 1
            }
        }
        return rest
    }
}
