/// The identity of an object, as its server tells it: a read of another version is an error, and never mixes two.
struct ObjectVersion: Sendable, Equatable {
    let byteCount: Int
    /// The strong entity tag, with its quotes; nil where the server gives none, or a weak one.
    let entityTag: String?
    /// The time of the last change as the server writes it.
    let lastModified: String?
    /// The version's name in a bucket that keeps several.
    let versionID: String?

    init(byteCount: Int, headers: [String: String]) {
        self.byteCount = byteCount
        entityTag = headers["etag"].flatMap { $0.hasPrefix("W/") || $0.isEmpty ? nil : $0 }
        lastModified = headers["last-modified"]
        versionID = headers["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 }
    }

    /// The headers by which a server answers 412 if the object is another one; none where nothing tells versions apart.
    var condition: [(name: String, value: String)] {
        if let entityTag { return [(name: "If-Match", value: entityTag)] }
        if let lastModified { return [(name: "If-Unmodified-Since", value: lastModified)] }
        return []
    }

    /// The identity in words.
    var description: String {
        "\(byteCount) bytes" + (entityTag.map { ", entity tag \($0)" } ?? lastModified.map { ", changed \($0)" } ?? "")
    }
}
