internal import JSONReading
internal import Messages

/// The problems of a record, in words.
extension JSONRecordParser {
    func defect(_ defect: JSONDefect, line: UnsafeRawBufferPointer, rowIndex: Int) -> RecordProblem {
        var remedy: Message?
        switch Int(defect.code) {
        case JSONDefectOpenBrackets, JSONDefectOpenString: remedy = "the line was cut: write the file again, or take the line out"
        case JSONDefectUTF8: remedy = "save the text in UTF-8"
        case JSONDefectTrailing: remedy = "write a record a line: jq -c ."
        default: break
        }
        return RecordProblem(rowIndex: rowIndex, column: nil, message: "the record has " + defect.description(of: line), remedy: remedy)
    }

    /// The text that a slot found, as messages quote it.
    func foundText(_ slot: Int) -> String {
        // Unsafe: the bytes lie inside the record's text, which is in memory until its row has been made.
        let found = slots[slot].found.map { UnsafeRawBufferPointer(start: $0, count: slots[slot].foundByteCount) }
        guard let found else { return QuotedBytes.text([]) }
        // A string's quotation marks would be quoted once more.
        let isText = found.first == UInt8(ascii: "\"") && found.count >= 2
        return QuotedBytes.text(isText ? found.dropFirst().dropLast() : found[...])
    }

    func fault(_ slot: JSONSlot, slot index: Int, wants: Wanted, rowIndex: Int) -> RecordProblem {
        let path = paths[index]
        let shown = foundText(index)
        let place = slot.stepCount == 0 ? "the record" : QuotedBytes.text(JSONPath.text(path.steps.prefix(Int(slot.stepCount))).utf8)
        let missing = Int(slot.stepCount) < path.steps.count ? path.steps[Int(slot.stepCount)] : nil
        let missingText = QuotedBytes.text((missing?.text ?? "").utf8)
        let wanted =
            switch wants {
            case .classIndex: "a class index" + (classNames == nil ? "" : " or a class's name")
            case .text: "a text or a number of bytes"
            case .count: "a count"
            case .number: "a number"
            }

        var remedy: Message?
        let message: String
        switch Int(slot.fault) {
        case JSONFaultNoKey: message = "\(place) has no \(missingText)"
        case JSONFaultNoElement: message = "\(place) has no element \(missing?.text ?? ""): it is too short"
        case JSONFaultDuplicateKey: message = "\(place) is there twice"
        case JSONFaultNull where missing != nil: message = "\(place) is null, and has no \(missingText)"
        case JSONFaultDeadEnd where missing == .everyElement: message = "\(place) is no array: \(shown)"
        case JSONFaultDeadEnd: message = "\(place) is no object: \(shown), and has no \(missingText)"
        case JSONFaultNull:
            message = "null, where \(wanted) is wanted"
            remedy = "\(setting: .invalidRows, .skip) leaves such records out"
        case JSONFaultLaterNull:
            message = "null, which only the first of a record's log-probabilities may be"
            remedy = "\(setting: .invalidRows, .skip) leaves such records out"
        case JSONFaultMembers:
            message = "\(place) is an object, of which * takes the only member: \(shown)"
            remedy = Message(JSONRecordPaths.keyRemedy)
        case JSONFaultKeySource: message = "the key for an element of \(place) is not in the record: \(keySources(path))"
        case JSONFaultKeyCount: message = "\(keySources(path)) has another number of elements than \(place)"
        case JSONFaultChoices:
            let one = JSONPath(steps: path.steps.prefix(Int(slot.stepCount)) + [.key("0")] + path.steps.dropFirst(Int(slot.stepCount) + 1))
            message = "\(place) has several elements, which are choices: they are not added up"
            remedy = "name one of them, such as \(QuotedBytes.text(one.text.utf8)), or all that are to be added up"
        case JSONFaultBoolean: message = "\(shown), where \(wanted) is wanted"
        case JSONFaultObject:
            message = "an object, where \(wanted) is wanted: \(shown)"
            remedy = "name what is wanted of it: \(QuotedBytes.text((path.text + ".KEY").utf8))"
        case JSONFaultArray:
            message = "an array, where \(wanted) is wanted: \(shown)"
            remedy = "an array of labels is for the tasks soft and multilabel"
        case JSONFaultText:
            if wants == .classIndex, let classNames {
                message = "\(shown) is no class; the classes are \(classNames.list)"
                remedy = classNames.remedy
            } else {
                message = "\(shown) is no number"
                if wants == .classIndex { remedy = "names of classes need to be told: \(setting: .classNames)" }
                if wants == .count { remedy = "\(setting: .textColumn) counts the bytes and words of texts" }
            }
        case JSONFaultFraction: message = "\(shown) is no whole number"
        case JSONFaultRange:
            message = wants == .text ? "\(shown) is no number of bytes" : wants == .count ? "\(shown) is no count" : "\(shown) is beyond Int64"
        case JSONFaultEscape: message = "\(shown) has an escape that is no character, such as half of a surrogate pair"
        default: message = "\(shown) is no number"
        }
        return RecordProblem(rowIndex: rowIndex, column: names[index], message: message, remedy: remedy)
    }

    /// The paths in braces, for messages.
    private func keySources(_ path: JSONPath) -> String {
        path.steps.filter(\.isGiven).map { QuotedBytes.text($0.text.utf8) }.joined(separator: ", ")
    }

    func absentLabelProblem(_ label: Int64, count: Int, rowIndex: Int) -> RecordProblem {
        RecordProblem(
            rowIndex: rowIndex, column: names[labelSlot],
            message: "the label \(label) is none of the record's \(count) predictions, 0..<\(count)",
            remedy: Message("\(setting: .invalidRows, .skip) leaves such records out"))
    }

    func countProblem(_ count: Int, slot: Int, wanted: Int?, rowIndex: Int) -> RecordProblem {
        var remedy: Message?
        if wanted == 1, count > 1, paths[slot].steps == [.everyElement], !isOfPredictions(slot) {
            remedy = "write one a line: jq -c '.[]' FILE"
        } else if wanted == 1, count > 1 {
            let text: Message = "name one of them, such as \(QuotedBytes.text((paths[slot].text + ".0").utf8))"
            // The whole may be one document, whose records lie within.
            let envelope = paths[slot].steps.prefix { $0 != .everyElement }
            let records = Setting.Value.text(QuotedBytes.name(JSONPath.text(envelope)))
            let isInside = envelope.count < paths[slot].steps.count && !envelope.isEmpty
            remedy =
                isInside
                ? text + "; if each element is a record, \(setting: .recordPath, records) reads them" : text
        } else if count > 0, isOfPredictions(slot), !isRagged {
            remedy = "if records have choices of their own, not all as many, \(setting: .ragged) takes absent ones as impossible"
        }
        return RecordProblem(
            rowIndex: rowIndex, column: names[slot],
            message: count == 0
                ? "no number" : "\(count) numbers, where \(wanted ?? 1) \(wanted == 1 ? "is" : "are") wanted",
            remedy: remedy)
    }
}
