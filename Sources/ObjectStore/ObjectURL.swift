/// The name of an object: a web address, or a bucket and a key of S3.
struct ObjectURL: Sendable, Hashable {
    /// The kinds of places.
    enum Place: Sendable, Hashable {
        /// An `http` or `https` URL, which is asked for as it is.
        case web
        /// A key in a bucket. Keys are texts: nothing in them is decoded.
        case s3(bucket: String, key: String)
    }

    /// The URL as it was given.
    let text: String
    let place: Place

    /// Reads a URL.
    ///
    /// - Throws: `.cannotOpen` for a scheme that is not known, and for an `s3` URL without a bucket or a key.
    init(_ text: String) throws(ObjectStoreError) {
        self.text = text
        guard let scheme = Self.scheme(of: text) else { throw ObjectStoreError(.cannotOpen, "this is no URL") }
        let rest = text.dropFirst(scheme.count + 3)
        switch scheme.lowercased() {
        case "http", "https":
            guard let host = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).first, !host.isEmpty else {
                throw ObjectStoreError(.cannotOpen, "this URL has no host")
            }
            place = .web
        case "s3", "s3a", "s3n":
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ObjectStoreError(.cannotOpen, "this URL names no object", remedy: "it is to be s3://BUCKET/KEY")
            }
            place = .s3(bucket: String(parts[0]), key: String(parts[1]))
        case "gs", "gcs":
            throw ObjectStoreError(
                .cannotOpen, "URLs of Google's own scheme are not read",
                remedy: "name it s3://BUCKET/KEY with AWS_ENDPOINT_URL=https://storage.googleapis.com and a key of HMAC, or by a signed https URL")
        case "az", "abfs", "abfss", "wasb", "wasbs", "adl":
            throw ObjectStoreError(
                .cannotOpen, "URLs of Azure's own schemes are not read", remedy: "name it by its https URL with a shared access signature")
        case "file":
            throw ObjectStoreError(.cannotOpen, "files of this machine have no URLs here", remedy: "name its path, without file://")
        default:
            throw ObjectStoreError(
                .cannotOpen, "the scheme \(scheme) is not read", found: "\(scheme)://", allowed: "https://, http:// or s3://")
        }
    }

    /// The scheme of a text that begins like a URL: letters, digits, `+`, `-` and `.` before `://`; nil for any other text.
    static func scheme(of text: String) -> String? {
        let name = text.utf8.prefix {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "+-.".utf8.contains($0)
            }
        }
        guard name.count >= 2, text.utf8.dropFirst(name.count).starts(with: "://".utf8) else { return nil }
        return String(Substring(name))
    }

    /// Returns a text without the queries of the web addresses in it, where the query may hold a signature: any but a number (`…?2`, which
    /// `ObjectStore.name(of:)` writes). O(bytes).
    static func withoutQueries(in text: String) -> String {
        guard text.contains("://") else { return text }
        var result = "", rest = text[...]
        while let mark = rest.firstRange(of: "://") {
            let end = rest[mark.upperBound...].firstIndex { $0.isWhitespace || "'\"<>".contains($0) } ?? rest.endIndex
            let url = rest[mark.upperBound..<end]
            let scheme = rest[..<mark.lowerBound].suffix(5).lowercased()
            result += rest[..<mark.upperBound]
            if scheme.hasSuffix("http") || scheme.hasSuffix("https"), let query = url.firstIndex(of: "?"),
                Int(url[url.index(after: query)...].prefix { $0.isNumber }) == nil
            {
                result += url[..<query] + "?…"
            } else {
                result += url
            }
            rest = rest[end...]
        }
        return result + rest
    }

    /// The URL as people may see it: without a query, which may hold a signature, and without a user's name and password.
    var shownText: String {
        guard case .web = place, let scheme = Self.scheme(of: text) else { return text }
        let rest = text.dropFirst(scheme.count + 3)
        let plain = rest.prefix { $0 != "?" && $0 != "#" }
        let slash = plain.firstIndex(of: "/") ?? plain.endIndex
        let host = plain[..<slash].split(separator: "@").last ?? ""
        return "\(scheme)://\(host)\(plain[slash...])"
    }
}
