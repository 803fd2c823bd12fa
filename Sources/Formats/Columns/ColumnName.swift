internal import Messages

/// A column's name, split into the words that mean predictions and the class that they belong to.
///
/// `prob_cat` splits into `prob_` and `cat`, and `y_pred_0` into `y_pred_` and `0`. Paths of JSON split alike: `output.p_0` into
/// `output.p_` and `0`, and `probs.cat` into `probs.` and `cat`.
package struct ColumnName {
    /// The beginning that the columns of all classes share, with the separator at its end.
    let prefix: Substring
    /// The words of the prefix in lower case.
    let words: [String]
    /// The rest of the name, which names the class; empty if the prefix is the whole name.
    let rest: Substring
    /// The prefixes without their last words, if several words mean predictions: `p_` of `p_class_`.
    let shorterPrefixes: [Substring]
    /// True if the words stand before the last dot. The rest is then a key of a JSON object.
    let isInside: Bool

    /// Words that mean predictions whatever stands beside them.
    private static let sureWords: Set<String> = [
        "p", "prob", "probs", "proba", "probas", "probability", "probabilities", "logit", "logits", "logprob", "logprobs", "softmax",
    ]
    /// Words that mean predictions if the classes are numbered.
    private static let otherWords: Set<String> = [
        "pred", "preds", "prediction", "predictions", "predicted", "score", "scores", "output", "outputs", "class", "classes", "confidence",
        "conf", "hat", "yhat",
    ]
    /// Words that rule out predictions: no word after them means predictions.
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

    /// Splits a name; nil if no word in it means predictions.
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
        // `probs.cat` is a key inside an object whose name means predictions.
        guard last.startIndex > name.startIndex, !last.isEmpty else { return nil }
        let parent = Self.lastPart(of: String(name[..<name.index(before: last.startIndex)]))
        guard let parts = Self.split(parent), parts.prefixEnd == parent.endIndex else { return nil }
        prefix = name[..<last.startIndex]
        words = parts.words
        rest = last
        shorterPrefixes = []
        isInside = true
    }

    /// True if columns with this prefix are predictions even if their classes have names.
    var isSure: Bool { words.contains(where: Self.sureWords.contains) }

    /// True if the rest names a figure of the row, such as a sum or the class that was decided for.
    var isFigure: Bool { Self.figures.contains(rest.lowercased()) }

    /// Returns the name after the last dot: `logprobs` of `output.logprobs`.
    package static func lastPart(of name: String) -> Substring {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name[...] }
        return name[name.utf8.index(after: dot)...]
    }

    /// Finds a name among others: the same name, or else the only one that differs from it in case alone. O(names).
    package static func index(of name: String, ignoringCaseIn names: [String]) -> Int? {
        if let index = names.firstIndex(ofName: name) { return index }
        let lowercased = name.lowercased()
        let found = names.indices.filter { names[$0].lowercased().isSameName(as: lowercased) }
        return found.count == 1 ? found[0] : nil
    }

    /// Lists the names for a message, or the first `limit` of them. Each name is cut to a length that can be read.
    package static func list(_ names: [String], limit: Int = 24) -> String { QuotedBytes.list(names, limit: limit) }

    /// Finds the end of the first words that mean predictions, with the separators that follow them.
    private static func split(_ text: Substring) -> (prefixEnd: Substring.Index, words: [String], shorterEnds: [Substring.Index])? {
        let words = Self.words(of: text)
        guard let first = words.firstIndex(where: { sureWords.contains($0.text) || otherWords.contains($0.text) }),
            !words[..<first].contains(where: { wordsOfOthers.contains($0.text) })
        else { return nil }
        var end = first + 1
        while end < words.count, sureWords.contains(words[end].text) || otherWords.contains(words[end].text) { end += 1 }
        return (words[end - 1].end, words[..<end].map(\.text), words[first..<end - 1].map(\.end))
    }

    /// Splits a text into words in lower case, each with the index at which the next word begins. Words end at separators, at digits, and
    /// at a capital after a small letter.
    private static func words(of text: Substring) -> [(text: String, end: Substring.Index)] {
        var words: [(text: String, end: Substring.Index)] = []
        var word = ""
        var before: Kind?
        for index in text.indices {
            let character = text[index], kind = Kind(character)
            if kind.isPart, !word.isEmpty, let before {
                let isBorder = before.isNumber != kind.isNumber || (before.isLowercase && kind.isUppercase) || !before.isPart
                if isBorder {
                    words.append((word.lowercased(), index))
                    word = ""
                }
            }
            if kind.isPart { word.append(character) }
            before = kind
        }
        if !word.isEmpty { words.append((word.lowercased(), text.endIndex)) }
        return words
    }

    /// The properties of a character that tell where words end.
    private struct Kind {
        let isPart: Bool, isNumber: Bool, isLowercase: Bool, isUppercase: Bool

        init(_ character: Character) {
            // Unicode's tables take a hundred times as long.
            if let byte = character.asciiValue {
                isNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                isLowercase = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                isUppercase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                isPart = isNumber || isLowercase || isUppercase
            } else {
                (isNumber, isLowercase, isUppercase) = (character.isNumber, character.isLowercase, character.isUppercase)
                isPart = isNumber || character.isLetter
            }
        }
    }
}
