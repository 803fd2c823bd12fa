internal import CXXHash
internal import Outputs
package import Scoring

// The format, version 1, stands in CheckpointFormat.md.
extension Checkpoint {
    /// The first bytes of every checkpoint.
    package static let magic = Array("XENTCKPT".utf8)
    private static let version: UInt64 = 1

    /// The reason why bytes are not a checkpoint that can be used.
    public enum Fault: Error, Sendable, Equatable {
        /// The bytes are something else.
        case notACheckpoint
        /// The bytes are those of a checkpoint of another version of the format.
        case otherVersion(UInt64)
        /// The bytes are those of a checkpoint that is not whole, in words.
        case damaged(String)
    }

    /// The checkpoint as the bytes of a file.
    public func encoded() -> [UInt8] {
        var bytes = Self.magic
        func append(_ number: Int) { bytes.append(littleEndian: UInt64(number)) }
        func append(_ number: UInt64) { bytes.append(littleEndian: number) }
        func append(_ content: [UInt8]) {
            append(content.count)
            bytes += content
        }
        func append(_ set: UnitSet) {
            append(set.words.count)
            for word in set.words { append(word) }
        }
        append(Self.version)
        bytes.append(text: xentVersion)
        append(cutVersion)
        append(settings.count)
        for setting in settings {
            bytes.append(text: setting.name)
            bytes.append(text: setting.value)
        }
        append(inputs.count)
        for input in inputs {
            bytes.append(text: input.role)
            bytes.append(text: input.path)
            input.identity.encode(into: &bytes)
        }
        append(reading.flags)
        append(reading.warnings.count)
        for warning in reading.warnings { bytes.append(text: warning) }
        append(unitCount.map { UInt64($0) } ?? .max)
        append(finished)
        append(seams.count)
        for seam in seams {
            append(seam.unit)
            append(seam.state.rawValue)
            append(seam.bytes)
        }
        append(resumePoint == nil ? 0 : 1)
        if let resumePoint {
            append(resumePoint.piece)
            append(resumePoint.decodedByteCount)
            append(resumePoint.state)
        }
        append(observers.count)
        for observer in observers {
            bytes.append(text: observer.tag)
            append(observer.configuration)
            append(observer.section)
        }
        append(invalidRows.count)
        for row in invalidRows {
            append(row.order)
            append(row.row)
            append(row.line ?? 0)
            append(row.path == nil ? 0 : 1)
            bytes.append(text: row.path ?? "")
            bytes.append(text: row.problem)
        }
        append(lookedUpRows.count)
        for (column, rows) in lookedUpRows.sorted(by: { $0.key < $1.key }) {
            append(column)
            append(rows)
        }
        append(decodedByteCount)
        append(totalByteCount.map { UInt64($0) } ?? .max)
        append(resumeCount)
        append(seconds.bitPattern)
        append(UInt64(bitPattern: started.seconds))
        append(UInt64(bitPattern: written.seconds))
        append(Self.hash(bytes[...]))
        return bytes
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
    }

    /// Reads the bytes of a file that `encoded()` made, and refuses any others. Allocates in proportion to the number of bytes at the most.
    ///
    /// - Throws: `Fault`.
    public init(decoding bytes: [UInt8]) throws(Fault) {
        // The beginning of a checkpoint that never got further is a damaged one.
        guard bytes.starts(with: Self.magic) || Self.magic.starts(with: bytes) else { throw .notACheckpoint }
        guard bytes.count >= Self.magic.count + 16 else { throw .damaged("it ends after \(bytes.count) bytes") }
        var reader = SectionReader(bytes[Self.magic.count...].dropLast(8))
        var end = SectionReader(bytes.suffix(8))
        let version: UInt64
        do throws(PartialError) {
            version = try reader.unsigned()
            guard try end.unsigned() == Self.hash(bytes.dropLast(8)) else {
                throw PartialError.damaged("its checksum does not match")
            }
        } catch {
            throw .damaged(error.found)
        }
        guard version == Self.version else { throw .otherVersion(version) }
        do throws(PartialError) { try self.init(&reader) } catch { throw .damaged(error.found) }
    }

    private init(_ reader: inout SectionReader) throws(PartialError) {
        self.init()
        func number(_ reader: inout SectionReader) throws(PartialError) -> Int {
            guard let number = Int(exactly: try reader.unsigned()) else { throw .damaged("a number is 2^63 or more") }
            return number
        }
        func content(_ reader: inout SectionReader) throws(PartialError) -> [UInt8] {
            Array(try reader.bytes(try reader.count(leastByteCount: 1)))
        }
        func set(_ reader: inout SectionReader) throws(PartialError) -> UnitSet {
            var words: [UInt64] = []
            for _ in 0..<(try reader.count(leastByteCount: 8)) { words.append(try reader.unsigned()) }
            guard let set = UnitSet(words: words) else { throw .damaged("a set of numbers ends in zeros") }
            return set
        }
        func flag(_ reader: inout SectionReader) throws(PartialError) -> Bool {
            let number = try reader.unsigned()
            guard number <= 1 else { throw .damaged("a flag is \(number)") }
            return number == 1
        }
        func optional(_ reader: inout SectionReader) throws(PartialError) -> Int? {
            let number = try reader.unsigned()
            guard number != .max else { return nil }
            guard let number = Int(exactly: number) else { throw .damaged("a number is 2^63 or more") }
            return number
        }
        xentVersion = try reader.text()
        cutVersion = try reader.unsigned()
        for _ in 0..<(try reader.count(leastByteCount: 16)) { settings.append(Setting(name: try reader.text(), value: try reader.text())) }
        for _ in 0..<(try reader.count(leastByteCount: 16 + InputIdentity.encodedByteCount)) {
            inputs.append(Input(role: try reader.text(), path: try reader.text(), identity: try InputIdentity(&reader)))
        }
        reading.flags = try reader.unsigned()
        for _ in 0..<(try reader.count(leastByteCount: 8)) { reading.warnings.append(try reader.text()) }
        unitCount = try optional(&reader)
        finished = try set(&reader)
        for _ in 0..<(try reader.count(leastByteCount: 24)) {
            let unit = try number(&reader), code = try reader.unsigned()
            guard let state = SplitRowStore.Seam.State(rawValue: code) else { throw .damaged("a row over two units has the state \(code)") }
            let seam = SplitRowStore.Seam(unit: unit, state: state, bytes: try content(&reader))
            guard unit > 0, seams.last.map({ $0.unit < unit }) ?? true else { throw .damaged("rows over two units are not in order") }
            // The side that is done must be, and the other must not, or the row would be lost or scored twice.
            let isBefore = state == .beginningWaits || state == .scoredWithUnitBefore
            guard finished.contains(unit - 1) == isBefore, finished.contains(unit) != isBefore else {
                throw .damaged("a row over two units belongs to none that is finished")
            }
            seams.append(seam)
        }
        if try flag(&reader) {
            let piece = try number(&reader), decodedByteCount = try number(&reader)
            resumePoint = ResumePoint(piece: piece, state: try content(&reader), decodedByteCount: decodedByteCount)
            guard piece <= finished.lowestMissing else { throw .damaged("pieces before the point to resume at are not finished") }
        }
        for _ in 0..<(try reader.count(leastByteCount: 24)) {
            observers.append(ObserverState(tag: try reader.text(), configuration: try content(&reader), section: try content(&reader)))
        }
        let invalidCount = try reader.count(leastByteCount: 48)
        guard invalidCount <= InvalidRows.limit else { throw .damaged("\(invalidCount) invalid rows are described") }
        for _ in 0..<invalidCount {
            let order = try number(&reader), row = try number(&reader), line = try number(&reader)
            let hasPath = try flag(&reader), path = try reader.text()
            guard hasPath || path.isEmpty else { throw .damaged("an invalid row has a path and none") }
            invalidRows.append(
                InvalidRow(path: hasPath ? path : nil, row: row, line: line == 0 ? nil : line, problem: try reader.text(), order: order))
        }
        var lastColumn = -1
        for _ in 0..<(try reader.count(leastByteCount: 16)) {
            let column = try number(&reader)
            guard column > lastColumn else { throw .damaged("columns are not in order") }
            lookedUpRows[column] = try set(&reader)
            lastColumn = column
        }
        decodedByteCount = try number(&reader)
        totalByteCount = try optional(&reader)
        resumeCount = try number(&reader)
        seconds = try reader.double()
        guard seconds >= 0, seconds < .infinity else { throw .damaged("the time that it took is no number") }
        started = Timestamp(seconds: Int64(bitPattern: try reader.unsigned()))
        written = Timestamp(seconds: Int64(bitPattern: try reader.unsigned()))
        try reader.expectEnd()
    }
}

extension Checkpoint {
    /// Puts the work of a run in.
    package mutating func take(_ work: FinishedWork) {
        finished = work.finished
        seams = work.seams
        resumePoint = work.resumePoint
        lookedUpRows = work.lookedUpRows
        observers = work.observers.map { ObserverState(tag: $0.tag, configuration: $0.configuration, section: $0.encoded) }
        invalidRows = work.observers.first(InvalidRows.self)?.first ?? []
    }

    /// The work that the checkpoint holds, for observers that start from these.
    ///
    /// - Throws: `PartialError` if the states are not those of these observers.
    package func work(_ prototypes: [any RowObserver]) throws(PartialError) -> FinishedWork {
        guard observers.count == prototypes.count else {
            throw .damaged("it has \(observers.count) figures, and \(prototypes.count) are asked for")
        }
        var states: [any RowObserver] = []
        for (prototype, state) in zip(prototypes, observers) { states.append(try Self.decoded(prototype, state, invalidRows)) }
        var work = FinishedWork(observers: states)
        work.finished = finished
        work.seams = seams
        work.resumePoint = resumePoint
        work.lookedUpRows = lookedUpRows
        return work
    }

    private static func decoded(
        _ prototype: some RowObserver, _ state: ObserverState, _ invalidRows: [InvalidRow]
    ) throws(PartialError) -> any RowObserver {
        guard prototype.tag == state.tag, prototype.configuration == state.configuration else {
            throw .damaged("it has the figure \(state.tag) in the place of \(prototype.tag)")
        }
        var observer = prototype
        try observer.decode(from: state.section[...])
        guard observer.encoded == state.section else { throw .damaged("figure \(state.tag) is not in canonical form") }
        // The section has no places: they are described again.
        if var rows = observer as? InvalidRows {
            for row in invalidRows { rows.describe(row) }
            guard rows.encoded == state.section else { throw .damaged("other invalid rows are described than there are") }
            return rows
        }
        return observer
    }
}
