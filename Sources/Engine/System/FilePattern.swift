#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Names of files with `*`, `?` and `[…]` in them, for callers whose shell does not replace them: quoted, in lists, from cron.
public enum FilePattern {
    /// The files that a pattern means, in the order of their names' bytes: the same on every machine and in every locale.
    ///
    /// A name without such characters, and one that is itself a file's name, means itself.
    /// - Throws: where a pattern matches nothing, or a folder cannot be read.
    public static func expand(_ pattern: String) throws(EngineError) -> [String] {
        guard pattern.contains(where: { "*?[".contains($0) }), access(pattern, F_OK) != 0 else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        switch glob(pattern, GLOB_NOSORT | GLOB_ERR, nil, &found) {
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
            if let path = found.gl_pathv[index] { paths.append(String(cString: path)) }
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
