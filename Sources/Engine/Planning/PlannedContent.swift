/// The content of a file as a plan knows it: what `InputIdentity` says of it, without the time of its last change, which copies have not.
///
/// ```swift
/// let planned = PlannedContent(try InputIdentity(path: "logits.npy.zst"))
/// ```
public struct PlannedContent: Sendable, Equatable {
    /// The size in bytes.
    public let byteCount: UInt64
    /// XXH3 (64 bits) of the first bytes, 64 KiB at most.
    public let beginningHash: UInt64
    /// XXH3 (64 bits) of the last bytes, 64 KiB at most.
    public let endHash: UInt64
    /// XXH3 (64 bits) of the index at the end; nil if there is none of a known kind.
    public let indexHash: UInt64?
    /// The tag by which a server names this content; nil for a file.
    public let etag: String?

    init(byteCount: UInt64, beginningHash: UInt64, endHash: UInt64, indexHash: UInt64?, etag: String?) {
        self.byteCount = byteCount
        self.beginningHash = beginningHash
        self.endHash = endHash
        self.indexHash = indexHash
        self.etag = etag
    }

    /// The content without the server's tag: copies of the same bytes have others.
    var withoutTag: PlannedContent {
        PlannedContent(byteCount: byteCount, beginningHash: beginningHash, endHash: endHash, indexHash: indexHash, etag: nil)
    }

    /// The content of a file that was looked at.
    public init(_ identity: InputIdentity) {
        self.init(
            byteCount: identity.byteCount, beginningHash: identity.beginningHash, endHash: identity.endHash, indexHash: identity.indexHash,
            etag: identity.entityTag)
    }

    /// Says in words what tells a file from the one that was planned, such as "it has 12 bytes, and 10 were planned"; nil if nothing does.
    func difference(of found: InputIdentity) -> String? {
        func hashes(_ what: String, _ found: UInt64?, _ planned: UInt64?) -> String {
            func text(_ hash: UInt64?) -> String { hash.map { $0.hexadecimal } ?? "none" }
            return "the hash of \(what) is \(text(found)), and \(text(planned)) was planned"
        }
        if found.byteCount != byteCount { return "it has \(found.byteCount) bytes, and \(byteCount) were planned" }
        if found.beginningHash != beginningHash { return hashes("its first bytes", found.beginningHash, beginningHash) }
        if found.endHash != endHash { return hashes("its last bytes", found.endHash, endHash) }
        if found.indexHash != indexHash { return hashes("the index at its end", found.indexHash, indexHash) }
        if let etag, let foundTag = found.entityTag, etag != foundTag { return "its entity tag is \(foundTag), and \(etag) was planned" }
        return nil
    }
}

extension UInt64 {
    /// The number in 16 hexadecimal digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
