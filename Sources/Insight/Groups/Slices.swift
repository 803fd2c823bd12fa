internal import Elements
internal import Messages
public import Scoring

/// The losses of the rows of each slice: of each value of a column, or of the values that several columns have together.
///
/// Rows without a loss in the first dialect are left out of the sums; those of them that are invalid are counted. Sums are exact: those of the
/// slices of one column add up to the whole. The state depends on the set of rows alone. About 400 bytes a slice.
public struct Slices: RowObserver, Equatable {
    static let tag = "slices"
    /// The largest number of slices of one request.
    public static let limit = 10_000
    /// The largest number of different fractions in a column that are slices of their own.
    public static let fractionLimit = 1000
    /// The largest number of slices that are counted where there are too many.
    public static let countLimit = 1 << 20
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
        /// Intervals of the numbers of one of the above. Texts that are no numbers are slices of their own.
        indirect case intervals(of: Column, ValueIntervals)
        /// One value of one of the first four, as it is written; an empty text means rows without a value. Rows of other values are in no slice.
        indirect case value(of: Column, String)

        /// The name under which the slice's values are reported.
        public var name: String {
            switch self {
            case .label: "label"
            case .predicted: "predicted"
            case .companion(let name), .column(let name): name
            case .intervals(let column, _), .value(let column, _): column.name
            }
        }

        /// The thing whose values, or some of them, are meant: one of the first four.
        public var whole: Column {
            switch self {
            case .label, .predicted, .companion, .column: self
            case .intervals(let column, _), .value(let column, _): column.whole
            }
        }

        /// The intervals that numbers are put into; nil if they are not.
        public var intervals: ValueIntervals? {
            if case .intervals(_, let intervals) = self { intervals } else { nil }
        }

        /// True for one value alone.
        var isOneValue: Bool {
            if case .value = self { true } else { false }
        }

        /// Returns the name of the companion that has the values of a dump's column, or the intervals of its numbers. No role's companion has
        /// such a name.
        public static func companionName(ofColumn name: String, intervals: ValueIntervals? = nil) -> String {
            "column \(name)" + (intervals.map { " in \($0.edges.map { "\($0)" }.joined(separator: " "))" } ?? "")
        }
    }

    /// The sums of one slice.
    struct Sums: Sendable, Equatable {
        /// The losses, with the rows' weights where they have some.
        var losses = WeightedMoments()
        /// The number of rows that are right.
        var correctCount: UInt64 = 0
        /// The number of rows that are invalid, which have no loss.
        var invalidCount: UInt64 = 0

        mutating func merge(_ other: Sums) {
            losses.merge(other.losses)
            correctCount.addSaturating(other.correctCount)
            invalidCount.addSaturating(other.invalidCount)
        }
    }

    /// The codes of the values of a row, one for each of a request's columns.
    private typealias Codes = SIMD4<UInt64>

    /// The slices by one request's columns.
    private struct Table: Sendable {
        var sums: [Sums] = []
        /// The hash of each slice's values, by which slices are counted where there are too many. It is no part of the state.
        var hashes: [UInt64] = []
        var indexOfKey: [[SliceValue]: Int] = [:]
        /// The place of the slice of a row's codes. It is no part of the state.
        var indexOfCodes: [Codes: Int] = [:]
        /// The place of each class's slice, where rows are sliced by class alone; −1 for none. It is no part of the state.
        var indexOfClass: [Int32] = []
        /// The hashes of all slices, kept ones and others, up to `countLimit`; nil while there are at most `limit`.
        var countedHashes: Set<UInt64>?

        /// True if there were more slices than are kept.
        var isFull: Bool { countedHashes != nil }

        /// Counts a slice that is not kept.
        mutating func count(_ hash: UInt64) {
            var counted = countedHashes.take() ?? Set(hashes)
            if counted.count < Slices.countLimit { counted.insert(hash) }
            countedHashes = counted
        }

        /// Returns the place of the slice of a class, or of none.
        mutating func index(of value: SliceValue) -> Int? { index(of: [value], hash: Slices.hash([value])) }

        mutating func index(of key: [SliceValue], hash: UInt64) -> Int? {
            if let index = indexOfKey[key] { return index }
            guard sums.count < Slices.limit else {
                count(hash)
                return nil
            }
            indexOfKey[key] = sums.count
            sums.append(Sums())
            hashes.append(hash)
            return sums.count - 1
        }

        /// Returns the place of the slice of a row's codes; −1 if it is not kept.
        mutating func index(of codes: Codes, _ readers: [Reader]) -> Int {
            if let index = indexOfCodes[codes] { return index }
            let hash = Slices.hash(codes, readers.count)
            // The values of slices that are too many are not looked at.
            guard !isFull else {
                count(hash)
                return -1
            }
            var key: [SliceValue] = []
            for column in readers.indices {
                guard let value = readers[column].value(ofCode: codes[column]) else {
                    count(hash)
                    return -1
                }
                key.append(value)
            }
            guard let index = index(of: Slices.collected(key, readers.map(\.isOneValue)), hash: hash) else { return -1 }
            if indexOfCodes.count >= 2 * Slices.limit { indexOfCodes = [:] }
            indexOfCodes[codes] = index
            return index
        }
    }

    private static func hash(_ codes: Codes, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { RowHash.hash(codes[$1], seed: $0) }
    }

    private static func hash(_ key: [SliceValue]) -> UInt64 { key.reduce(0) { RowHash.hash($1.hash, seed: $0) } }

    /// Returns the key of a row in whose place another one stands where it has none of the values that are meant: all such rows are one.
    private static func collected(_ key: [SliceValue], _ areOneValue: [Bool]) -> [SliceValue] {
        guard zip(key, areOneValue).contains(where: { $1 && $0 == .otherValue }) else { return key }
        return areOneValue.map { $0 ? .otherValue : .missing }
    }

    /// A column of a block by which rows are sliced.
    private struct Reader {
        private enum Source {
            case classes(UnsafePointer<Int32>, count: Int)
            case targets(UnsafePointer<Double>)
            case companion(KeyElement)

            /// True for a column of texts.
            var isOfHashes: Bool {
                if case .companion(let element) = self { element.isOfHashes } else { false }
            }

            /// Returns 64 bits of a row that no row of another value has.
            @inline(__always)
            func code(at row: Int) -> UInt64 {
                switch self {
                case .classes(let classes, _): UInt64(bitPattern: Int64(classes[row]))
                case .targets(let targets): targets[row].bitPattern
                case .companion(let element): element.code(at: row)
                }
            }

            /// Returns the number of a row; NaN where it has none.
            func number(at row: Int) -> Double {
                switch self {
                case .classes(let classes, let count): 0..<count ~= Int(classes[row]) ? Double(classes[row]) : .nan
                case .targets(let targets): targets[row]
                case .companion(let element): element.number(at: row)
                }
            }

            /// Returns the value of a row's code; nil if it is not kept. A class that there is not is none.
            func value(ofCode code: UInt64) -> SliceValue? {
                switch self {
                case .classes(_, let count):
                    let index = Int64(bitPattern: code)
                    return 0..<Int64(count) ~= index ? .integer(index) : .missing
                case .targets: return SliceValue(Double(bitPattern: code))
                case .companion(let element): return element.value(ofCode: code)
                }
            }
        }

        private enum Cut {
            case none
            case intervals(ValueIntervals)
            case value(SliceValue)
        }

        private let source: Source
        private let cut: Cut

        /// Nil where the block has no such column.
        init?(_ column: Column, _ block: ScoredBlock, _ task: LossTask) {
            let classCount = task == .binary ? 2 : block.classCount
            func companion(_ name: String) -> Source? {
                block.companion(named: name).flatMap { KeyElement($0) }.map { .companion($0) }
            }
            let found: Source?
            switch column.whole {
            case .label:
                if task == .binary, let targets = block.targets { found = .targets(targets) } else {
                    found = .classes(block.classLabels, count: classCount)
                }
            case .predicted: found = block.facts.topClass.map { .classes($0, count: classCount) }
            case .companion(let name): found = companion(name)
            case .column(let name): found = companion(Column.companionName(ofColumn: name, intervals: column.intervals))
            case .intervals, .value: found = nil
            }
            guard let found else { return nil }
            source = found
            switch column {
            case .intervals(_, let intervals): cut = .intervals(intervals)
            case .value(_, let text): cut = .value(SliceValue(written: text, isInText: found.isOfHashes))
            default: cut = .none
            }
        }

        /// True if one value is meant.
        var isOneValue: Bool {
            if case .value = cut { true } else { false }
        }

        /// Returns 64 bits of a row that no row of another value, or in another interval, has.
        @inline(__always)
        func code(at row: Int) -> UInt64 {
            if case .intervals(let intervals) = cut, !source.isOfHashes { return intervals.code(of: source.number(at: row)) }
            return source.code(at: row)
        }

        /// Returns the value of a row's code in the key of its slice; nil if it is not kept. That of an interval is its index; that of one value
        /// is 1, and of others 0.
        func value(ofCode code: UInt64) -> SliceValue? {
            switch cut {
            case .none: return source.value(ofCode: code)
            case .intervals(let intervals):
                if code == 0 { return .missing }
                if code <= UInt64(intervals.edges.count + 1) { return .integer(Int64(code) - 1) }
                return source.value(ofCode: code)
            case .value(let value): return source.value(ofCode: code) == value ? .integer(1) : .otherValue
            }
        }
    }

    /// The columns of each request.
    public let requests: [[Column]]
    private let task: LossTask
    let hasWeights: Bool
    private var tables: [Table]
    /// Room for a block's sums, one for each class; no part of the state.
    private var blockMoments: [BlockMoments] = []
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
            if let intervals = column.intervals, !intervals.isSound {
                throw SpecificationError(
                    problem: "the edges of \(column.name) are \(intervals.edges.prefix(8).map { "\($0)" }.joined(separator: ", "))",
                    remedy: "give 1 to \(ValueIntervals.limit) numbers in ascending order: \(setting: .slice, .text("age:0,18,65,120"))")
            }
            let isKnown: Bool
            switch column.whole {
            case .label: isKnown = task == .multiclass || task == .binary
            case .predicted: isKnown = task == .multiclass || task == .binary || task == .soft
            case .companion, .column, .intervals, .value: isKnown = true
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
    /// companion and 4 for a column of the dump, then for these two a varint, the number of bytes of the name, and the name; before that 5 for
    /// intervals, then a varint, the number of edges, and these as Float64, or 6 for one value, then a varint, the number of its bytes, and these.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        for request in requests {
            bytes.append(varint: UInt64(request.count))
            for column in request {
                switch column {
                case .intervals(_, let intervals):
                    bytes.append(5)
                    bytes.append(varint: UInt64(intervals.edges.count))
                    for edge in intervals.edges { bytes.append(littleEndian: edge.bitPattern) }
                case .value(_, let text):
                    bytes.append(6)
                    bytes.append(varint: UInt64(text.utf8.count))
                    bytes += Array(text.utf8)
                default: break
                }
                switch column.whole {
                case .label: bytes.append(1)
                case .companion(let name), .column(let name):
                    bytes.append(column.whole == .column(name) ? 4 : 3)
                    bytes.append(varint: UInt64(name.utf8.count))
                    bytes += Array(name.utf8)
                default: bytes.append(2)
                }
            }
        }
        return bytes
    }

    /// The fact that a row is right, and the top class if rows are sliced by it.
    public var requiredFacts: RowFacts {
        requests.joined().contains { $0.whole == .predicted } ? [.isCorrect, .topPrediction] : .isCorrect
    }

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
        for invalid in block.invalidRows where losses[invalid.index].isNaN {
            var codes = Codes.zero
            for column in readers.indices { codes[column] = readers[column].code(at: invalid.index) }
            let slice = table.index(of: codes, readers)
            if slice >= 0 { table.sums[slice].invalidCount.addSaturating(1) }
        }
    }

    /// The classes by which a request's rows are sliced, if that is all that they are sliced by.
    private static func classes(of request: [Column], _ block: ScoredBlock, _ task: LossTask) -> UnsafePointer<Int32>? {
        switch request {
        case [.label]: block.targets == nil ? block.classLabels : nil
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
        // Once all classes have been seen there is none to look for.
        for row in 0..<(table.indexOfClass.contains { $0 < 0 } ? block.rows.rowCount : 0) where losses[row] == losses[row] {
            let label = Int(classes[row])
            guard label < table.indexOfClass.count else { continue }
            if table.indexOfClass[label] < 0, let slice = table.index(of: .integer(Int64(label))) {
                table.indexOfClass[label] = Int32(slice)
            }
        }
        for invalid in block.invalidRows where losses[invalid.index].isNaN {
            let label = Int(classes[invalid.index])
            let value: SliceValue = 0..<classCount ~= label ? .integer(Int64(label)) : .missing
            if let slice = table.index(of: value) { table.sums[slice].invalidCount.addSaturating(1) }
        }
        let indexOfClass = table.indexOfClass
        table.sums.withUnsafeMutableBufferPointer { sums in
            indexOfClass.withUnsafeBufferPointer { indexOfClass in
                if divisors == nil, classCount <= BlockScorer.rowLimit {
                    return observe(block, losses, classes, isCorrect, indexOfClass, sums)
                }
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

    /// Adds rows without weights to the slices of their classes, by way of a block's sums.
    private mutating func observe(
        _ block: ScoredBlock, _ losses: UnsafePointer<Double>, _ classes: UnsafePointer<Int32>, _ isCorrect: UnsafePointer<UInt8>?,
        _ indexOfClass: UnsafeBufferPointer<Int32>, _ sums: UnsafeMutableBufferPointer<Sums>
    ) {
        if blockMoments.count < indexOfClass.count { blockMoments = Array(repeating: BlockMoments(), count: indexOfClass.count) }
        blockMoments.withUnsafeMutableBufferPointer { moments in
            let areTwo = indexOfClass.count == 2 && indexOfClass[0] >= 0 && indexOfClass[1] >= 0
            if areTwo, let isCorrect, let two = BlockMoments.ofTwo(
                losses, classes, isCorrect, count: block.rows.rowCount, block.predictionKernels)
            {
                (moments[0], moments[1]) = two
            } else {
                Self.observeSingly(block, losses, classes, isCorrect, indexOfClass, sums, moments)
            }
            for label in indexOfClass.indices where moments[label].count > 0 || moments[label].correctCount > 0 {
                let slice = Int(indexOfClass[label])
                sums[slice].losses.add(moments[label])
                sums[slice].correctCount &+= moments[label].correctCount  // Wrapping: no run has 2^64 rows.
                moments[label] = BlockMoments()
            }
        }
    }

    /// Adds each row to the sums of its class.
    @inline(__always)
    private static func observeSingly(
        _ block: ScoredBlock, _ losses: UnsafePointer<Double>, _ classes: UnsafePointer<Int32>, _ isCorrect: UnsafePointer<UInt8>?,
        _ indexOfClass: UnsafeBufferPointer<Int32>, _ sums: UnsafeMutableBufferPointer<Sums>, _ moments: UnsafeMutableBufferPointer<BlockMoments>
    ) {
        for row in 0..<block.rows.rowCount {
            let loss = losses[row]
            guard loss == loss else { continue }
            let label = Int(classes[row])
            guard label < indexOfClass.count, indexOfClass[label] >= 0 else { continue }
            if !moments[label].add(loss) { sums[Int(indexOfClass[label])].losses.add(loss, weight: nil) }
            if let isCorrect { moments[label].correctCount &+= UInt64(isCorrect[row]) }  // Wrapping: at most 1,024.
        }
    }

    /// Adds the slices of other rows.
    public mutating func merge(_ other: Slices) throws(PartialError) {
        guard requests == other.requests, hasWeights == other.hasWeights else { throw .otherSettings(tag) }
        missingColumns.formUnion(other.missingColumns)
        for index in tables.indices {
            let table = other.tables[index]
            for (key, place) in table.indexOfKey {
                if let slice = tables[index].index(of: key, hash: table.hashes[place]) { tables[index].sums[slice].merge(table.sums[place]) }
            }
            for hash in table.countedHashes ?? [] { tables[index].count(hash) }
        }
    }

    /// The reason for which the slices of a request are not reported; nil where all are.
    var problem: SpecificationError? {
        for (request, table) in zip(requests, tables) {
            let names = request.map(\.name).joined(separator: ", ")
            let count = table.countedHashes?.count ?? 0
            if table.isFull {
                let shown = count >= Self.countLimit ? "more than \(Self.countLimit - 1)" : "\(count)"
                return SpecificationError(
                    problem: request.count == 1
                        ? "\(names) has \(shown) different values, and at most \(Self.limit) are slices"
                        : "\(names) have \(shown) different values together, and at most \(Self.limit) are slices",
                    remedy: Self.remedy(request, table))
            }
            for (place, column) in request.enumerated() where column == column.whole {
                var fractions: Set<SliceValue> = []
                for key in table.indexOfKey.keys {
                    if case .number = key[place] { fractions.insert(key[place]) }
                }
                guard fractions.count > Self.fractionLimit else { continue }
                return SpecificationError(
                    problem: "\(column.name) has \(fractions.count) different numbers that are not whole, and at most \(Self.fractionLimit) are slices",
                    remedy: Self.remedy([column], table))
            }
        }
        return nil
    }

    private static func remedy(_ request: [Column], _ table: Table) -> Message {
        // The column with most values, numbers or not, is the one to cut.
        func values(_ place: Int) -> Set<SliceValue> { Set(table.indexOfKey.keys.map { $0[min(place, $0.count - 1)] }) }
        let place = request.indices.filter { request[$0] == request[$0].whole }.max { values($0).count < values($1).count } ?? 0
        let name = request[place].name
        let numbers = values(place).filter { if case .text = $0 { false } else { $0 != .missing } }
        guard let least = numbers.min(), let most = numbers.max(), least != most, numbers.count * 2 > values(place).count else {
            return "slice by what has fewer values; \(setting: .slice, .text("'\(name)=VALUE'")) takes one of them"
        }
        return "put numbers into intervals: \(setting: .slice, .text("'\(name):EDGE,EDGE,…'")), from \(least.shown) to \(most.shown)"
    }

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
        /// The number of rows with a loss, and of invalid rows, which have none.
        public let rowCount: UInt64, invalidCount: UInt64
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

    /// The figures of the slices of each request, in ascending order of their values. Rows of other values than the ones that are meant are in
    /// none, and in the rest of each. O(slices · log slices).
    public var figures: [[Figures]] { requests.indices.map { figures(ofRequest: $0) } }

    /// The sums of the slices of a request, in ascending order of their values.
    func orderedSums(ofRequest index: Int) -> [(values: [SliceValue], sums: Sums)] {
        tables[index].indexOfKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, tables[index].sums[$0.value]) }
    }

    /// True if the rows of the task are right or wrong.
    var hasAccuracy: Bool { task == .multiclass || task == .binary || task == .soft || task == .multilabel }

    /// The columns of which one value is meant that no row has, each as it was asked for.
    var valuesWithoutRows: [(name: String, value: String)] {
        var missing: [(name: String, value: String)] = []
        for (request, table) in zip(requests, tables) {
            guard table.indexOfKey.keys.allSatisfy({ $0.contains(.otherValue) }) else { continue }
            for case .value(let column, let text) in request { missing.append((column.name, text)) }
        }
        return missing
    }

    /// Returns a slice's value as it is reported: the text of an interval, and the value itself where one is meant.
    static func reported(_ value: SliceValue, of column: Column) -> SliceValue {
        switch (column, value) {
        case (.intervals(_, let intervals), .integer(let index)): .text(intervals.text(of: Int(index)))
        case (.value(_, let text), _): text.isEmpty ? .missing : SliceValue(text: text)
        default: value
        }
    }

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
        let shown = ordered.indices.filter { !ordered[$0].values.contains(.otherValue) }
        var figures: [Figures] = shown.map { place in
            let slice = sums[place]
            var rest = before[place]
            rest.merge(after[sums.count - 1 - place])
            let mean = slice.losses.mean(isWeighted: hasWeights), error = slice.losses.standardError(isWeighted: hasWeights)
            let restError = rest.losses.standardError(isWeighted: hasWeights)
            let difference = mean - rest.losses.mean(isWeighted: hasWeights)
            let differenceError = (error * error + restError * restError).squareRoot()
            let pValue = differenceError > 0 ? NormalDistribution.twoSided(difference / differenceError) : .nan
            return Figures(
                values: zip(requests[index], ordered[place].values).map { (column: $0, value: Self.reported($1, of: $0)) },
                rowCount: slice.losses.count, invalidCount: slice.invalidCount,
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
// in ascending order of their values: the values (SliceValue below); the losses (WeightedMoments.swift); and two varints, the numbers of right rows
// and of invalid ones. Slices that are too many have no partial that is written.
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
                bytes.append(varint: sums.invalidCount)
            }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        missingColumns = []
        for index in tables.indices {
            var table = Table()
            guard try reader.bytes(1).first == 0 else { throw .damaged("there are more than \(Self.limit) slices") }
            for _ in 0..<(try reader.varintCount(leastByteCount: 32)) {
                var key: [SliceValue] = []
                for _ in requests[index] { key.append(try SliceValue(&reader)) }
                guard let place = table.index(of: key, hash: Self.hash(key)) else { throw .damaged("there are more than \(Self.limit) slices") }
                var sums = Sums()
                sums.losses = try WeightedMoments(&reader)
                sums.correctCount = try reader.varint()
                sums.invalidCount = try reader.varint()
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
            for _ in 0..<(try reader.varintCount(leastByteCount: 1)) { request.append(try Column(&reader)) }
            requests.append(request)
        }
        do throws(SpecificationError) { return try Slices(specification, by: requests) } catch { throw .unknownSettings(tag) }
    }
}

extension Slices.Column {
    /// Takes a column as `Slices.configuration` has it.
    fileprivate init(_ reader: inout SectionReader) throws(PartialError) {
        func text() throws(PartialError) -> String {
            let bytes = try reader.bytes(try reader.varintCount(leastByteCount: 1))
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .unknownSettings(Slices.tag) }
            return text
        }
        switch try reader.bytes(1).first {
        case 1: self = .label
        case 2: self = .predicted
        case 3: self = .companion(try text())
        case 4: self = .column(try text())
        case 5:
            var edges: [Double] = []
            for _ in 0..<(try reader.varintCount(leastByteCount: 8)) { edges.append(try reader.double()) }
            self = .intervals(of: try Self.whole(&reader), ValueIntervals(edges))
        case 6:
            let value = try text()
            self = .value(of: try Self.whole(&reader), value)
        default: throw .unknownSettings(Slices.tag)
        }
    }

    private static func whole(_ reader: inout SectionReader) throws(PartialError) -> Slices.Column {
        let column = try Self(&reader)
        guard column == column.whole else { throw .unknownSettings(Slices.tag) }
        return column
    }
}

extension SliceValue {
    /// Appends one byte, the kind: 1 a whole number, 2 one of 2^63 or more, 3 another number, 4 a text, 5 no value, 6 another value than
    /// those that are meant; then eight bytes, or a varint and as many bytes of text, or nothing.
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
        case .otherValue: bytes.append(6)
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
        case 6: self = .otherValue
        default: throw .damaged("a value is of no kind")
        }
    }
}
