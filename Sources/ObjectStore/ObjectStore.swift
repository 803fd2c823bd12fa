internal import Locking

/// Objects in stores that speak S3, and behind web addresses, as a process reads them: its connections, its memory for blocks, its keys.
///
/// Memory: at most twice as many blocks of 4 MiB as there are connections, and one more for each reader that waits.
///
/// ```swift
/// let store = ObjectStore.shared
/// for url in try store.list("s3://dumps/2026-11-29/part-*.npy.zst") {
///     print(url, try store.open(url).byteCount)
/// }
/// ```
public final class ObjectStore: Sendable {
    /// The store of the process, which files are read through.
    public static let shared = ObjectStore(ObjectStoreSettings())

    /// The parts by which objects are read under one set of settings.
    private struct Reading: Sendable {
        let settings: ObjectStoreSettings
        let pool: ConnectionPool
        let cache: BlockCache
        let service: S3Service

        init(_ settings: ObjectStoreSettings) {
            self.settings = settings
            pool = ConnectionPool(connectionCount: settings.connectionCount)
            cache = BlockCache(pool, settings)
            service = S3Service(settings)
        }
    }

    private struct Opened {
        weak var object: RemoteObject?
    }

    private struct State {
        var settings: ObjectStoreSettings
        /// Made when the first object is opened.
        var reading: Reading?
        /// The URLs whose queries nobody is to see, by their names.
        var hidden: [String: String] = [:]
        /// The objects that are open, by their URLs.
        var opened: [String: Opened] = [:]
        /// The URLs that will be opened, the next one last.
        var upcoming: [String] = []
        /// The objects that are being opened before they are asked for.
        var ahead: [String: Promise<RemoteObject>] = [:]

        /// The parts by which objects are read.
        mutating func currentReading() -> Reading {
            let current = reading ?? Reading(settings)
            reading = current
            return current
        }
    }

    private let state: Lock<State>

    /// Makes a store of its own, with its own connections.
    public init(_ settings: ObjectStoreSettings) { state = Lock(State(settings: settings)) }

    /// Sets what holds for all objects that are opened from now on.
    public func configure(_ settings: ObjectStoreSettings) {
        state.withLock { state in
            state.settings = settings
            state.reading = nil
        }
    }

    /// True if a text is the name of an object and not of a file: it begins with a scheme and `://`.
    public static func isURL(_ text: String) -> Bool { ObjectURL.scheme(of: text) != nil }

    /// Returns a text, such as a command line, in which no web address has a query but for a number: queries may hold signatures. O(bytes).
    public static func withoutQueries(in text: String) -> String { ObjectURL.withoutQueries(in: text) }

    /// Returns the name by which a URL may be shown, and by which `open(_:)` knows it from now on: the URL without its query, which may hold
    /// a signature. Of several URLs that differ in their queries alone, the second has the name `…?2`, and so on.
    ///
    /// A text that is no URL is its own name.
    public func name(of url: String) -> String {
        guard let parsed = try? ObjectURL(url), parsed.shownText != url else { return url }
        return state.withLock { state in
            var name = parsed.shownText, number = 1
            while let known = state.hidden[name], known != url {
                number += 1
                name = "\(parsed.shownText)?\(number)"
            }
            state.hidden[name] = url
            return name
        }
    }

    /// True for a name behind which `name(of:)` hid a query.
    public func hidesQuery(of name: String) -> Bool { state.withLock { $0.hidden[name] != nil } }

    /// Opens an object, by one request for its beginning. An object that is open already is given again.
    ///
    /// - Parameters:
    ///   - url: The URL, or a name of one (`name(of:)`).
    ///   - isCancelled: Called several times a second; once it returns true, opening ends. nil: never.
    /// - Throws: `.cannotOpen` for a URL that is none, or a server without ranges; `.notFound`, `.permissionDenied`, `.readFailed`,
    ///   `.cancelled`.
    public func open(_ url: String, isCancelled: (@Sendable () -> Bool)? = nil) throws(ObjectStoreError) -> RemoteObject {
        let (known, reading, address, ahead) = state.withLock { state in
            let address = state.hidden[url] ?? url
            return (state.opened[address]?.object, state.currentReading(), address, state.ahead[address])
        }
        if let known { return known }
        let parsed = try ObjectURL(address)
        try HTTPConnection.requireLibrary()
        let promise = ahead ?? Self.opening(parsed, reading, isUrgent: true, isCancelled: isCancelled ?? { false })
        let opened = Result { () throws(ObjectStoreError) in try promise.value(reading.pool, isCancelled: isCancelled) }
        state.withLock { state in
            state.ahead[address] = nil
            if case .success(let object) = opened { state.opened[address] = Opened(object: object) }
        }
        openAhead()
        return try opened.get()
    }

    /// Says which objects will be opened, in their order, so that several are opened at the same time: each takes a request, whose answer
    /// takes its time to come. It returns at once. Names of files are passed over.
    public func prepare(_ urls: [String]) {
        let urls = urls.filter(Self.isURL)
        guard urls.count > 1, loadedLibrary else { return }
        state.withLock { state in
            state.upcoming = urls.reversed().map { state.hidden[$0] ?? $0 } + state.upcoming
        }
        openAhead()
    }

    private var loadedLibrary: Bool { (try? HTTPConnection.requireLibrary()) != nil }

    /// Begins to open the next objects, as many as there are connections.
    private func openAhead() {
        state.withLock { state in
            let reading = state.currentReading()
            while state.ahead.count < reading.settings.connectionCount, let address = state.upcoming.popLast() {
                guard state.ahead[address] == nil, state.opened[address]?.object == nil, let url = try? ObjectURL(address) else { continue }
                state.ahead[address] = Self.opening(url, reading, isUrgent: false, isCancelled: { false })
            }
        }
    }

    /// Has a connection open an object.
    private static func opening(
        _ url: ObjectURL, _ reading: Reading, isUrgent: Bool, isCancelled: @escaping @Sendable () -> Bool
    ) -> Promise<RemoteObject> {
        let promise = Promise<RemoteObject>()
        let requests = ObjectRequests(url, reading.service, reading.settings)
        reading.pool.submit(isUrgent: isUrgent) { connection in
            promise.fulfil(
                Result { () throws(ObjectStoreError) in try open(requests, reading, on: connection, isCancelled: isCancelled) })
        }
        return promise
    }

    private static func open(
        _ requests: ObjectRequests, _ reading: Reading, on connection: HTTPConnection, isCancelled: @escaping () -> Bool
    ) throws(ObjectStoreError) -> RemoteObject {
        let range = 0..<RemoteObject.beginningByteCount
        guard let memory = Block(byteCount: range.count) else { throw ObjectStoreError(.readFailed, "there is no memory") }
        let response = try RangeFetch(requests: requests, settings: reading.settings).fetch(
            range, of: nil, into: memory.bytes, on: connection, isCancelled: isCancelled)
        let byteCount: Int
        switch (response.status, response.contentRange) {
        case (206, let content?): byteCount = content.totalByteCount
        case (416, _): byteCount = 0
        default:
            // The whole object came, which is as good where it is small.
            guard !response.hasMore else {
                throw ObjectStoreError(
                    .cannotOpen, "the server gives whole objects only, and no ranges of them",
                    remedy: "fetch it first, or pipe it in: curl -sS URL | xent … -")
            }
            byteCount = response.bufferedByteCount
        }
        let object = RemoteObject(requests, ObjectVersion(byteCount: byteCount, headers: response.headers), reading.cache)
        if byteCount > 0, let block = memory.prefix(min(byteCount, range.count)) {
            reading.cache.keep(block, ofBeginningOf: object)
        }
        return object
    }

    /// Finds the objects that a URL with `*`, `?` or `[…]` in its key matches, in the order of their bytes. A URL without them, and any URL
    /// that is not of `s3`, stands for itself: a web server has no list.
    ///
    /// - Throws: `.notFound` if there are none, and the errors of `open(_:isCancelled:)`.
    public func list(_ pattern: String, isCancelled: (@Sendable () -> Bool)? = nil) throws(ObjectStoreError) -> [String] {
        let url = try ObjectURL(pattern)
        guard case .s3(let bucket, let key) = url.place, ObjectListing.isPattern(key) else { return [pattern] }
        try HTTPConnection.requireLibrary()
        let reading = state.withLock { $0.currentReading() }
        let keys = try ObjectListing(
            service: reading.service, client: HTTPClient(reading.settings), bucket: bucket, isCancelled: isCancelled ?? { false }
        ).keys(matching: key)
        guard !keys.isEmpty else {
            throw ObjectStoreError(.notFound, "no object's name is like this", remedy: "check the pattern, and the bucket's listing")
        }
        return keys.map { "s3://\(bucket)/\($0)" }
    }
}
