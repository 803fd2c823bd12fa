/// A column's name taken apart into what says that it holds predictions, and what says of which class.
///
/// `prob_cat` is `prob_` and `cat`; `y_pred_0` is `y_pred_` and `0`; of JSON, `output.p_0` is `output.p_` and `0`, and `probs.cat` is
/// `probs.` and `cat`.
struct ColumnName {
    /// What the columns of all classes begin with, up to a separator.
    let prefix: Substring
    /// The words of the prefix in lower case.
    let words: [String]
    /// What is left of the name: the class; empty where the words of predictions are the whole name.
    let rest: Substring
    /// The prefixes that are left without the last words, where several mean predictions: `p_` of `p_class_`.
    let shorterPrefixes: [Substring]
    /// Whether the words stand before the last dot: of JSON, the rest is a key of an object.
    let isInside: Bool

    /// Words that mean predictions whatever stands beside them.
    private static let sureWords: Set<String> = [
        "p", "prob", "probs", "proba", "probas", "probability", "probabilities", "logit", "logits", "logprob", "logprobs", "softmax",
    ]
    /// Words that mean predictions where the classes are numbered.
    private static let otherWords: Set<String> = [
        "pred", "preds", "prediction", "predictions", "predicted", "score", "scores", "output", "outputs", "class", "classes", "confidence",
        "conf", "hat", "yhat",
    ]
    /// Words before which nothing means predictions.
    private static let wordsOfOthers: Set<String> = [
        "true", "label", "labels", "target", "targets", "gold", "truth", "actual", "feature", "features", "x",
    ]
    /// Rests that name a figure of the row, not a class.
    private static let figures: Set<String> = [
        "sum", "total", "max", "min", "mean", "avg", "average", "std", "var", "median", "entropy", "margin", "argmax", "top", "top1",
        "rank", "value", "values", "stat", "threshold", "error", "loss", "time", "ms", "seconds", "date", "count", "length", "len", "id",
        "idx", "index", "class", "label", "pred", "prediction", "true", "target", "correct", "conf", "confidence", "weight", "version",
        "name",
    ]

    /// nil where no word means predictions.
    init?(_ name: String) {
        let last = Self.lastPart(of: name)
        if let parts = Self.split(last) {
            prefix = name[..<parts.prefixEnd]
            words = parts.words
            rest = name[parts.prefixEnd...]
            shorterPrefixes = parts.shorterEnds.map { name[..<$0] }
            isInside = false
            return
        }
        // `probs.cat`: what lies inside of something that means predictions as a whole.
        guard last.startIndex > name.startIndex, !last.isEmpty else { return nil }
        let parent = Self.lastPart(of: String(name[..<name.index(before: last.startIndex)]))
        guard let parts = Self.split(parent), parts.prefixEnd == parent.endIndex else { return nil }
        prefix = name[..<last.startIndex]
        words = parts.words
        rest = last
        shorterPrefixes = []
        isInside = true
    }

    /// Whether columns of this prefix are predictions also where their classes have names.
    var isSure: Bool { words.contains(where: Self.sureWords.contains) }

    /// Whether the rest is a figure of the row, such as a sum or the class that was decided for.
    var isFigure: Bool { Self.figures.contains(rest.lowercased()) }

    /// `output.logprobs` is known by `logprobs`.
    static func lastPart(of name: String) -> Substring {
        name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
    }

    /// The names, or the first of many, each cut to a length that can be read.
    static func list(_ names: [String], limit: Int = 24) -> String {
        func shown(_ name: String) -> String {
            var text = String.UnicodeScalarView()
            for scalar in name.unicodeScalars.prefix(48) {
                text.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
            }
            return String(text) + (name.unicodeScalars.count > 48 ? "…" : "")
        }
        let list = names.prefix(limit).map(shown).joined(separator: ", ")
        return names.isEmpty ? "none" : list + (names.count > limit ? " and \(names.count - limit) more" : "")
    }

    /// Where the first words that mean predictions end, with the separators that follow them.
    private static func split(_ text: Substring) -> (prefixEnd: Substring.Index, words: [String], shorterEnds: [Substring.Index])? {
        let words = Self.words(of: text)
        guard let first = words.firstIndex(where: { sureWords.contains($0.text) || otherWords.contains($0.text) }),
            !words[..<first].contains(where: { wordsOfOthers.contains($0.text) })
        else { return nil }
        var end = first + 1
        while end < words.count, sureWords.contains(words[end].text) || otherWords.contains(words[end].text) { end += 1 }
        return (words[end - 1].end, words[..<end].map(\.text), words[first..<end - 1].map(\.end))
    }

    /// The words of a text in lower case, each with the place where the next one begins: words end at separators, at digits, and where a
    /// capital follows a small letter.
    private static func words(of text: Substring) -> [(text: String, end: Substring.Index)] {
        var words: [(text: String, end: Substring.Index)] = []
        var word = ""
        var before: Character?
        for index in text.indices {
            let character = text[index]
            let isPart = character.isLetter || character.isNumber
            if isPart, !word.isEmpty, let before {
                let isBorder =
                    before.isNumber != character.isNumber || (before.isLowercase && character.isUppercase)
                    || !(before.isLetter || before.isNumber)
                if isBorder {
                    words.append((word.lowercased(), index))
                    word = ""
                }
            }
            if isPart { word.append(character) }
            before = character
        }
        if !word.isEmpty { words.append((word.lowercased(), text.endIndex)) }
        return words
    }
}
