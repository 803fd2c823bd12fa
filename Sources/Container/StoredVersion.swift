/// The version of an object in a store, in its server's own words.
public struct StoredVersion: Sendable, Hashable {
    /// The entity tag with its quotes; nil where the server gives none that tells versions apart.
    public let entityTag: String?
    /// The name of the version in a bucket that keeps several.
    public let versionID: String?

    /// Creates a version of its names.
    public init(entityTag: String?, versionID: String?) {
        self.entityTag = entityTag
        self.versionID = versionID
    }
}
