#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The environment of the process.
enum Environment {
    /// The variables and their values. Where one is there twice, the first counts, as for `getenv`.
    static var ofProcess: [String: String] {
        var variables: [String: String] = [:]
        var place = environ
        // Unsafe: the list of C strings ends with a null pointer.
        while let entry = place.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "="), variables[String(text[..<equals])] == nil {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            place += 1
        }
        return variables
    }
}
