internal import JSONReading
internal import Messages

/// A parser for JSON records: lines, or the elements of an array. It reads a record by the layout of the record before it if both are
/// written alike, and otherwise by simdjson. Numbers are correctly rounded, and nothing is allocated for a record.
///
/// Selected values are read and checked. Of the rest of a record, it checks that the bytes are UTF-8, that strings and brackets end, and
/// that nothing follows the record's end. No key of a selected path may occur twice in one object.
final class JSONRecordParser: RecordParser {
    /// The ends of records in the text.
    enum Framing {
        /// Each line is a record.
        case lines
        /// Each element of an array is a record. The text begins after the array's opening bracket. `depth` is the number of arrays and
        /// objects around the array, which end after it.
        case elements(depth: Int)
    }

    private let framing: Framing
    private let selection: RecordSelection
    /// The path of each slot: predictions, labels, weight, counts, identifiers, names of the values.
    let paths: [JSONPath]
    let names: [String]
    private let predictions: Range<Int>
    private let labels: Range<Int>
    private let weight: Int?
    private let byteCount: Int?
    private let wordCount: Int?
    private let tokenCount: Int?
    private let identifiers: Range<Int>
    private let valueNames: (slot: Int, names: [String], use: RecordSelection.ValueNames.Use)?
    let classNames: ClassNames?
    /// The number of values in a row. The first good record says it if the selection does not.
    private var valuesPerRow: Int?
    private var labelsPerRow: Int?

    private let reader: OpaquePointer
    /// The indices of the paths to keys that the reader has.
    private var keyPathIndices: [Name: Int] = [:]
    let slots: UnsafeMutablePointer<JSONSlot>
    /// The classes that values of a record were named for so far.
    var seenPlaces: [Bool] = []
    /// The first name of the last record's values that is no class, as messages quote it.
    private(set) var unknownName = ""
    /// True if the last record was JSON, so that its slots are its own, whatever faults they have.
    private var isLastRecordRead = false
    /// A copy of the text's last record with zeros after it, since the bytes after the text are unknown.
    private var lastLine: [UInt8] = []

    /// The numbers of a path that there is room for at first, and of all paths together if they are many: each of many mostly leads to one.
    private static let firstCapacity = 64
    private static let firstCapacityOfAll = 1 << 16

    init(_ selection: RecordSelection, _ framing: Framing, path: (RecordPath) throws(FormatError) -> JSONPath) throws(FormatError) {
        self.framing = framing
        self.selection = selection
        var wanted = selection.predictions
        predictions = 0..<wanted.count
        var names: ClassNames?
        switch selection.labels {
        case .none: break
        case .classIndex(let path, let classNames):
            wanted.append(path)
            names = classNames.map { ClassNames($0, ignoredLabel: selection.ignoredLabel, hasNoOrder: selection.labelsAreNames) }
        case .numbers(let paths): wanted += paths
        }
        classNames = names
        labels = predictions.upperBound..<wanted.count
        if let path = selection.weight { wanted.append(path) }
        weight = selection.weight == nil ? nil : wanted.count - 1
        func slot(of path: RecordPath?) -> Int? {
            guard let path else { return nil }
            wanted.append(path)
            return wanted.count - 1
        }
        byteCount = slot(of: selection.counts.bytes ?? selection.byteCount)
        // A text is two slots: its bytes and its words.
        wordCount = slot(of: selection.counts.words ?? selection.byteCount)
        tokenCount = slot(of: selection.counts.tokens)
        identifiers = wanted.count..<wanted.count + selection.identifiers.count
        wanted += selection.identifiers
        valueNames = selection.valueNames.map { [slot = wanted.count] in (slot, $0.names, $0.use) }
        if let valueNames = selection.valueNames { wanted.append(valueNames.path) }
        var paths: [JSONPath] = []
        for place in wanted { paths.append(try path(place)) }
        self.paths = paths
        self.names = wanted.map(\.name)
        // Each of several paths leads to one number.
        let classCount = selection.valueNames.flatMap { $0.use == .classes ? $0.names.count : nil }
        valuesPerRow =
            classCount
            ?? (selection.sumsValues ? 1 : predictions.count == 1 ? selection.valuesPerRow : predictions.count)
        switch selection.labels {
        case .numbers(let paths): labelsPerRow = paths.count == 1 ? selection.labelsPerRow : paths.count
        default: labelsPerRow = 0
        }

        reader = jsonRecordReaderMake()
        slots = .allocate(capacity: max(1, wanted.count))
        slots.initialize(repeating: JSONSlot(), count: max(1, wanted.count))
        for slot in paths.indices { add(slot) }
    }

    deinit {
        for slot in paths.indices { slots[slot].numbers?.deallocate() }
        slots.deallocate()
        jsonRecordReaderFree(reader)
    }

    private func add(_ slot: Int) {
        var wants = JSONWantsNumbers
        if case .classIndex = selection.labels, labels.contains(slot) { wants = JSONWantsClass }
        if slot == byteCount { wants = selection.counts.bytes == nil ? JSONWantsByteCount : JSONWantsCount }
        if slot == wordCount { wants = selection.counts.words == nil ? JSONWantsWordCount : JSONWantsCount }
        if slot == tokenCount { wants = JSONWantsCount }
        if identifiers.contains(slot) { wants = JSONWantsIdentifier }
        if slot == valueNames?.slot { wants = JSONWantsPlaces }
        withSteps(paths[slot]) { steps, count in
            jsonRecordReaderAddPath(
                reader, steps, count, Int32(wants), labels.contains(slot), selection.sumsValues && predictions.contains(slot))
        }
        func addName(_ name: [UInt8], _ classIndex: Int64, labelsAreNames: Bool) {
            name.withUnsafeBytes { bytes in
                // Unsafe: an empty name has no address, and is given that of no bytes.
                let base = bytes.baseAddress ?? UnsafeRawPointer(slots)
                jsonRecordReaderAddName(reader, base.assumingMemoryBound(to: CChar.self), bytes.count, classIndex, labelsAreNames)
            }
        }
        if wants == JSONWantsClass {
            for (name, classIndex) in classNames?.meanings ?? [] {
                addName(name, classIndex, labelsAreNames: classNames?.excludesIndices == true)
            }
        }
        if wants == JSONWantsPlaces {
            for (place, name) in (valueNames?.names ?? []).enumerated() { addName(Array(name.utf8), Int64(place), labelsAreNames: false) }
        }
        if wants == JSONWantsNumbers || wants == JSONWantsPlaces {
            reserve(slot, capacity: max(2, min(Self.firstCapacity, Self.firstCapacityOfAll / paths.count)))
        }
    }

    /// Calls `body` with a path's steps in C's form, after the paths that lead to its keys have been added.
    private func withSteps(_ path: JSONPath, _ body: (UnsafePointer<JSONPathStep>, Int) -> Void) {
        let keyPaths = path.steps.map { step -> Int in
            guard case .keyAt(let text) = step, let inner = JSONPath(text) else { return -1 }
            if let known = keyPathIndices[Name(text)] { return known }
            var index = -1
            withSteps(inner) { index = jsonRecordReaderAddKeyPath(reader, $0, $1) }
            keyPathIndices[Name(text)] = index
            return index
        }
        // Keys one after another; the reader copies them.
        let keys = path.steps.map { step -> [UInt8] in if case .key(let key) = step { Array(key.utf8) } else { [] } }
        keys.flatMap { $0 }.withUnsafeBytes { bytes in
            var byteOffset = 0
            let steps = path.steps.enumerated().map { index, step in
                defer { byteOffset += keys[index].count }
                // Unsafe: the offset lies within the keys. A step without a key is given the address of no bytes.
                let key = (bytes.baseAddress ?? UnsafeRawPointer(slots)).advanced(by: byteOffset).assumingMemoryBound(to: CChar.self)
                return JSONPathStep(
                    key: key, keyByteCount: keys[index].count, elementIndex: step.elementIndex ?? -1, isEveryElement: step == .everyElement,
                    keyPath: keyPaths[index])
            }
            // Without a step an array would have no address; `JSONPath` has one at least.
            steps.withUnsafeBufferPointer { steps in
                if let base = steps.baseAddress { body(base, steps.count) }
            }
        }
    }

    private func reserve(_ slot: Int, capacity: Int) {
        slots[slot].numbers?.deallocate()
        slots[slot].numbers = .allocate(capacity: capacity)
        slots[slot].capacity = capacity
    }

    func measure(_ text: UnsafeRawBufferPointer, isEnd: Bool, assumesNoLineFeedsInRecords: Bool) -> RecordExtent {
        if case .elements(let depth) = framing { return JSONElements.measure(text, isEnd: isEnd, depth: depth) }
        var extent = RecordExtent()
        for line in TextLines(text) where line.endsWithLineFeed || isEnd {
            extent.lineCount += 1
            extent.byteCount = line.byteOffset + line.bytes.count + (line.endsWithLineFeed ? 1 : 0)
            if !line.isBlank { extent.rowCount += 1 }
        }
        return extent
    }

    func parse(_ text: UnsafeRawBufferPointer, into rows: RecordRows) {
        var output = Output(taking: rows)
        defer { output.give(back: rows, valuesPerRow: valuesPerRow ?? 0, labelsPerRow: labelsPerRow ?? 0) }
        // Lines of a piece of text are far fewer than 2^32; should they not be, their numbers begin again.
        switch framing {
        case .lines:
            var lineNumber: UInt32 = 0
            for line in TextLines(text) {
                defer { lineNumber &+= 1 }
                if line.isBlank { continue }
                add(Record(bytes: line.bytes, isDelimited: line.endsWithLineFeed), lineNumber, &output)
            }
        case .elements:
            for element in JSONElements(text) {
                add(Record(bytes: element.bytes, isDelimited: element.isDelimited), UInt32(truncatingIfNeeded: element.line), &output)
            }
        }
    }

    /// The text of a record.
    private struct Record {
        let bytes: UnsafeRawBufferPointer
        /// True if a byte follows that belongs to no value, and then the readable bytes that simdjson wants.
        let isDelimited: Bool
    }

    @inline(__always)
    private func add(_ record: Record, _ lineNumber: UInt32, _ output: inout Output) {
        output.lines.append(lineNumber)
        if let problem = read(record, &output) {
            output.problems.append(problem)
            fill(&output)
        }
    }

    /// Reads one record and appends its row. Returns the problem of a record from which nothing was appended.
    @inline(__always)
    private func read(_ record: Record, _ output: inout Output) -> RecordProblem? {
        while true {
            if let problem = readSlots(record, rowIndex: output.lines.count - 1) { return problem }
            // A record had more numbers than there is room for. It happens until the widest record has been seen.
            var hasRoom = true
            for slot in paths.indices where slots[slot].count > slots[slot].capacity && isListed(slot) {
                reserve(slot, capacity: max(slots[slot].count, 2 * slots[slot].capacity))
                hasRoom = false
            }
            if hasRoom { break }
        }
        return check(output.lines.count - 1, &output)
    }

    /// Returns true if all numbers of the slot are needed. For other slots their count suffices, to say that it is wrong.
    private func isListed(_ slot: Int) -> Bool {
        if slot == valueNames?.slot { return true }
        if predictions.contains(slot) {
            guard let valuesPerRow, !selection.sumsValues else { return true }
            return selection.absentValue == nil ? slots[slot].count == valuesPerRow : slots[slot].count <= valuesPerRow
        }
        if labels.contains(slot), case .numbers = selection.labels { return labelsPerRow == nil || slots[slot].count == labelsPerRow }
        return false
    }

    private func readSlots(_ record: Record, rowIndex: Int) -> RecordProblem? {
        var hasFaults = false
        let code: Int32
        let byteCount = record.bytes.count
        if record.isDelimited, let base = record.bytes.baseAddress {
            // Unsafe: the caller has readable bytes after the text, as many as simdjson reads.
            code = jsonRecordReaderRead(reader, base.assumingMemoryBound(to: CChar.self), byteCount, slots, &hasFaults)
            noteUnknownName()
        } else {
            lastLine.removeAll(keepingCapacity: true)
            lastLine.append(contentsOf: record.bytes)
            lastLine.append(contentsOf: repeatElement(0, count: JSONPaddingByteCount))
            return lastLine.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return nil }
                let code = jsonRecordReaderRead(reader, base.assumingMemoryBound(to: CChar.self), byteCount, slots, &hasFaults)
                // The slots point into the copy.
                noteUnknownName()
                isLastRecordRead = code == JSONDefectNone
                if code == JSONDefectNone && !hasFaults { return nil }
                return problem(code, line: record.bytes, rowIndex: rowIndex)
            }
        }
        isLastRecordRead = code == JSONDefectNone
        if code == JSONDefectNone && !hasFaults { return nil }
        return problem(code, line: record.bytes, rowIndex: rowIndex)
    }

    private func noteUnknownName() {
        guard let valueNames, valueNames.use == .classes, slots[valueNames.slot].integer > 0 else { return }
        unknownName = foundText(valueNames.slot)
    }

    private func problem(_ code: Int32, line: UnsafeRawBufferPointer, rowIndex: Int) -> RecordProblem? {
        if code != JSONDefectNone {
            return self.defect(JSONDefect(code: code, byteOffset: jsonRecordReaderDefectOffset(reader)), line: line, rowIndex: rowIndex)
        }
        for slot in paths.indices where slots[slot].fault != JSONFaultNone {
            // Names that are only compared need not be there.
            if let valueNames, slot == valueNames.slot, valueNames.use != .classes { continue }
            if isOptional(slot), slots[slot].count == 0, [JSONFaultNoKey, JSONFaultNull].contains(Int(slots[slot].fault)) {
                (slots[slot].integer, slots[slot].count) = (0, 1)
                continue
            }
            return fault(slots[slot], slot: slot, wants: wants(slot), rowIndex: rowIndex)
        }
        return nil
    }

    /// True for a slot whose value a record may lack.
    private func isOptional(_ slot: Int) -> Bool { identifiers.suffix(selection.optionalIdentifierCount).contains(slot) }

    /// The index of the class that a value's name means; nil if it means none.
    func place(ofValue index: Int) -> Int? {
        guard let valueNames, let number = slots[valueNames.slot].numbers?[index], number >= 0 else { return nil }
        return Int(number)
    }

    /// The class index that is the record's label; nil if it has none, or is no index.
    var labelIndex: Int? {
        guard case .classIndex = selection.labels else { return nil }
        return Int(exactly: slots[labels.lowerBound].integer)
    }

    /// The slot of the first label.
    var labelSlot: Int { labels.lowerBound }
    /// True if records may lack predictions.
    var isRagged: Bool { selection.absentValue != nil }

    func isOfPredictions(_ slot: Int) -> Bool { predictions.contains(slot) }

    /// The kinds of value that a path leads to, for messages.
    enum Wanted {
        case number, classIndex, text, count
    }

    private func wants(_ slot: Int) -> Wanted {
        if case .classIndex = selection.labels, labels.contains(slot) { return .classIndex }
        switch slot {
        case byteCount where selection.counts.bytes == nil, wordCount where selection.counts.words == nil: return .text
        case byteCount, wordCount, tokenCount: return .count
        default: return .number
        }
    }

    /// Appends the row of a record whose slots hold the wanted kinds of value, if their numbers are right.
    private func check(_ rowIndex: Int, _ output: inout Output) -> RecordProblem? {
        // Check everything first.
        var tokens = TokenSum()
        if selection.sumsValues {
            for slot in predictions {
                for number in UnsafeBufferPointer(start: slots[slot].numbers, count: slots[slot].count) { tokens.add(number) }
            }
            if let problem = tokens.problem(selection.addends) {
                return RecordProblem(
                    rowIndex: rowIndex, column: names.count == 1 ? names[0] : nil, message: problem.message, remedy: problem.remedy)
            }
        } else if let valueNames, valueNames.use == .classes {
            if let problem = namedValuesProblem(valueNames.slot, valueNames.names, rowIndex) { return problem }
        } else if predictions.count == 1 {
            let count = slots[0].count
            if let valueNames, let problem = orderProblem(valueNames.slot, valueNames.names, valueNames.use, rowIndex) { return problem }
            if selection.absentValue == nil || count == 0 || count > valuesPerRow ?? .max {
                if let problem = countProblem(0, wanted: valuesPerRow, rowIndex) { return problem }
            } else if case .classIndex = selection.labels, slots[labels.lowerBound].integer >= count {
                return absentLabelProblem(slots[labels.lowerBound].integer, count: count, rowIndex: rowIndex)
            }
        } else {
            for slot in predictions where slots[slot].count != 1 { return countProblem(slot, wanted: 1, rowIndex) }
        }
        switch selection.labels {
        case .none: break
        case .classIndex:
            if slots[labels.lowerBound].count != 1 { return countProblem(labels.lowerBound, wanted: 1, rowIndex) }
        case .numbers:
            for slot in labels {
                let wanted = labels.count == 1 ? labelsPerRow : 1
                if let problem = countProblem(slot, wanted: wanted, rowIndex) { return problem }
                if let problem = rangeProblem(slots[slot], slot: slot, rowIndex) { return problem }
            }
        }
        if let weight, let problem = countProblem(weight, wanted: 1, rowIndex) { return problem }
        for slot in [byteCount, wordCount, tokenCount] {
            if let slot, slots[slot].count == 0 { return countProblem(slot, wanted: 1, rowIndex) }
        }
        if let tokenCount, tokens.count > 0, slots[tokenCount].integer == 0 {
            return RecordProblem(rowIndex: rowIndex, column: names[tokenCount], message: TokenSum.noTokensMessage)
        }
        for slot in identifiers where slots[slot].count != 1 { return countProblem(slot, wanted: 1, rowIndex) }

        // Then the row.
        if selection.sumsValues {
            output.values.append(tokens.value)
            // Without a log-probability nothing is known of the record's tokens.
            output.tokenCounts.append(tokens.count == 0 ? 0 : tokenCount.map { UInt64(clamping: slots[$0].integer) } ?? tokens.count)
            output.placeholderCounts.append(tokens.placeholderCount)
        } else if let valueNames, valueNames.use == .classes {
            let base = output.values.count
            output.values.append(contentsOf: repeatElement(selection.absentValue ?? .nan, count: valueNames.names.count))
            for index in 0..<slots[0].count {
                if let value = slots[0].numbers?[index], let place = place(ofValue: index) { output.values[base + place] = value }
            }
        } else if predictions.count == 1 {
            if valuesPerRow == nil {
                valuesPerRow = slots[0].count
                output.values = Array(repeating: .nan, count: rowIndex * slots[0].count)
            }
            output.values.append(contentsOf: UnsafeBufferPointer(start: slots[0].numbers, count: slots[0].count))
            if let absentValue = selection.absentValue, let valuesPerRow {
                output.values.append(contentsOf: repeatElement(absentValue, count: valuesPerRow - slots[0].count))
            }
        } else {
            for slot in predictions { output.values.append(slots[slot].numbers?.pointee ?? .nan) }
        }
        switch selection.labels {
        case .none: break
        case .classIndex: output.classLabels.append(slots[labels.lowerBound].integer)
        case .numbers:
            if labelsPerRow == nil {
                labelsPerRow = slots[labels.lowerBound].count
                output.targets = Array(repeating: .nan, count: rowIndex * slots[labels.lowerBound].count)
            }
            for slot in labels {
                output.targets.append(contentsOf: UnsafeBufferPointer(start: slots[slot].numbers, count: slots[slot].count))
            }
        }
        if let weight { output.weights.append(slots[weight].numbers?.pointee ?? .nan) }
        // Never negative: numbers of bytes are checked, and lengths of texts are what they are.
        if let byteCount { output.byteCounts.append(UInt64(clamping: slots[byteCount].integer)) }
        if let wordCount { output.wordCounts.append(UInt64(exactly: slots[wordCount].integer) ?? RecordRows.unknownCount) }
        for slot in identifiers { output.identifiers.append(UInt64(bitPattern: slots[slot].integer)) }
        return nil
    }

    /// Appends the row of a record with a problem.
    private func fill(_ output: inout Output) {
        output.values.append(contentsOf: repeatElement(.nan, count: valuesPerRow ?? 0))
        switch selection.labels {
        case .none: break
        case .classIndex:
            // A row to ignore is ignored whatever else it holds, as one of an array is.
            let label = slots[labels.lowerBound]
            let isIgnored = isLastRecordRead && label.fault == JSONFaultNone && label.count == 1 && label.integer == selection.ignoredLabel
            output.classLabels.append(isIgnored ? label.integer : .min)
        case .numbers: output.targets.append(contentsOf: repeatElement(.nan, count: labelsPerRow ?? 0))
        }
        if weight != nil { output.weights.append(.nan) }
        if selection.sumsValues {
            output.tokenCounts.append(0)
            output.placeholderCounts.append(0)
        }
        if byteCount != nil { output.byteCounts.append(0) }
        if wordCount != nil { output.wordCounts.append(0) }
        output.identifiers.append(contentsOf: repeatElement(0, count: identifiers.count))
    }

    @inline(__always)
    private func countProblem(_ slot: Int, wanted: Int?, _ rowIndex: Int) -> RecordProblem? {
        let count = slots[slot].count
        if count == wanted || wanted == nil && count > 0 { return nil }
        return countProblem(count, slot: slot, wanted: wanted, rowIndex: rowIndex)
    }

    /// Makes the problem of a label beyond ±2^53, which Float64 cannot hold exactly; nil if all labels can be held.
    private func rangeProblem(_ found: JSONSlot, slot: Int, _ rowIndex: Int) -> RecordProblem? {
        for number in UnsafeBufferPointer(start: found.numbers, count: found.count) where abs(number) >= 0x1p53 && number.isFinite {
            return RecordProblem(
                rowIndex: rowIndex, column: names[slot],
                message: "\(number) is beyond 2^53, where Float64 does not hold every whole number",
                remedy: "labels are 0, 1 or between")
        }
        return nil
    }

    /// The arrays of `RecordRows`, taken out of their class while they are filled: appending to them then checks their capacity alone.
    private struct Output {
        var values: [Double], classLabels: [Int64], targets: [Double], weights: [Double], lines: [UInt32]
        var tokenCounts: [UInt64], placeholderCounts: [UInt64], byteCounts: [UInt64], wordCounts: [UInt64], identifiers: [UInt64]
        var problems: [RecordProblem]

        init(taking rows: RecordRows) {
            func emptied<Element>(_ array: inout [Element]) -> [Element] {
                var taken: [Element] = []
                swap(&taken, &array)
                taken.removeAll(keepingCapacity: true)
                return taken
            }
            values = emptied(&rows.values)
            classLabels = emptied(&rows.classLabels)
            targets = emptied(&rows.targets)
            weights = emptied(&rows.weights)
            lines = emptied(&rows.lines)
            tokenCounts = emptied(&rows.tokenCounts)
            placeholderCounts = emptied(&rows.placeholderCounts)
            byteCounts = emptied(&rows.byteCounts)
            wordCounts = emptied(&rows.wordCounts)
            identifiers = emptied(&rows.identifiers)
            problems = emptied(&rows.problems)
        }

        mutating func give(back rows: RecordRows, valuesPerRow: Int, labelsPerRow: Int) {
            swap(&rows.values, &values)
            swap(&rows.classLabels, &classLabels)
            swap(&rows.targets, &targets)
            swap(&rows.weights, &weights)
            swap(&rows.lines, &lines)
            swap(&rows.tokenCounts, &tokenCounts)
            swap(&rows.placeholderCounts, &placeholderCounts)
            swap(&rows.byteCounts, &byteCounts)
            swap(&rows.wordCounts, &wordCounts)
            swap(&rows.identifiers, &identifiers)
            swap(&rows.problems, &problems)
            rows.rowCount = rows.lines.count
            rows.valuesPerRow = valuesPerRow
            rows.labelsPerRow = labelsPerRow
        }
    }
}
