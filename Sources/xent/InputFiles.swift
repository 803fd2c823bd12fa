import Engine
import WorkStealing

/// The files that a command reads, collected from its arguments. No output may replace one of them.
struct InputFiles {
    struct File {
        let path: String
        /// The file in words, such as "the input p.npy", for messages.
        let text: String
    }

    private(set) var files: [File] = []
    /// The lists whose names are not taken in the order in which they stand.
    private(set) var reorderedLists: [String] = []
    private let cancellation: Cancellation

    /// Makes an empty collection. `cancellation` ends the wait for a list that comes from a pipe.
    init(_ cancellation: Cancellation) { self.cancellation = cancellation }

    /// Expands the file names of a command line. `@list` is replaced by the names in the file `list`, one a line. A pattern that is no
    /// file's name is replaced by the names that match it, in natural order. A list in the order of letters, as `ls` writes it, is taken in
    /// natural order too.
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
            let ordered = FilePattern.naturalOrder(ofList: names)
            if ordered != nil { reorderedLists.append(list) }
            for name in ordered ?? names { paths += try FilePattern.expand(name) }
        }
        files += paths.map { File(path: $0, text: "the input \($0)") }
        return paths
    }

    /// Reads the numbers in a file.
    mutating func numbers(in path: String) throws -> [Double] {
        files.append(File(path: path, text: "the input \(path)"))
        return try NumberFile.read(path, cancellation: cancellation)
    }

    /// The number of times that standard input is named.
    var standardInputCount: Int { files.count { $0.path == "-" || $0.path == "/dev/stdin" } }
}

extension String {
    /// The text without spaces, tabs and carriage returns at its ends.
    var trimmedOfSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
