/// The sections of a configuration file of Amazon's tools (`~/.aws/config`, `~/.aws/credentials`), by their names.
///
/// Lines that belong to no setting are passed over, as those tools do: a broken line must not keep a job from its key.
struct ProfileFile: Sendable, Equatable {
    private(set) var sections: [String: [String: String]] = [:]

    /// Reads the text of a file. Names of sections are trimmed, and `[profile nightly]` is the section `nightly`.
    init(_ text: String) {
        var section: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let isNested = line.first?.isWhitespace == true
            let trimmed = line.trimmedOfSpace
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                guard let end = trimmed.firstIndex(of: "]") else {
                    section = nil
                    continue
                }
                let words = trimmed[trimmed.index(after: trimmed.startIndex)..<end].split(whereSeparator: \.isWhitespace).map(String.init)
                let names = words.first == "profile" && words.count > 1 ? Array(words.dropFirst()) : words
                let name = names.joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
                section = name
                if sections[name] == nil { sections[name] = [:] }
                continue
            }
            // Nested settings, such as those of `s3 =`, have the name of the setting above them, and none is wanted here.
            guard let section, !isNested, let equals = trimmed.firstIndex(of: "=") else { continue }
            var value = trimmed[trimmed.index(after: equals)...].trimmedOfSpace
            if let comment = Self.comment(in: value) { value = value[..<comment].trimmedOfSpace }
            sections[section]?[trimmed[..<equals].trimmedOfSpace.lowercased()] = value
        }
    }

    /// The place of a comment after a value: `#` or `;` behind a space.
    private static func comment(in value: String) -> String.Index? {
        var isAfterSpace = false
        for place in value.indices {
            if isAfterSpace, value[place] == "#" || value[place] == ";" { return place }
            isAfterSpace = value[place].isWhitespace
        }
        return nil
    }
}
