#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Finds the keys in a bucket that a pattern matches, as a shell finds files: `*`, `?` and `[…]` stand for characters but `/`.
///
/// Folders are listed one after the other, so that a pattern costs requests for the folders that it leads through, and not for all that
/// lies below them. A request lists 1,000 keys.
struct ObjectListing {
    let service: S3Service
    let client: HTTPClient
    let bucket: String
    let isCancelled: () -> Bool

    /// The largest number of bytes of a list of 1,000 keys.
    private static let pageByteCountLimit = 16 << 20
    private static let detourLimit = 4

    /// True if a text has characters that stand for others.
    static func isPattern(_ text: String) -> Bool { text.utf8.contains { "*?[".utf8.contains($0) } }

    /// Returns the keys that a pattern matches, in the order of their bytes. A key that is the pattern itself stands for itself.
    func keys(matching pattern: String) throws(ObjectStoreError) -> [String] {
        if try page(prefix: pattern, delimiter: nil, token: nil, limit: 1).keys.first == pattern { return [pattern] }
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var folders = [""], found: [String] = []
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            var next: [String] = []
            for folder in folders {
                guard Self.isPattern(part) else {
                    if !isLast { next.append(folder + part + "/") }
                    if isLast, try page(prefix: folder + part, delimiter: nil, token: nil, limit: 1).keys.first == folder + part {
                        found.append(folder + part)
                    }
                    continue
                }
                let plain = String(part.prefix { !"*?[\\".contains($0) })
                var token: String?
                repeat {
                    let page = try page(prefix: folder + plain, delimiter: "/", token: token, limit: 1000)
                    for key in isLast ? page.keys : page.folders {
                        let name = String(key.dropFirst(folder.count).prefix { $0 != "/" })
                        // A folder's own marker is no object.
                        if !name.isEmpty, fnmatch(part, name, FNM_PATHNAME | FNM_PERIOD) == 0 {
                            if isLast { found.append(key) } else { next.append(key) }
                        }
                    }
                    token = page.nextToken
                } while token != nil
            }
            folders = next
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// A part of a list.
    struct Page: Equatable {
        var keys: [String] = []
        var folders: [String] = []
        var nextToken: String?

        /// Reads the XML of a list; nil if it is not whole.
        init?(_ text: String) {
            let xml = XMLText(text)
            guard let list = xml.all("IsTruncated").isEmpty ? nil : xml.first("IsTruncated") else { return nil }
            // The root's attributes keep it from being found by its tag.
            guard text.utf8.reversed().starts(with: "</ListBucketResult>".utf8.reversed())
                || text.utf8.reversed().drop(while: { $0 <= 0x20 }).starts(with: "</ListBucketResult>".utf8.reversed())
            else { return nil }
            let isEncoded = xml.first("EncodingType") == "url"
            func decoded(_ text: String) -> String { isEncoded ? Page.decoded(text) : text }
            keys = xml.all("Contents").compactMap { $0.first("Key").map(decoded) }
            folders = xml.all("CommonPrefixes").compactMap { $0.first("Prefix").map(decoded) }
            nextToken = list == "true" ? xml.first("NextContinuationToken") : nil
        }

        /// Decodes a key as lists have them: `%20` or `+` for a space.
        static func decoded(_ text: String) -> String {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "%"), rest.count >= 2,
                    let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func page(prefix: String, delimiter: String?, token: String?, limit: Int) throws(ObjectStoreError) -> Page {
        var query = [
            (name: "list-type", value: "2"), (name: "encoding-type", value: "url"), (name: "max-keys", value: "\(limit)"),
            (name: "prefix", value: prefix),
        ]
        if let delimiter { query.append((name: "delimiter", value: delimiter)) }
        if let token { query.append((name: "continuation-token", value: token)) }
        var tryCount = 0
        while true {
            var signed = try service.request(bucket: bucket, key: "", query: query, isCancelled: isCancelled)
            signed.request.bodyByteCountLimit = Self.pageByteCountLimit
            let response: HTTPResponse
            do throws(HTTPFailure) {
                response = try client.response(to: signed.request, isCancelled: isCancelled)
            } catch {
                throw RangeFetch.error(of: error)
            }
            tryCount += 1
            if response.status == 200, let page = Page(response.text) { return page }
            guard tryCount <= Self.detourLimit else {
                throw ObjectStoreError(.readFailed, "the list of the bucket \(bucket) was not whole, \(tryCount) times in a row")
            }
            if response.status != 200, !service.learns(from: response, to: signed, bucket: bucket) {
                throw service.refusal(response, to: signed, bucket: bucket)
            }
        }
    }
}
