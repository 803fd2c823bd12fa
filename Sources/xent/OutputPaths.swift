import Engine

/// Outputs must not overwrite inputs, nor each other.
enum OutputPaths {
    /// Compares all outputs with all that is read, and with each other, by device and number. To be called before any of them is opened.
    ///
    /// The files of standard input, output and error count as well. An output that leads to an open descriptor, as `/dev/stdout` does,
    /// shares the file behind it: the others may not take that file's place.
    static func check(outputs: [(option: String, path: String?)], inputs: InputFiles) throws {
        var read: [FileIdentity: String] = [:]
        if let file = FileIdentity(descriptor: 0) { read[file] = "the file that standard input comes from" }
        for input in inputs.files where input.path != "-" {
            if let file = FileIdentity(path: input.path) { read[file] = input.text }
        }
        // Written to by a descriptor.
        var shared: [FileIdentity: String] = [:]
        for (descriptor, text) in [(Int32(2), "standard error"), (1, "standard output")] {
            guard let file = FileIdentity(descriptor: descriptor) else { continue }
            if let holder = read[file] {
                throw EngineError(usage: "\(text) goes to \(holder)", remedy: "redirect it to another file")
            }
            shared[file] = text
        }
        // Replaced.
        var taken: [FileIdentity: String] = [:]
        for (option, path) in outputs {
            guard let path, path != "-" else { continue }
            guard !path.isEmpty else { throw EngineError(usage: "\(option) '' names no file", remedy: "name one, or leave \(option) out") }
            // Devices and pipes can be written to twice.
            guard let file = FileIdentity(path: path) else { continue }
            let isShared = OutputFile.leadsToDescriptor(path)
            if let holder = read[file] ?? taken[file] ?? (isShared ? nil : shared[file]) {
                throw EngineError(usage: "\(option) \(path) is also \(holder)", remedy: "give the output another name")
            }
            if isShared { shared[file] = "\(option) \(path)" } else { taken[file] = "\(option) \(path)" }
        }
    }
}
