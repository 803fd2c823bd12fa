import Engine

/// The file names of a command line, with `@list` replaced by the names in the file `list`, one a line.
enum PathList {
    static func expand(_ arguments: [String]) throws -> [String] {
        var paths: [String] = []
        for argument in arguments {
            if argument == "-" {
                throw EngineError(usage: "standard input is not read yet", remedy: "name a file")
            }
            guard argument.hasPrefix("@") else {
                paths.append(argument)
                continue
            }
            let names = try TextFile.lines(of: String(argument.dropFirst()))
            paths += names.map { $0.trimmedOfSpaces }.filter { !$0.isEmpty }
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
