internal import Elements
internal import Messages
public import Scoring

/// The losses of the rows of each slice: of each value of a column, or of the values that several columns have together.
///
/// Rows without a loss in the first dialect are left out. Sums are exact: those of the slices of one column add up to the whole. The state depends
/// on the set of rows alone. About 400 bytes a slice.
public struct Slices: RowObserver, Equatable {
    static let tag = "slices"
    /// The largest number of slices of one request.
    public static let limit = 10_000
    /// The largest number of columns that are crossed.
    public static let crossLimit = 4
    /// The largest number of requests.
    public static let requestLimit = 64

    /// A thing that rows are sliced by.
    public enum Column: Sendable, Hashable {
        /// The label: a class, or 0 or 1.
        case label
        /// The class of the largest probability.
        case predicted
        /// The companion of that name.
        case companion(String)
        /// The column of that name in the dump.
        case column(String)

        /// The name under which the slice's values are reported.
        public var name: String {
            switch self {
            case .label: "label"
            case .predicted: "predicted"
            case .companion(let name), .column(let name): name
            }
        }

        /// Returns the name of the companion that has the values of a dump's column. No role's companion has such a name.
        public static func companionName(ofColumn name: String) -> String { "column \(name)" }
    }

    /// The sums of one slice.
    struct Sums: Sendable, Equatable {
        /// The losses, with the rows' weights where they have some.
        var losses = WeightedMoments()
        /// The number of rows that are right.
        var correctCount: UInt64 = 0

        mutating func merge(_ other: Sums) {
            losses.merge(other.losses)
            correctCount.addSaturating(other.correctCount)
        }
    }

    /// The codes of the values of a row, one for each of a request's columns.
    private typealias Codes = SIMD4<UInt64>

    /// The slices by one request's columns.
    private struct Table: Sendable {
        var sums: [Sums] = []
        var indexOfKey: [[SliceValue]: Int] = [:]
        /// The place of the slice of a row's codes. It is no part of the state.
        var indexOfCodes: [Codes: Int] = [:]
        /// The place of each class's slice, where rows are sliced by class alone; −1 for none. It is no part of the state.
        var indexOfClass: [Int32] = []
        /// True if there were more than `limit`.
        var isFull = false

        mutating func index(of key: [SliceValue]) -> Int? {
            if let index = indexOfKey[key] { return index }
            guard sums.count < Slices.limit else {
                isFull = true
                return nil
            }
            indexOfKey[key] = sums.count
            sums.append(Sums())
            return sums.count - 1
        }

        /// Returns the place of the slice of a row's codes; −1 if it is not kept.
        mutating func index(of codes: Codes, _ readers: [Reader]) -> Int {
            if let index = indexOfCodes[codes] { return index }
            // Nothing is asked of slices that are too many.
            guard !isFull else { return -1 }
            var key: [SliceValue] = []
            for column in readers.indices {
                guard let value = readers[column].value(ofCode: codes[column]) else {
                    isFull = true
                    return -1
                }
                key.append(value)
            }
            guard let index = index(of: key) else { return -1 }
            // Numbers that are not a number are one value of many codes.
            if indexOfCodes.count >= 2 * Slices.limit { indexOfCodes = [:] }
            indexOfCodes[codes] = index
            return index
        }
    }

    /// A column of a block by which rows are sliced.
    private enum Reader {
        case classes(UnsafePointer<Int32>)
        case targets(UnsafePointer<Double>)
        case companion(KeyElement)

        /// Nil where the block has no such column.
        init?(_ column: Column, _ block: ScoredBlock, _ task: LossTask) {
            switch column {
            case .label:
                if task == .binary, let targets = block.targets { self = .targets(targets) } else { self = .classes(block.rows.classLabels) }
            case .predicted:
                guard let classes = block.facts.topClass else { return nil }
                self = .classes(classes)
            case .companion(let name):
                guard let element = block.companion(named: name).flatMap({ KeyElement($0) }) else { return nil }
                self = .companion(element)
            case .column(let name):
                guard let element = block.companion(named: Column.companionName(ofColumn: name)).flatMap({ KeyElement($0) }) else { return nil }
                self = .companion(element)
            }
        }

        /// Returns 64 bits of a row that no row of another value has.
        @inline(__always)
        func code(at row: Int) -> UInt64 {
            switch self {
            case .classes(let classes): UInt64(bitPattern: Int64(classes[row]))
            case .targets(let targets): targets[row].bitPattern
            case .companion(let element): element.code(at: row)
            }
        }

        /// Returns the value of a row's code; nil if it is not kept.
        func value(ofCode code: UInt64) -> SliceValue? {
            switch self {
            case .classes: .integer(Int64(bitPattern: code))
            case .targets: SliceValue(Double(bitPattern: code))
            case .companion(let element): element.value(ofCode: code)
            }
        }
    }

    /// The columns of each request.
    public let requests: [[Column]]
    private let task: LossTask
    let hasWeights: Bool
    private var tables: [Table]
    /// The names of companions that some block lacked.
    public private(set) var missingColumns: Set<String> = []

    /// The slices of no rows.
    ///
    /// - Throws: `SpecificationError` for columns that the task does not have, and for more requests or columns than there may be.
    public init(_ specification: LossSpecification, by requests: [[Column]]) throws(SpecificationError) {
        task = specification.task
        hasWeights = specification.hasWeights
        guard (1...Self.requestLimit).contains(requests.count), requests.allSatisfy({ (1...Self.crossLimit).contains($0.count) }) else {
            throw SpecificationError(
                problem: "\(setting: .slice) is given \(requests.count) times, or names too many columns at once",
                remedy: "give at most \(Self.requestLimit), each of at most \(Self.crossLimit) columns")
        }
        for column in requests.joined() {
            let isKnown: Bool
            switch column {
            case .label: isKnown = task == .multiclass || task == .binary
            case .predicted: isKnown = task == .multiclass || task == .binary || task == .soft
            case .companion, .column: isKnown = true
            }
            guard isKnown else {
                throw SpecificationError(
                    problem: "\(setting: .slice, .text(column.name)) has no meaning for task \(task.rawValue)",
                    remedy: "its rows have no one class there; leave it out, or name a column")
            }
        }
        self.requests = requests
        tables = Array(repeating: Table(), count: requests.count)
    }

    /// "slices".
    public var tag: String { Self.tag }

    /// For each request a varint, the number of its columns, and for each of these one byte, 1 for the label, 2 for the predicted class, 3 for a
    /// companion and 4 for a column of the dump, then for these two a varint, the number of bytes of the name, and the name.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        for request in requests {
            bytes.append(varint: UInt64(request.count))
            for column in request {
                switch column {
                case .label: bytes.append(1)
                case .predicted: bytes.append(2)
                case .companion(let name), .column(let name):
                    bytes.append(column == .column(name) ? 4 : 3)
                    bytes.append(varint: UInt64(name.utf8.count))
                    bytes += Array(name.utf8)
                }
            }
        }
        return bytes
    }

    /// The top class, which also tells whether a row is right.
    public var requiredFacts: RowFacts { [.isCorrect, .topPrediction] }

    /// Adds the rows of a block to their slices. O(rowCount × requests).
    public mutating func observe(_ block: ScoredBlock) { add(block, block.losses(ofDialect: 0), block.facts.isCorrect) }

    /// Adds numbers of a block's rows in the place of their losses to the rows' slices; NaN is left out.
    ///
    /// - Parameter isCorrect: 1 for each row that counts as right; nil where none does.
    mutating func add(_ block: ScoredBlock, _ losses: UnsafePointer<Double>, _ isCorrect: UnsafePointer<UInt8>?) {
        guard block.rows.rowCount > 0 else { return }
        let divisors = hasWeights ? block.rowDivisors(ofDialect: 0) : nil
        for index in requests.indices {
            if let classes = Self.classes(of: requests[index], block, task) {
                add(block, losses, divisors, isCorrect, classes, request: index)
                continue
            }
            let columns = requests[index].map { Reader($0, block, task) }
            for (column, reader) in zip(requests[index], columns) where reader == nil { missingColumns.insert(column.name) }
            let readers = columns.compactMap { $0 }
            guard readers.count == columns.count else { continue }
            add(block, losses, divisors, isCorrect, readers, request: index)
        }
    }

    /// Adds the rows of a block to slices by any columns. The values of a row's codes are looked up where the codes are met first.
    private mutating func add(
        _ block: ScoredBlock, _ losses: UnsafePointer<Double>, _ divisors: UnsafePointer<Double>?, _ isCorrect: UnsafePointer<UInt8>?,
        _ readers: [Reader], request: Int
    ) {
        // Out of the list, so that its parts can be changed side by side.
        var table = tables[request]
        tables[request] = Table()
        defer { tables[request] = table }
        var lastCodes: Codes?, slice = -1
        for row in 0..<block.rows.rowCount {
            let loss = losses[row]
            guard loss == loss else { continue }
            var codes = Codes.zero
            for column in readers.indices { codes[column] = readers[column].code(at: row) }
            // Rows of one slice often stand together.
            if codes != lastCodes {
                slice = table.index(of: codes, readers)
                lastCodes = codes
            }
            guard slice >= 0 else { continue }
            table.sums[slice].losses.add(loss, weight: divisors?[row])
            if isCorrect?[row] == 1 { table.sums[slice].correctCount.addSaturating(1) }
        }
    }

    /// The classes by which a request's rows are sliced, if that is all that they are sliced by.
    private static func classes(of request: [Column], _ block: ScoredBlock, _ task: LossTask) -> UnsafePointer<Int32>? {
        switch request {
        case [.label]: block.targets == nil ? block.rows.classLabels : nil
        case [.predicted]: block.facts.topClass
        default: nil
        }
    }

    /// Adds the rows of a block to slices by class, whose places in the table are looked up once a class.
    private mutating func add(
        _ block: ScoredBlock, _ losses: UnsafePointer<Double>, _ divisors: UnsafePointer<Double>?, _ isCorrect: UnsafePointer<UInt8>?,
        _ classes: UnsafePointer<Int32>, request: Int
    ) {
        let classCount = task == .binary ? 2 : block.classCount
        // Out of the list, so that its parts can be changed side by side.
        var table = tables[request]
        tables[request] = Table()
        defer { tables[request] = table }
        if table.indexOfClass.isEmpty { table.indexOfClass = Array(repeating: -1, count: classCount) }
        for row in 0..<block.rows.rowCount where losses[row] == losses[row] {
            let label = Int(classes[row])
            guard label < table.indexOfClass.count else { continue }
            if table.indexOfClass[label] < 0, let slice = table.index(of: [.integer(Int64(label))]) {
                table.indexOfClass[label] = Int32(slice)
            }
        }
        let indexOfClass = table.indexOfClass
        table.sums.withUnsafeMutableBufferPointer { sums in
            indexOfClass.withUnsafeBufferPointer { indexOfClass in
                for row in 0..<block.rows.rowCount {
                    let loss = losses[row]
                    guard loss == loss else { continue }
                    let label = Int(classes[row])
                    guard label < indexOfClass.count, indexOfClass[label] >= 0 else { continue }
                    let slice = Int(indexOfClass[label])
                    sums[slice].losses.add(loss, weight: divisors?[row])
                    if let isCorrect { sums[slice].correctCount &+= UInt64(isCorrect[row]) }  // Wrapping: no run has 2^64 rows.
                }
            }
        }
    }

    /// Adds the slices of other rows.
    public mutating func merge(_ other: Slices) throws(PartialError) {
        guard requests == other.requests, hasWeights == other.hasWeights else { throw .otherSettings(tag) }
        missingColumns.formUnion(other.missingColumns)
        for index in tables.indices {
            if other.tables[index].isFull { tables[index].isFull = true }
            for (key, place) in other.tables[index].indexOfKey {
                if let slice = tables[index].index(of: key) { tables[index].sums[slice].merge(other.tables[index].sums[place]) }
            }
        }
    }

    /// The first request that has more than `limit` slices; nil where none has.
    public var fullRequest: [Column]? { tables.firstIndex { $0.isFull }.map { requests[$0] } }

    /// The exact sum of the losses of each request's slices.
    var exactTotals: [ExactSum] {
        tables.map { table in
            var total = ExactSum()
            for sums in table.sums { total.add(sums.losses.sum) }
            return total
        }
    }

    /// The figures of a slice.
    public struct Figures: Sendable {
        /// The values of its columns.
        public let values: [(column: Column, value: SliceValue)]
        /// The number of rows.
        public let rowCount: UInt64
        /// The weight of the rows; nil where they have none.
        public let weight: Double?
        /// The mean loss and its standard error, and the sum of the losses.
        public let mean: Double, standardError: Double, sum: Double
        /// The share of right rows; nil for a task without.
        public let accuracy: Double?
        /// The slice's share of the rows, and of the sum of losses.
        public let shareOfRows: Double, shareOfLoss: Double
        /// The mean less that of all other rows, and the standard error of that; NaN where there are none.
        public let differenceFromRest: Double, differenceStandardError: Double
        /// The chance of a difference so large by chance alone, on either side, by the normal distribution.
        public let pValue: Double
        /// The same, by Holm's correction for the number of slices of the request.
        public internal(set) var pValueHolm: Double
    }

    /// The figures of the slices of each request, in ascending order of their values. O(slices · log slices).
    public var figures: [[Figures]] { requests.indices.map { figures(ofRequest: $0) } }

    /// The sums of the slices of a request, in ascending order of their values.
    func orderedSums(ofRequest index: Int) -> [(values: [SliceValue], sums: Sums)] {
        tables[index].indexOfKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, tables[index].sums[$0.value]) }
    }

    /// True if the rows of the task are right or wrong.
    var hasAccuracy: Bool { task == .multiclass || task == .binary || task == .soft || task == .multilabel }

    private func figures(ofRequest index: Int) -> [Figures] {
        let ordered = orderedSums(ofRequest: index)
        let sums = ordered.map(\.sums)
        // The rest of a slice is what comes before it and what comes after.
        var before = [Sums()], after = [Sums()]
        for slice in sums {
            var next = before[before.count - 1]
            next.merge(slice)
            before.append(next)
        }
        for slice in sums.reversed() {
            var next = after[after.count - 1]
            next.merge(slice)
            after.append(next)
        }
        let all = before[before.count - 1]
        var figures: [Figures] = ordered.indices.map { place in
            let slice = sums[place]
            var rest = before[place]
            rest.merge(after[sums.count - 1 - place])
            let mean = slice.losses.mean(isWeighted: hasWeights), error = slice.losses.standardError(isWeighted: hasWeights)
            let restError = rest.losses.standardError(isWeighted: hasWeights)
            let difference = mean - rest.losses.mean(isWeighted: hasWeights)
            let differenceError = (error * error + restError * restError).squareRoot()
            let pValue = differenceError > 0 ? NormalDistribution.twoSided(difference / differenceError) : .nan
            return Figures(
                values: Array(zip(requests[index], ordered[place].values)).map { (column: $0, value: $1) }, rowCount: slice.losses.count,
                weight: hasWeights ? slice.losses.totalWeight.rounded() : nil, mean: mean, standardError: error, sum: slice.losses.sum.rounded(),
                accuracy: hasAccuracy ? Double(slice.correctCount) / Double(slice.losses.count) : nil,
                shareOfRows: Double(slice.losses.count) / Double(all.losses.count),
                shareOfLoss: slice.losses.sum.rounded(dividedBy: all.losses.sum), differenceFromRest: difference,
                differenceStandardError: differenceError, pValue: pValue, pValueHolm: .nan)
        }
        for (place, pValue) in HolmCorrection.corrected(figures.map(\.pValue)).enumerated() { figures[place].pValueHolm = pValue }
        return figures
    }

    /// Returns true if both have the same slices.
    public static func == (left: Slices, right: Slices) -> Bool { left.requests == right.requests && left.encoded == right.encoded }
}

// The section "slices": for each request one byte, 1 if there were more slices than there may be, else 0; a varint, the number of slices; and for each
// in ascending order of their values: the values (SliceValue below); the losses (WeightedMoments.swift); and a varint, the number of right rows.
extension Slices {
    public func encode(into bytes: inout [UInt8]) {
        for table in tables {
            bytes.append(table.isFull ? 1 : 0)
            bytes.append(varint: UInt64(table.sums.count))
            for (key, index) in table.indexOfKey.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                for value in key { value.encode(into: &bytes) }
                let sums = table.sums[index]
                sums.losses.encode(into: &bytes)
                bytes.append(varint: sums.correctCount)
            }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        missingColumns = []
        for index in tables.indices {
            var table = Table()
            table.isFull = try reader.bytes(1).first == 1
            for _ in 0..<(try reader.varintCount(leastByteCount: 31)) {
                var key: [SliceValue] = []
                for _ in requests[index] { key.append(try SliceValue(&reader)) }
                guard let place = table.index(of: key) else { throw .damaged("there are more than \(Self.limit) slices") }
                var sums = Sums()
                sums.losses = try WeightedMoments(&reader)
                sums.correctCount = try reader.varint()
                table.sums[place] = sums
            }
            tables[index] = table
        }
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> Slices {
        var reader = SectionReader(configuration[...])
        var requests: [[Column]] = []
        while reader.remainingByteCount > 0 {
            var request: [Column] = []
            for _ in 0..<(try reader.varintCount(leastByteCount: 1)) {
                switch try reader.bytes(1).first {
                case 1: request.append(.label)
                case 2: request.append(.predicted)
                case let kind? where kind == 3 || kind == 4:
                    let name = try reader.bytes(try reader.varintCount(leastByteCount: 1))
                    guard let text = String(validating: name, as: UTF8.self) else { throw .unknownSettings(tag) }
                    request.append(kind == 3 ? .companion(text) : .column(text))
                default: throw .unknownSettings(tag)
                }
            }
            requests.append(request)
        }
        do throws(SpecificationError) { return try Slices(specification, by: requests) } catch { throw .unknownSettings(tag) }
    }
}

extension SliceValue {
    /// Appends one byte, the kind: 1 a whole number, 2 one of 2^63 or more, 3 another number, 4 a text, 5 no value; then eight bytes, or a varint and as
    /// many bytes of text, or nothing.
    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .integer(let value):
            bytes.append(1)
            bytes.append(littleEndian: UInt64(bitPattern: value))
        case .large(let value):
            bytes.append(2)
            bytes.append(littleEndian: value)
        case .number(let value):
            bytes.append(3)
            bytes.append(littleEndian: value.bitPattern)
        case .text(let text):
            bytes.append(4)
            bytes.append(varint: UInt64(text.utf8.count))
            bytes += Array(text.utf8)
        case .missing: bytes.append(5)
        }
    }

    /// Takes what `encode(into:)` wrote.
    init(_ reader: inout SectionReader) throws(PartialError) {
        switch try reader.bytes(1).first {
        case 1: self = .integer(Int64(bitPattern: try reader.unsigned()))
        case 2: self = SliceValue(try reader.unsigned())
        case 3: self = SliceValue(try reader.double())
        case 4:
            let bytes = try reader.bytes(try reader.varintCount(leastByteCount: 1))
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .damaged("a value is not UTF-8") }
            self = .text(text)
        case 5: self = .missing
        default: throw .damaged("a value is of no kind")
        }
    }
}
