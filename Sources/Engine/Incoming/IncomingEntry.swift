internal import Scoring

/// The record of a file that was scored: its identity, the place of its rows, and the state of its figures.
struct IncomingEntry: Sendable {
    /// A file that was read, in its role.
    struct Source: Sendable, Equatable {
        let role: Report.Input.Role
        /// The path as it was given.
        let path: String
        let identity: InputIdentity
    }

    /// The file of predictions, and those of labels, weights, clusters and groups that belong to it.
    let sources: [Source]
    /// The files as reports list them.
    let inputs: [Report.Input]
    /// The number of the file's first row among the rows of all files, in the order in which they were scored.
    let firstRow: UInt64
    /// The number of its rows.
    let rowCount: UInt64
    /// The bytes of its partial.
    let partial: [UInt8]

    /// The path of the predictions, by which the entry is found.
    var path: String { sources.first?.path ?? "" }

    // MARK: Bytes

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt64(sources.count))
        for source in sources {
            bytes.append(text: source.role.rawValue)
            bytes.append(text: source.path)
            source.identity.encode(into: &bytes)
        }
        bytes.append(littleEndian: UInt64(inputs.count))
        for input in inputs {
            for text in [input.role.rawValue, input.path, input.format, input.compression ?? ""] { bytes.append(text: text) }
            bytes.append(littleEndian: UInt64(clamping: input.bytes))
            bytes.append(littleEndian: UInt64(clamping: input.frames.map { $0 + 1 } ?? 0))
        }
        bytes.append(littleEndian: firstRow)
        bytes.append(littleEndian: rowCount)
        bytes.append(littleEndian: UInt64(partial.count))
        bytes += partial
    }

    /// Reads what `encode(into:)` wrote.
    init(_ reader: inout SectionReader) throws(PartialError) {
        func role(_ text: String) throws(PartialError) -> Report.Input.Role {
            guard let role = Report.Input.Role(rawValue: text) else { throw .damaged("a file has the role '\(text)'") }
            return role
        }
        var sources: [Source] = []
        for _ in 0..<(try reader.count(leastByteCount: 16 + InputIdentity.encodedByteCount)) {
            sources.append(Source(role: try role(try reader.text()), path: try reader.text(), identity: try InputIdentity(&reader)))
        }
        guard !sources.isEmpty else { throw .damaged("an entry has no file") }
        var inputs: [Report.Input] = []
        for _ in 0..<(try reader.count(leastByteCount: 48)) {
            let role = try role(try reader.text())
            let (path, format, compression) = (try reader.text(), try reader.text(), try reader.text())
            let (byteCount, frames) = (try reader.unsigned(), try reader.unsigned())
            inputs.append(
                Report.Input(
                    role: role, path: path, bytes: Int(clamping: byteCount), format: format, compression: compression.isEmpty ? nil : compression,
                    frames: frames == 0 ? nil : Int(clamping: frames - 1)))
        }
        self.sources = sources
        self.inputs = inputs
        firstRow = try reader.unsigned()
        rowCount = try reader.unsigned()
        guard !firstRow.addingReportingOverflow(rowCount).overflow else { throw .damaged("a file has \(rowCount) rows") }
        partial = Array(try reader.bytes(try reader.count(leastByteCount: 1)))
    }

    init(sources: [Source], inputs: [Report.Input], firstRow: UInt64, rowCount: UInt64, partial: [UInt8]) {
        self.sources = sources
        self.inputs = inputs
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.partial = partial
    }
}
