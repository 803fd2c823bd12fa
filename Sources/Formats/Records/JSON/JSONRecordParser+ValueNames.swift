internal import JSONReading
internal import Messages

/// Records that name their values: `scores.*.label` beside `scores.*.score`.
extension JSONRecordParser {
    /// Returns the problem of a record whose values cannot each be given a class by name; nil if they can.
    ///
    /// Linear in the values. Nothing is allocated for a record without a problem.
    func namedValuesProblem(_ slot: Int, _ names: [String], _ rowIndex: Int) -> RecordProblem? {
        func problem(_ message: String, _ remedy: Message? = nil) -> RecordProblem {
            RecordProblem(rowIndex: rowIndex, column: self.names[slot], message: message, remedy: remedy)
        }
        let count = slots[slot].count
        guard count == slots[0].count else {
            return problem("\(count) names for \(slots[0].count) values of \(QuotedBytes.text(self.names[0].utf8))")
        }
        guard slots[slot].integer == 0 else {
            return problem(
                "\(unknownName) is no class; the classes are \(list(names))",
                "\(setting: .classNames) names all classes in their order")
        }
        seenPlaces.removeAll(keepingCapacity: true)
        seenPlaces.append(contentsOf: repeatElement(false, count: names.count))
        for index in 0..<count {
            guard let place = place(ofValue: index) else { continue }
            guard !seenPlaces[place] else { return problem("\(QuotedBytes.text(names[place].utf8)) is there twice") }
            seenPlaces[place] = true
        }
        if !isRagged || count == 0, let missing = seenPlaces.firstIndex(of: false) {
            return problem(
                "no value is named \(QuotedBytes.text(names[missing].utf8)): \(count) of \(names.count) classes are there",
                "write the values of all classes (top_k=None); \(setting: .ragged) takes absent ones as impossible")
        }
        if let label = labelIndex, seenPlaces.indices.contains(label), !seenPlaces[label] {
            return RecordProblem(
                rowIndex: rowIndex, column: self.names[labelSlot],
                message: "no value of the record is named as its label, \(QuotedBytes.text(names[label].utf8))",
                remedy: Message("\(setting: .invalidRows, .skip) leaves such records out"))
        }
        return nil
    }

    /// Returns the problem of a record whose values stand in another order of names than those of the first record, although classes are
    /// told by places; nil if they stand in the same order, or if the names are others. Linear in the values.
    func orderProblem(
        _ slot: Int, _ names: [String], _ use: RecordSelection.ValueNames.Use, _ rowIndex: Int
    ) -> RecordProblem? {
        let count = slots[slot].count
        guard count == slots[0].count, use == .samePlaces || slots[slot].integer == 0 else { return nil }
        for index in 0..<count {
            guard let place = place(ofValue: index), place != index else { continue }
            var problem = RecordProblem(
                rowIndex: rowIndex, column: self.names[slot],
                message: "\(QuotedBytes.text(names[place].utf8)) names value \(index) here, and value \(place) of the first record: values "
                    + "seem to come sorted, and were taken by their places",
                remedy: "\(setting: .predictionClasses, .text(self.names[slot])) gives each value its class by name")
            problem.endsRun = true
            return problem
        }
        return nil
    }

    private func list(_ names: [String]) -> String {
        names.prefix(8).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ") + (names.count > 8 ? ", … (\(names.count))" : "")
    }
}
