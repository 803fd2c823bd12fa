internal import Messages

/// Columns whose names begin alike and mean predictions, one a class: `p_0`, `p_1`, `p_2`, or `prob_cat`, `prob_dog`.
struct PredictionRun {
    /// The indices of the columns in the order of the classes: by their numbers, or as they stand.
    let places: [Int]
    /// True if the names leave no doubt that these columns are the classes, and all of them.
    let isCertain: Bool
    private let words: [String]

    /// Finds all runs among `names`, in the order of their first columns. O(n log n).
    ///
    /// - Parameter isCandidate: returns true for the index of a column that holds numbers and has no other role.
    static func all(in names: [String], isCandidate: (Int) -> Bool) -> [PredictionRun] {
        var members: [Name: [(place: Int, name: ColumnName)]] = [:]
        var prefixes: [Name] = []
        var wholes: [(place: Int, name: ColumnName)] = []
        for place in names.indices {
            guard let name = ColumnName(names[place]), isCandidate(place) else { continue }
            if name.rest.isEmpty {
                wholes.append((place, name))
            } else {
                let prefix = Name(String(name.prefix))
                if members[prefix] == nil { prefixes.append(prefix) }
                members[prefix, default: []].append((place, name))
            }
        }
        // `p_class` may be a class beside `p_0` and `p_1`, and `p_cat` beside `p_class_0` and `p_class_1`. Such a run is in doubt.
        for whole in wholes {
            guard let shorter = whole.name.shorterPrefixes.last.map({ Name(String($0)) }), members[shorter] != nil else { continue }
            members[shorter]?.append(whole)
        }
        for prefix in prefixes {
            guard let run = members[prefix], run.count > 1 else { continue }
            for shorter in run[0].name.shorterPrefixes.map({ Name(String($0)) }) {
                if let only = members[shorter], only.count == 1, !only[0].name.isFigure { members[prefix]?.append(only[0]) }
            }
        }
        return prefixes.compactMap { prefix in members[prefix].flatMap { PredictionRun($0, names) } }
    }

    /// Makes a run; nil for a single column, and for words that mean predictions only if the classes are numbered.
    private init?(_ members: [(place: Int, name: ColumnName)], _ names: [String]) {
        guard members.count > 1 else { return nil }
        words = members[0].name.words
        var numbers: [Name: [(number: Int, place: Int)]] = [:]
        for member in members {
            let name = names[member.place]
            let digits = name.utf8.reversed().prefix { (0x30...0x39).contains($0) }.count
            guard digits > 0, let number = Int(name.suffix(digits)) else { continue }
            numbers[Name(String(name.dropLast(digits))), default: []].append((number, member.place))
        }
        if let only = numbers.first, numbers.count == 1, only.value.count == members.count {
            // Leading zeros are written if all numbers have the same number of digits. Then the order of the texts is the order of the
            // numbers.
            let sorted = only.value.sorted { ($0.number, $0.place) < ($1.number, $1.place) }
            places = sorted.map(\.place)
            isCertain = sorted[0].number <= 1 && sorted.enumerated().allSatisfy { $1.number == sorted[0].number + $0 }
            return
        }
        // A number by itself is no class name beside names. A number at the end of a name is a part of the name.
        let hasBareNumbers = numbers.contains { stem, run in
            run.count > 1 && (stem.text.isSameName(as: members[0].name.prefix) || stem.text.last.map { !$0.isLetter } != false)
        }
        guard members[0].name.isSure || hasBareNumbers else { return nil }
        places = members.map(\.place).sorted()
        // The keys of an object have no order that could be the order of the classes.
        // `p_true` is a figure, and a class beside `p_false`.
        let areTruthValues = Set(members.map { $0.name.rest.lowercased() }) == ["true", "false"]
        isCertain =
            members[0].name.isSure && !members[0].name.isInside && !hasBareNumbers
            && !members.contains {
                $0.name.rest.isEmpty || ($0.name.isFigure && !areTruthValues) || !$0.name.prefix.isSameName(as: members[0].name.prefix)
            }
    }

    /// Returns true if the names say that the values have this meaning.
    func says(_ values: PredictionRequest.Values) -> Bool {
        switch values {
        case .logits: words.contains { $0 == "logit" || $0 == "logits" }
        case .logProbabilities: isOfLogarithms
        case .probabilities: !isOfLogarithms && words.contains { $0 == "p" || $0 == "softmax" || $0.hasPrefix("prob") }
        }
    }

    private var isOfLogarithms: Bool {
        words.contains { $0.hasPrefix("logprob") } || (words.contains("log") && words.contains { $0.hasPrefix("prob") || $0 == "p" })
    }
}
