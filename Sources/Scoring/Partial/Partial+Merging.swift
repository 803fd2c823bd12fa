/// The result of a merge.
public struct PartialMerge: Sendable {
    /// All parts together.
    public let partial: Partial
    /// For each of the partials that were merged, the number of its parts that were dropped because an earlier one had them.
    public let repeatedCounts: [Int]
}

/// A part and the index of the partial that it came with.
struct SourcedPart {
    let part: Partial.Part
    let source: Int
}

extension Partial {
    /// Merges partials. The result depends on the set of their parts alone: merging is associative and commutative, to the bit.
    ///
    /// - Two parts of the same place with equal content count once.
    /// - Two parts without a place, or one with and one without, that have rows and equal content are an error unless `sameShard` says how
    ///   often they count. Equal ones without rows count once.
    /// - Other parts that share rows of a dump are an error that names both.
    ///
    /// O(n log n) in the number of parts, and memory in proportion to it.
    ///
    /// - Parameters:
    ///   - partials: at least one.
    ///   - sameShard: how often a part without a place counts that has the content of another.
    /// - Throws: `PartialError`, with the indices of the partials at fault.
    public static func merging(_ partials: [Partial], sameShard: SameShard? = nil) throws(PartialError) -> PartialMerge {
        let partials = leavingOutSections(partials)
        guard let first = partials.first else {
            throw PartialError(kind: .nothingToMerge, problem: "there is nothing to merge", found: "no partials", remedy: .givePartials)
        }
        for (index, partial) in partials.enumerated() { try first.checkHead(partial, index) }
        var all: [SourcedPart] = []
        for (index, partial) in partials.enumerated() {
            for part in partial.parts { all.append(SourcedPart(part: part, source: index)) }
        }
        // Equal ones in the order of the partials, so that it is a later one that is said to be repeated.
        all.sort { $0.part == $1.part ? $0.source < $1.source : $0.part.isBefore($1.part) }
        var repeatedCounts = [Int](repeating: 0, count: partials.count)
        let kept = try deduplicated(all, sameShard, &repeatedCounts)
        try checkPlaces(kept)
        let merged = Partial(
            specification: first.specification, classCount: first.classCount, observers: first.observers, prototypes: first.prototypes,
            parts: kept.map(\.part))
        return PartialMerge(partial: merged, repeatedCounts: repeatedCounts)
    }

    /// Adds the parts of `other`, as `merging(_:sameShard:)` does. O(n log n): to merge many, give them to `merging(_:sameShard:)` at once.
    ///
    /// - Returns: the number of parts of `other` that were dropped because they were here.
    /// - Throws: `PartialError`; nothing is changed then. In its indices 0 stands for `self` and 1 for `other`.
    public mutating func merge(_ other: Partial, sameShard: SameShard? = nil) throws(PartialError) -> Int {
        let result = try Self.merging([self, other], sameShard: sameShard)
        self = result.partial
        return result.repeatedCounts[1]
    }

    /// The partial with all parts of a dump that have a place as one, their figures added up. Parts without a place stay as they are.
    ///
    /// It is smaller where figures are large. A part that is merged in again is found all the same, and is then an error
    /// (`.overlappingPlaces`), since its content cannot be told any more. O(parts).
    ///
    /// - Throws: `PartialError` (`.unknownObserver`) where a figure is not known, and errors of the observers' own.
    public func coalesced() throws(PartialError) -> Partial {
        if let tag = unknownTags.first { throw Self.unknown(tag) }
        var result: [Part] = []
        var start = parts.startIndex
        while start < parts.endIndex {
            guard case .placed(let dump, let unit, _) = parts[start].place else {
                result.append(parts[start])
                start += 1
                continue
            }
            var end = start
            var covered: [Range<UInt64>] = []
            while end < parts.endIndex, case .placed(dump, unit, let ranges) = parts[end].place {
                covered += ranges
                end += 1
            }
            let group = Partial(
                specification: specification, classCount: classCount, observers: observers, prototypes: prototypes,
                parts: Array(parts[start..<end]))
            let whole = Partial(
                specification: specification, classCount: classCount, place: .placed(dump: dump, unit: unit, ranges: covered),
                observers: try group.totals)
            // Counts that no file of ours holds can add up to a state that cannot be read again.
            _ = try whole.totals
            result += whole.parts
            start = end
        }
        var partial = self
        partial.parts = result
        return partial
    }

    /// Returns the partials without the optional sections (`RowObserver.isOptional`) that some of them lack.
    private static func leavingOutSections(_ partials: [Partial]) -> [Partial] {
        let optional = Set(partials.flatMap(\.prototypes).compactMap { $0?.isOptional == true ? $0?.tag : nil })
        let missing = optional.filter { tag in !partials.allSatisfy { $0.observers.contains { $0.tag == tag } } }
        guard !missing.isEmpty else { return partials }
        return partials.map { partial in
            let kept = partial.observers.indices.filter { !missing.contains(partial.observers[$0].tag) }
            guard kept.count < partial.observers.count else { return partial }
            let parts = partial.parts.map { part in
                let sections = part.sections
                var content: [UInt8] = []
                for index in kept {
                    content.append(littleEndian: UInt64(sections[index].count))
                    content += sections[index]
                }
                return Part(place: part.place, content: content[...], rowCount: part.rowCount)
            }
            return Partial(
                specification: partial.specification, classCount: partial.classCount, observers: kept.map { partial.observers[$0] },
                prototypes: kept.map { partial.prototypes[$0] }, parts: parts)
        }
    }

    private func checkHead(_ other: Partial, _ index: Int) throws(PartialError) {
        guard other.specification == specification, other.classCount == classCount else {
            throw PartialError(
                kind: .otherLoss, problem: "the partials are of different losses",
                found: "\(other.specification.canonicalText), \(other.classCount) values a row",
                allowed: "\(specification.canonicalText), \(classCount) values a row", remedy: .mergeOneLoss
            ).naming(0, index)
        }
        guard other.observers != observers else { return }
        let tags = Set(observers.map(\.tag)), otherTags = Set(other.observers.map(\.tag))
        let differing = tags.symmetricDifference(otherTags).sorted()
        if differing.isEmpty {
            let changed = Set(observers).symmetricDifference(other.observers).map(\.tag)
            throw PartialError(
                kind: .otherObservers, problem: "the partials have figures of different settings",
                found: "other settings of \(Set(changed).sorted().joined(separator: ", "))", remedy: .askForSameFigures
            ).naming(0, index).telling(Set(changed).sorted())
        }
        throw PartialError(
            kind: .otherObservers, problem: "the partials have different figures",
            found: "\(differing.joined(separator: ", ")) in one of them only", remedy: .askForSameFigures
        ).naming(0, index).telling(differing)
    }

    /// Leaves out parts that are there already. `all` is in order.
    private static func deduplicated(
        _ all: [SourcedPart], _ sameShard: SameShard?, _ repeatedCounts: inout [Int]
    ) throws(PartialError) -> [SourcedPart] {
        var kept: [SourcedPart] = []
        for next in all {
            guard let last = kept.last, last.part.place == next.part.place else {
                kept.append(next)
                continue
            }
            if case .placed = next.part.place {
                guard last.part.content == next.part.content else {
                    throw PartialError(
                        kind: .conflictingContent, problem: "two parts are of the same rows and differ", found: "\(next.part.place) twice",
                        remedy: .evaluateBothAgain
                    ).naming(last.source, next.source)
                }
            } else if last.part.content != next.part.content || sameShard == .each {
                kept.append(next)
                continue
            } else if sameShard == nil, next.part.hasRows {
                throw equalShards(last, next)
            }
            repeatedCounts[next.source] += 1
        }
        return try withoutPlacedAgain(kept, sameShard, &repeatedCounts)
    }

    /// Leaves out parts without a place whose content a part with a place has.
    private static func withoutPlacedAgain(
        _ parts: [SourcedPart], _ sameShard: SameShard?, _ repeatedCounts: inout [Int]
    ) throws(PartialError) -> [SourcedPart] {
        let unplacedCount = parts.firstIndex { $0.part.place != .unplaced } ?? parts.count
        guard sameShard != .each, unplacedCount > 0, unplacedCount < parts.count else { return parts }
        var placedOfContent: [ArraySlice<UInt8>: SourcedPart] = [:]
        for part in parts[unplacedCount...] where part.part.hasRows { placedOfContent[part.part.content] = part }
        var kept: [SourcedPart] = []
        for part in parts {
            guard part.part.place == .unplaced, let placed = placedOfContent[part.part.content] else {
                kept.append(part)
                continue
            }
            guard sameShard == .once else { throw equalShards(placed, part) }
            repeatedCounts[part.source] += 1
        }
        return kept
    }

    private static func equalShards(_ one: SourcedPart, _ other: SourcedPart) -> PartialError {
        PartialError(
            kind: .equalShards, problem: "two shards are equal",
            found: (other.part.rowCount.map { "\($0) rows" } ?? "rows") + " with equal labels and losses",
            allowed: "shards that differ in a row", remedy: .placeOrCount
        ).naming(one.source, other.source)
    }

    /// Throws where two of the parts, which are in order, share rows of a dump. O(n log n) in the number of ranges.
    static func checkPlaces(_ parts: [SourcedPart]) throws(PartialError) {
        var start = parts.startIndex
        while start < parts.endIndex {
            guard case .placed(let dump, let unit, _) = parts[start].part.place else {
                start += 1
                continue
            }
            var spans: [(range: Range<UInt64>, index: Int)] = []
            var end = start
            while end < parts.endIndex, case .placed(dump, let otherUnit, let ranges) = parts[end].part.place {
                // Bytes and rows cannot be compared.
                guard otherUnit == unit else { throw overlap(parts[start], parts[end]) }
                // Parts of no rows have one place.
                if end > start, parts[end].part.place == parts[end - 1].part.place { throw overlap(parts[end - 1], parts[end]) }
                for range in ranges { spans.append((range, end)) }
                end += 1
            }
            spans.sort { ($0.range.lowerBound, $0.index) < ($1.range.lowerBound, $1.index) }
            // Up to the first overlap ends ascend, so that it is one of neighbours.
            for (one, other) in zip(spans, spans.dropFirst()) where other.range.lowerBound < one.range.upperBound {
                throw overlap(parts[one.index], parts[other.index])
            }
            start = end
        }
    }

    private static func overlap(_ one: SourcedPart, _ other: SourcedPart) -> PartialError {
        PartialError(
            kind: .overlappingPlaces, problem: "two parts share rows, or may share some",
            found: "\(one.part.place), and \(other.part.place)", remedy: .leaveOneOut
        ).naming(one.source, other.source)
    }
}

extension Partial.Part {
    /// True if the part may have rows.
    fileprivate var hasRows: Bool { rowCount != 0 }

    /// The order of parts: by place, and parts without one by content.
    func isBefore(_ other: Partial.Part) -> Bool {
        if place != other.place { return place < other.place }
        return content.lexicographicallyPrecedes(other.content)
    }
}

extension PartialError {
    /// The error with the partials that are at fault.
    fileprivate func naming(_ one: Int, _ other: Int) -> PartialError {
        var error = self
        error.partialIndices = one == other ? [one] : [min(one, other), max(one, other)]
        return error
    }

    /// The error with the tags of the figures in which partials differ.
    fileprivate func telling(_ tags: [String]) -> PartialError {
        var error = self
        error.differingTags = tags
        return error
    }
}
