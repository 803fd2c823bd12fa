/// The observers that a reader of partials knows, by their tags.
///
/// ```swift
/// let catalog = ObserverCatalog.standard.adding("large") { _, _, _ in LargeLosses() }
/// let partial = try Partial(decoding: bytes, catalog: catalog)
/// ```
public struct ObserverCatalog: Sendable {
    /// Makes an observer of no rows from its configuration, for the loss and the number of values a row of a partial; throws where the
    /// configuration is none that the observer could have. A closure that throws says so: `{ bytes, _, _ throws(PartialError) in … }`.
    public typealias Maker =
        @Sendable (_ configuration: [UInt8], _ specification: LossSpecification, _ classCount: Int) throws(PartialError) -> any RowObserver

    private var makers: [String: Maker]

    /// A catalog that knows nothing.
    public init() {
        makers = [:]
    }

    /// The observers of this module.
    public static let standard = ObserverCatalog()
        .adding("losses") { _, specification, _ in LossTotals(specification) }
        .adding("warnings") { _, _, _ in InputWarnings() }
        .adding("invalid") { _, _, _ in InvalidRows() }
        .adding("tokens") { _, _, _ in TokenSums() }
        .adding(TokenSpread.Unit.tokens.tag) { _, _, _ in TokenSpread() }
        .adding(TokenSpread.Unit.bytes.tag) { _, _, _ in TokenSpread(.bytes) }
        .adding(TokenSpread.Unit.words.tag) { _, _, _ in TokenSpread(.words) }
        .adding(WordSums.tag) { _, _, _ in WordSums() }

    /// The catalog with one more observer, in place of another with its tag.
    public func adding(_ tag: String, _ maker: @escaping Maker) -> ObserverCatalog {
        var catalog = self
        catalog.makers[tag] = maker
        return catalog
    }

    /// An observer of no rows with this tag and configuration; nil where the tag is not known.
    ///
    /// - Throws: `PartialError` where the configuration is none that the observer could have.
    func observer(
        _ key: ObserverKey, _ specification: LossSpecification, _ classCount: Int
    ) throws(PartialError) -> (any RowObserver)? {
        guard let maker = makers[key.tag] else { return nil }
        let observer = try maker(key.configuration, specification, classCount)
        guard observer.tag == key.tag, observer.configuration == key.configuration else {
            throw .damaged("the settings of section \(key.tag) are none that it has")
        }
        return observer
    }
}

/// The tag and the configuration of an observer: only observers with equal keys merge.
public struct ObserverKey: Sendable, Hashable {
    /// The name of the observer's sections.
    public let tag: String
    /// The observer's settings.
    public let configuration: [UInt8]

    /// The most bytes that a tag has.
    static let tagByteLimit = 16

    /// The key of an observer.
    public init(_ observer: any RowObserver) {
        self.init(tag: observer.tag, configuration: observer.configuration)
    }

    init(tag: String, configuration: [UInt8]) {
        self.tag = tag
        self.configuration = configuration
    }

    /// Returns true if the tag has 1 to 16 printable ASCII bytes without spaces.
    package static func isTag(_ tag: String) -> Bool {
        (1...tagByteLimit).contains(tag.utf8.count) && tag.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
