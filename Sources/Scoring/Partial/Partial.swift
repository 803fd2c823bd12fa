/// The mergeable state of an evaluation: the loss, and for each part of the rows its place and the states of all figures.
///
/// The bytes of a partial depend on the rows, the loss and the figures alone: not on threads, frames, compression, paths or time. Merging
/// keeps parts side by side, so that a part that comes twice is found: parts with a place are told apart by it, parts without by their
/// content. A partial holds its parts encoded, a few hundred bytes each in common cases.
///
/// ```swift
/// let partial = Partial(specification: loss, classCount: 10, place: .unplaced, observers: [LossTotals(loss)])
/// let merged = try Partial.merging([partial, try Partial(decoding: bytes)]).partial
/// let mean = try merged.total(LossTotals.self)?.moments[0].meanOverWeight
/// ```
public struct Partial: Sendable {
    /// The loss that was computed.
    public let specification: LossSpecification
    /// The number of values a row; 1 for binary.
    public let classCount: Int
    /// The figures, in ascending order of their tags' bytes.
    public let observers: [ObserverKey]
    /// The parts in their order: unplaced ones by content, then those with a place by it. A part without a place that counts several times
    /// is there as often.
    public internal(set) var parts: [Part]
    /// For each of `observers` one with its configuration, in any state; nil where this version does not know it.
    let prototypes: [(any RowObserver)?]

    /// A part of the rows of an evaluation.
    public struct Part: Sendable, Equatable {
        /// The rows that the part covers. Its ranges are normalized.
        public let place: PartPlace
        /// The sections of the observers in the order of `Partial.observers`, each after its number of bytes. Of a partial that was read they
        /// are a part of its bytes, which all its parts share.
        let content: ArraySlice<UInt8>
        /// The number of rows read, be they scored or not; nil where it is not known, without a section "losses".
        public let rowCount: UInt64?

        /// The sections. The content is known to be whole.
        var sections: [ArraySlice<UInt8>] {
            var sections: [ArraySlice<UInt8>] = []
            var rest = content
            while let byteCount = rest.popUInt64() {
                sections.append(rest.prefix(Int(byteCount)))
                rest = rest.dropFirst(Int(byteCount))
            }
            return sections
        }
    }

    /// A partial of one part.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - classCount: the number of values a row.
    ///   - place: the rows that were scored.
    ///   - observers: the states of the figures after these rows, in any order.
    /// - Precondition: the tags of the observers are different, and each has 1 to 16 printable ASCII bytes without spaces.
    public init(specification: LossSpecification, classCount: Int, place: PartPlace, observers: [any RowObserver]) {
        let sorted = observers.sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
        let keys = sorted.map { ObserverKey($0) }
        precondition(
            keys.allSatisfy { ObserverKey.isTag($0.tag) } && zip(keys, keys.dropFirst()).allSatisfy { $0.tag != $1.tag },
            "Partial: tags of observers are different, and have 1 to 16 printable ASCII bytes")
        self.specification = specification
        self.classCount = classCount
        self.observers = keys
        // Element by element: the conversion of a whole array would search the program for conformances.
        prototypes = sorted.map { Optional.some($0) }
        var content: [UInt8] = []
        for observer in sorted {
            let section = observer.encoded
            content.append(littleEndian: UInt64(section.count))
            content += section
        }
        parts = [Part(place: place.normalized, content: content[...], rowCount: sorted.first(LossTotals.self)?.moments[0].readCount)]
    }

    init(
        specification: LossSpecification, classCount: Int, observers: [ObserverKey], prototypes: [(any RowObserver)?], parts: [Part]
    ) {
        self.specification = specification
        self.classCount = classCount
        self.observers = observers
        self.prototypes = prototypes
        self.parts = parts
    }

    /// The number of rows read in all parts; nil where a part does not know its own. Stays at the largest UInt64.
    public var rowCount: UInt64? {
        var total: UInt64 = 0
        for part in parts {
            guard let count = part.rowCount else { return nil }
            total.addSaturating(count)
        }
        return total
    }

    /// The tags of figures that this version does not know. They are carried along, and cannot be added up.
    public var unknownTags: [String] { zip(observers, prototypes).compactMap { $1 == nil ? $0.tag : nil } }

    /// The figures of all parts together, in the order of `observers`. O(parts).
    ///
    /// - Throws: `PartialError` (`.unknownObserver`) where a figure is not known, and errors of the observers' own.
    public var totals: [any RowObserver] {
        get throws(PartialError) {
            var totals: [any RowObserver] = []
            for (index, prototype) in prototypes.enumerated() {
                guard let prototype else { throw Self.unknown(observers[index].tag) }
                totals.append(try total(prototype, section: index))
            }
            return totals
        }
    }

    /// One figure of all parts together; nil where there is none of that type. O(parts).
    ///
    /// - Throws: `PartialError` of the observer.
    public func total<Observer: RowObserver>(_ type: Observer.Type) throws(PartialError) -> Observer? {
        for (index, prototype) in prototypes.enumerated() {
            if let prototype = prototype as? Observer { return try total(prototype, section: index) }
        }
        return nil
    }

    private func total<Observer: RowObserver>(_ prototype: Observer, section: Int) throws(PartialError) -> Observer {
        var total = prototype
        for (number, part) in parts.enumerated() {
            let bytes = part.sections[section]
            if number == 0 {
                try total.decode(from: bytes)
            } else {
                var next = prototype
                try next.decode(from: bytes)
                try total.merge(next)
            }
        }
        return total
    }

    static func unknown(_ tag: String) -> PartialError {
        PartialError(
            kind: .unknownObserver, problem: "the partial has a figure that this version does not know", found: "section \(tag)",
            remedy: .useNewerVersion)
    }

    /// The ranges of `range` that no part of this dump covers, ascending. O(ranges · log ranges).
    public func missing(in range: Range<UInt64>, of dump: DumpIdentity, unit: PartPlace.Unit) -> [Range<UInt64>] {
        var covered: [Range<UInt64>] = []
        for part in parts {
            if case .placed(dump, unit, let ranges) = part.place { covered += ranges }
        }
        var missing: [Range<UInt64>] = []
        var start = range.lowerBound
        for next in PartPlace.union(covered) where next.overlaps(range) {
            if next.lowerBound > start { missing.append(start..<next.lowerBound) }
            start = next.upperBound
        }
        if start < range.upperBound { missing.append(start..<range.upperBound) }
        return missing
    }
}

extension Partial: Equatable {
    /// Returns true if both have the same bytes.
    public static func == (left: Partial, right: Partial) -> Bool {
        left.specification == right.specification && left.classCount == right.classCount && left.observers == right.observers
            && left.parts == right.parts
    }
}
