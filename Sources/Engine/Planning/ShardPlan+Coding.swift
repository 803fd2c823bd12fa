internal import Messages
internal import Scoring

extension ShardPlan: Codable {
    private enum Key: String, CodingKey {
        case format = "xent_plan"
        case id, xent, loss, classes, rows, options, columns, notices, inputs, shards
        case classWeights = "class_weights"
    }

    /// Writes the plan.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Self.formatVersion, forKey: .format)
        try container.encode(id.description, forKey: .id)
        try container.encode(version, forKey: .xent)
        try container.encode(specification.canonicalText, forKey: .loss)
        try container.encode(classCount, forKey: .classes)
        try container.encode(rowCount, forKey: .rows)
        try container.encodeIfPresent(specification.modifiers.classWeights, forKey: .classWeights)
        try container.encode(arguments, forKey: .options)
        try container.encode(columns, forKey: .columns)
        try container.encode(notices, forKey: .notices)
        try container.encode(inputs, forKey: .inputs)
        try container.encode(shards, forKey: .shards)
    }

    /// Reads a plan, and checks all of it.
    ///
    /// - Throws: `Fault` for a plan whose parts do not fit together or that is of another version, and the decoder's errors.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let format = try container.decode(Int.self, forKey: .format)
        guard format == Self.formatVersion else {
            throw Fault("it is a plan of version \(format), and this xent knows version \(Self.formatVersion)")
        }
        let loss = try container.decode(String.self, forKey: .loss)
        guard let specification = LossSpecification(canonicalText: loss), specification.canonicalText == loss else {
            throw Fault("its loss is not known: '\(QuotedBytes.short(loss))'")
        }
        let weights = try container.decodeIfPresent([Double].self, forKey: .classWeights)
        guard weights == specification.modifiers.classWeights else { throw Fault("its class weights are not those of its loss") }
        try self.init(
            version: try container.decode(String.self, forKey: .xent), specification: specification,
            classCount: try container.decode(Int.self, forKey: .classes), rowCount: try container.decode(Int.self, forKey: .rows),
            arguments: try container.decode([String].self, forKey: .options),
            columns: try container.decode(Report.Columns.self, forKey: .columns),
            notices: try container.decode([Notice].self, forKey: .notices),
            inputs: try container.decode([Input].self, forKey: .inputs), shards: try container.decode([Part].self, forKey: .shards))
        let written = try container.decode(String.self, forKey: .id)
        guard written == id.description else {
            throw Fault("its id is \(QuotedBytes.short(written)), and its content has the id \(id): it was damaged, or changed by hand")
        }
    }

    /// Reads two numbers as a range.
    fileprivate static func range(_ numbers: [Int], _ what: String) throws(Fault) -> Range<Int> {
        guard numbers.count == 2, numbers[0] >= 0, numbers[0] <= numbers[1] else {
            throw Fault("\(what) are \(QuotedBytes.short("\(numbers.prefix(4))")), which is no range")
        }
        return numbers[0]..<numbers[1]
    }
}

extension ShardPlan.Input: Codable {
    private enum Key: String, CodingKey { case role, path, bytes, beginning, end, index, etag, rows }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(role, forKey: .role)
        try container.encode(path, forKey: .path)
        try container.encode(content.byteCount, forKey: .bytes)
        try container.encode(content.beginningHash.hexadecimal, forKey: .beginning)
        try container.encode(content.endHash.hexadecimal, forKey: .end)
        try container.encodeIfPresent(content.indexHash?.hexadecimal, forKey: .index)
        try container.encodeIfPresent(content.etag, forKey: .etag)
        try container.encodeIfPresent(rows.map { [$0.lowerBound, $0.upperBound] }, forKey: .rows)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func hash(_ key: Key) throws -> UInt64? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard text.utf8.count == 16, let number = UInt64(text, radix: 16), number.hexadecimal == text else {
                throw ShardPlan.Fault("'\(QuotedBytes.short(text))' is no hash of 16 hexadecimal digits")
            }
            return number
        }
        guard let beginning = try hash(.beginning), let end = try hash(.end) else { throw ShardPlan.Fault("a file has no hash") }
        role = try container.decode(Report.Input.Role.self, forKey: .role)
        path = try container.decode(String.self, forKey: .path)
        content = PlannedContent(
            byteCount: try container.decode(UInt64.self, forKey: .bytes), beginningHash: beginning, endHash: end,
            indexHash: try hash(.index), etag: try container.decodeIfPresent(String.self, forKey: .etag))
        rows = try container.decodeIfPresent([Int].self, forKey: .rows).map { try ShardPlan.range($0, "the rows of a file") }
    }
}

extension ShardPlan.Part: Codable {
    private enum Key: String, CodingKey {
        case rows, input, bytes
        case rowsBefore = "rows_before"
        case linesBefore = "lines_before"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode([rows.lowerBound, rows.upperBound], forKey: .rows)
        guard let window else { return }
        try container.encode(window.input, forKey: .input)
        try container.encode([window.bytes.lowerBound, window.bytes.upperBound], forKey: .bytes)
        try container.encode(window.rowsBefore, forKey: .rowsBefore)
        try container.encode(window.linesBefore, forKey: .linesBefore)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        rows = try ShardPlan.range(try container.decode([Int].self, forKey: .rows), "the rows of a shard")
        guard let bytes = try container.decodeIfPresent([Int].self, forKey: .bytes) else {
            window = nil
            return
        }
        window = ShardPlan.Window(
            input: try container.decode(Int.self, forKey: .input), bytes: try ShardPlan.range(bytes, "the bytes of a shard"),
            rowsBefore: try container.decode(Int.self, forKey: .rowsBefore),
            linesBefore: try container.decode(Int.self, forKey: .linesBefore))
    }
}
