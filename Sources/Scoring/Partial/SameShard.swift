/// How often a part counts that has no place, where a merge has another of equal content.
public enum SameShard: String, Sendable, CaseIterable {
    /// Once: it is one shard, given several times.
    case once
    /// As often as it is given: they are several shards whose rows look the same.
    case each
}
