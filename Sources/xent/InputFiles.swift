import Engine
import WorkStealing

/// The files that a command reads, as they are found among its arguments: no output may take the place of one.
struct InputFiles {
    struct File {
        let path: String
        /// "the input p.npy", for messages.
        let text: String
    }

    private(set) var files: [File] = []
    private let cancellation: Cancellation

    /// `cancellation` ends the wait for a list that comes from a pipe.
    init(_ cancellation: Cancellation) { self.cancellation = cancellation }

    /// The file names of a command line: `@list` is replaced by the names in the file `list`, one a line, and a pattern that is no file's
    /// name by the names that match it, in the order of their bytes.
    mutating func expand(_ arguments: [String]) throws -> [String] {
        var paths: [String] = []
        for argument in arguments {
            guard argument.hasPrefix("@") else {
                paths += try FilePattern.expand(argument)
                continue
            }
            let list = String(argument.dropFirst())
            files.append(File(path: list, text: "the list \(list)"))
            let names = try TextFile.lines(of: list, cancellation: cancellation).map { $0.trimmedOfSpaces }.filter { !$0.isEmpty }
            for name in names { paths += try FilePattern.expand(name) }
        }
        files += paths.map { File(path: $0, text: "the input \($0)") }
        return paths
    }

    /// The numbers in a file.
    mutating func numbers(in path: String) throws -> [Double] {
        files.append(File(path: path, text: "the input \(path)"))
        return try NumberFile.read(path, cancellation: cancellation)
    }

    /// How often standard input is read.
    var standardInputCount: Int { files.count { $0.path == "-" || $0.path == "/dev/stdin" } }
}

extension String {
    /// Without spaces, tabs and carriage returns at its ends.
    var trimmedOfSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
