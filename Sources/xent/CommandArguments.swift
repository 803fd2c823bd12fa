import Messages

/// The arguments of the process. Bytes that are no UTF-8 are kept, as names of files may have them (`FileName`).
enum CommandArguments {
    /// The arguments, of which the first is the name of the program.
    static var all: [String] {
        // Unsafe: the system gives `argc` C strings, which live as long as the process.
        (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0].map { FileName.text($0) } }
    }
}
