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
    /// Finds the files that a pattern matches, in the order of the bytes of their names, which is the same on every machine and in every
    /// locale.
    ///
    /// A name without such characters, and a name that a file has, stands for itself.
    ///
    /// - Throws: `EngineError` of category `.noInput` if a pattern matches nothing, and `.inputOutput` if a folder cannot be read.
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
