internal import CXXHash
internal import Scoring

extension FuzzTarget {
    /// Partials: the bytes between the version and the checksum, which is computed here, since no fuzzer finds one. What is decoded encodes
    /// to the same bytes, and merged with itself it is itself, or refused.
    static let partial = FuzzTarget(
        name: "Partial",
        run: { body in
            var bytes = Array("XENTPART".utf8) + [2, 0, 0, 0, 0, 0, 0, 0] + Array(body)
            let checksum = bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * UInt64($0))) }
            do throws(PartialError) {
                let partial = try Partial(decoding: bytes)
                precondition(partial.encoded() == bytes, "what was decoded encodes to other bytes")
                let merged = try Partial.merging([partial, partial], sameShard: .once).partial
                precondition(merged == partial, "merged with itself it is another")
            } catch {
                precondition(!error.description.isEmpty)
            }
        },
        seeds: {
            let dump = DumpIdentity(high: 1, low: 2)
            let places: [PartPlace] = [
                .unplaced, .placed(dump: dump, unit: .rows, ranges: [0..<3, 5..<9]), .placed(dump: dump, unit: .bytes, ranges: [128..<256]),
            ]
            let specifications = [
                try? LossSpecification(task: .likelihood, input: .logProbabilities),
                try? LossSpecification(task: .multiclass, input: .probabilities, dialects: [.exact, .sklearn]),
            ].compactMap { $0 }
            return specifications.flatMap { specification in
                places.map { place in
                    let partial = Partial(
                        specification: specification, classCount: 2, place: place,
                        observers: [LossTotals(specification), TokenSums(), InvalidRows(), InputWarnings()])
                    return Array(partial.encoded().dropFirst(16).dropLast(8))
                }
            }
        })
}
