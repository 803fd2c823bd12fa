internal import CXXHash
internal import Scoring

extension ShardPlan {
    /// Hashes everything but the paths of files and the warnings: XXH3 (128 bits) of the parts of the plan in their order, each number as
    /// eight bytes with the least significant first, each text after the number of its bytes.
    static func identity(
        version: String, specification: LossSpecification, classCount: Int, rowCount: Int, arguments: [String], columns: Report.Columns,
        inputs: [Input], shards: [Part]
    ) -> DumpIdentity {
        var bytes: [UInt8] = []
        func append(_ number: Int) { bytes.append(littleEndian: UInt64(bitPattern: Int64(number))) }
        func append(_ texts: [String]) {
            append(texts.count)
            for text in texts { bytes.append(text: text) }
        }
        func append(_ range: Range<Int>?) {
            append(range == nil ? 0 : 1)
            append(range?.lowerBound ?? 0)
            append(range?.upperBound ?? 0)
        }
        append(formatVersion)
        bytes.append(text: version)
        bytes.append(text: specification.canonicalText)
        append(classCount)
        append(rowCount)
        append(arguments)
        for names in [
            columns.predictions, columns.predictionClasses, columns.labels, columns.weights, columns.text, columns.counts ?? [],
            columns.identifiers, columns.classNames ?? [],
        ] { append(names) }
        append((columns.counts == nil ? 0 : 1) | (columns.classNames == nil ? 0 : 2) | (columns.shiftedLabels == true ? 4 : 0))
        append(columns.classAxis.map { [String($0)] } ?? [])
        append(inputs.count)
        for input in inputs {
            bytes.append(text: input.role.rawValue)
            bytes.append(littleEndian: input.content.byteCount)
            bytes.append(littleEndian: input.content.beginningHash)
            bytes.append(littleEndian: input.content.endHash)
            append(input.content.indexHash == nil ? 0 : 1)
            bytes.append(littleEndian: input.content.indexHash ?? 0)
            append(input.content.etag.map { [$0] } ?? [])
            append(input.rows)
        }
        append(shards.count)
        for shard in shards {
            append(shard.rows)
            append(shard.window?.bytes)
            for number in [shard.window?.input, shard.window?.rowsBefore, shard.window?.linesBefore] { append(number ?? 0) }
        }
        let hash = bytes.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
        return DumpIdentity(high: hash.high64, low: hash.low64)
    }
}
