import Engine

/// The file names of a command line: `@list` is replaced by the names in the file `list`, one a line, and a pattern that is no file's name by
/// the names that match it, in the order of their bytes.
enum PathList {
    static func expand(_ arguments: [String]) throws -> [String] {
        var paths: [String] = []
        for argument in arguments {
            guard argument.hasPrefix("@") else {
                paths += try FilePattern.expand(argument)
                continue
            }
            let names = try TextFile.lines(of: String(argument.dropFirst())).map { $0.trimmedOfSpaces }.filter { !$0.isEmpty }
            for name in names { paths += try FilePattern.expand(name) }
        }
        return paths
    }
}

extension String {
    /// Without spaces, tabs and carriage returns at its ends.
    var trimmedOfSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
