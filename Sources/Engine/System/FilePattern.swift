internal import Messages
internal import ObjectStore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Patterns with `*`, `?` and `[…]` that stand for names of files, for callers whose shell does not expand them: quoted arguments, lists,
/// cron.
public enum FilePattern {
    /// Finds the files that a pattern matches, in natural order: `part_2` before `part_10`. The order is the same on every machine and in
    /// every locale.
    ///
    /// A name without such characters, and a name that a file has, stands for itself. The pattern of an `s3` URL stands for the keys in its
    /// bucket; a web address stands for itself, and its query, which may hold a signature, is no part of the name that is returned.
    ///
    /// - Throws: `EngineError` of category `.noInput` if a pattern matches nothing, and `.inputOutput` if a folder cannot be read.
    public static func expand(_ pattern: String) throws(EngineError) -> [String] {
        if ObjectStore.isURL(pattern) { return try objects(pattern) }
        guard pattern.utf8.contains(where: { "*?[".utf8.contains($0) }), !isThere(pattern) else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        switch glob(FileName.cString(pattern), GLOB_NOSORT | GLOB_ERR, nil, &found) {
        case 0: break
        case GLOB_NOMATCH:
            throw EngineError(
                .noInput, path: pattern, "no file's name is like this", remedy: "check the pattern, and the folder that it is used in")
        default:
            throw EngineError(.inputOutput, path: pattern, "its folder cannot be read", remedy: "check its permissions")
        }
        var paths: [String] = []
        for index in 0..<Int(found.gl_pathc) {
            // Unsafe: glob gives `gl_pathc` C strings, which live until `globfree`.
            if let path = found.gl_pathv[index] { paths.append(FileName.text(path)) }
        }
        return NaturalOrder.sorted(paths)
    }

    /// Finds the objects that a URL matches, in natural order.
    private static func objects(_ pattern: String) throws(EngineError) -> [String] {
        do throws(ObjectStoreError) {
            return NaturalOrder.sorted(try ObjectStore.shared.list(pattern).map { ObjectStore.shared.name(of: $0) })
        } catch {
            throw EngineError(error, path: ObjectStore.shared.name(of: pattern))
        }
    }

    /// Returns true if a path leads to a file, or to anything else that has a name, or if a URL leads to an object.
    public static func isThere(_ path: String) -> Bool {
        if ObjectStore.isURL(path) { return (try? ObjectStore.shared.open(path)) != nil }
        return access(FileName.cString(path), F_OK) == 0
    }

    /// Returns the names of a list in natural order, if they stand in the order in which `ls` and `sort` write names: by their letters, so
    /// that `part_10` comes before `part_2`. Any other order was chosen by someone, and stays.
    ///
    /// - Returns: nil if the names stay in the order in which they stand.
    public static func naturalOrder(ofList names: [String]) -> [String]? {
        func isSorted(by key: (String) -> [UInt8]) -> Bool {
            let keys = names.map(key)
            return zip(keys, keys.dropFirst()).allSatisfy { !$1.lexicographicallyPrecedes($0) }
        }
        // Most locales compare letters and digits alone at first, and without their case.
        func collated(_ name: String) -> [UInt8] {
            Array(name.lowercased().utf8).filter { NaturalOrder.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        }
        guard ShardNames.outOfOrder(names) != nil else { return nil }
        if isSorted(by: { Array($0.utf8) }) { return NaturalOrder.sorted(names) }
        guard isSorted(by: collated) else { return nil }
        // Names that numbers do not order stay where the locale put them.
        return names.reduce(into: [[String]]()) { groups, name in
            if let last = groups.last?.last, ShardNames.areAlike(last, name) {
                groups[groups.count - 1].append(name)
            } else {
                groups.append([name])
            }
        }.flatMap(NaturalOrder.sorted)
    }
}
