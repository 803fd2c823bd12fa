import Engine
import ObjectStore
import Outputs

/// A check that outputs overwrite neither inputs nor each other.
enum OutputPaths {
    /// The options whose value may be `-`, for standard output.
    private static let optionsOfStandardOutput = ["--json", "--partial"]

    /// Compares all outputs with all inputs, and with each other, by device and inode. It is called before any output is opened.
    ///
    /// The files of standard input, output and error count as well. An output that leads to an open descriptor, as `/dev/stdout` does,
    /// shares the file behind it with whatever else writes there, such as the text of the report; no other output may go to that file. An
    /// output `-` is standard output, or refused: never a file.
    static func check(outputs: [(option: String, path: String?)], inputs: InputFiles) throws {
        for (option, path) in outputs where path == "-" && !optionsOfStandardOutput.contains(option) {
            throw EngineError(usage: "\(option) - is not known: standard output takes the report", remedy: "name a file")
        }
        var read: [FileIdentity: String] = [:]
        if let file = FileIdentity(descriptor: 0) { read[file] = "the file that standard input comes from" }
        for input in inputs.files where input.path != "-" {
            if let file = FileIdentity(path: input.path) { read[file] = input.text }
        }
        // Files that an output writes to through a descriptor.
        var shared: [FileIdentity: String] = [:]
        for (descriptor, text) in [(Int32(2), "standard error"), (1, "standard output")] {
            guard let file = FileIdentity(descriptor: descriptor) else { continue }
            if let holder = read[file] {
                throw EngineError(usage: "\(text) goes to \(holder)", remedy: "redirect it to another file")
            }
            shared[file] = text
        }
        // Files that an output replaces or writes to.
        var taken: [FileIdentity: String] = [:]
        for (option, path) in outputs {
            guard let path else { continue }
            guard !path.isEmpty else { throw EngineError(usage: "\(option) '' names no file", remedy: "name one, or leave \(option) out") }
            guard !ObjectStore.isURL(path) else {
                throw EngineError(
                    usage: "\(option) names a URL, and outputs are written to this machine", remedy: "write a file, and copy it there")
            }
            // Devices can be written to twice.
            guard let file = path == "-" ? FileIdentity(descriptor: 1) : FileIdentity(path: path) else { continue }
            let isShared = path == "-" || OutputFile.leadsToDescriptor(path)
            if let holder = read[file] ?? taken[file] ?? (isShared ? nil : shared[file]) {
                throw EngineError(usage: "\(option) \(path) is also \(holder)", remedy: "give the output another name")
            }
            taken[file] = "\(option) \(path)"
        }
    }
}
