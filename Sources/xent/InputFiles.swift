import Engine
import Messages
import ObjectStore
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
        let arguments = arguments.flatMap(ListArguments.spread)
        var paths: [String] = []
        for argument in arguments {
            guard argument.hasPrefix("@") else {
                paths += try FilePattern.expand(argument)
                continue
            }
            let list = String(argument.dropFirst())
            files.append(File(path: list, text: "the list \(list)"))
            let names = try TextFile.names(in: list, cancellation: cancellation)
            let ordered = FilePattern.naturalOrder(ofList: names)
            if ordered != nil { reorderedLists.append(list) }
            for name in ordered ?? names { paths += try FilePattern.expand(name) }
        }
        files += paths.map { File(path: $0, text: "the input \($0)") }
        ObjectStore.shared.prepare(paths)
        return paths
    }

    /// Adds a file that a command reads without being named as an input.
    ///
    /// - Parameter kind: the kind of the file in words, such as "the plan".
    mutating func add(_ path: String, as kind: String) { files.append(File(path: path, text: "\(kind) \(path)")) }

    /// Reads the numbers in a file.
    mutating func numbers(in path: String) throws -> [Double] {
        files.append(File(path: path, text: "the input \(path)"))
        return try NumberFile.read(path, cancellation: cancellation)
    }

    /// The number of times that standard input is named.
    var standardInputCount: Int { files.count { $0.path == "-" || $0.path == "/dev/stdin" } }

    /// Throws if standard input is named more than once, since it can be read once.
    func requireOneStandardInput() throws(EngineError) {
        guard standardInputCount <= 1 else {
            throw EngineError(usage: "standard input is named twice, and can be read once", remedy: "write one of them to a file first")
        }
    }

    /// The name of a file that is there and was probably meant, for the error of a file that is not there; nil if none is near.
    func suggestion(for error: EngineError) -> String? {
        guard error.category == .noInput else { return nil }
        guard let missing = files.first(where: { $0.path != "-" && !ObjectStore.isURL($0.path) && !FilePattern.isThere($0.path) })?.path else { return nil }
        let slash = missing.utf8.lastIndex(of: UInt8(ascii: "/"))
        let start = slash.map { missing.utf8.index(after: $0) } ?? missing.startIndex
        let (folder, name) = (String(missing[..<start]), String(missing[start...]))
        // A folder with a name like a pattern is left alone.
        guard !folder.contains(where: { "*?[\\".contains($0) }), let paths = try? FilePattern.expand(folder + "*") else { return nil }
        let names = paths.prefix(Self.suggestionLimit).map { String($0.dropFirst(folder.count)) }
        // A name that was meant may be that of the compressed file.
        let plain = Dictionary(names.map { (Self.withoutCompression($0), $0) }) { first, _ in first }
        let near = NearName.of(name, among: names) ?? NearName.of(name, among: plain.keys.sorted()).flatMap { plain[$0] }
        return near.map { "did you mean \(folder)\($0)?" }
    }

    private static func withoutCompression(_ name: String) -> String {
        for ending in [".zst", ".gz"] where name.hasSuffix(ending) { return String(name.dropLast(ending.count)) }
        return name
    }

    /// The largest number of names in a folder that are compared with a missing one.
    private static let suggestionLimit = 10_000
}

extension String {
    /// The text without spaces, tabs and carriage returns at its ends.
    var trimmedOfSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
