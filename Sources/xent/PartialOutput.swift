import Engine
import Outputs
import Scoring

/// A place for a partial: a file, or for "-" standard output, where nothing else goes then.
struct PartialOutput {
    private let file: OutputFile?

    init(path: String) throws { file = path == "-" ? nil : try OutputFile(path: path) }

    func write(_ partial: Partial) throws {
        let bytes = partial.encoded()
        if let file { try file.write(bytes, at: 0) } else { try StandardOutput.write(bytes) }
    }

    func commit() throws { try file?.commit() }
    func discard() { file?.discard() }
}

extension OutputPaths {
    /// Throws if two outputs go to standard output.
    static func checkStandardOutput(json: String?, partial: String?) throws {
        if json == "-", partial == "-" {
            throw EngineError(usage: "--json - and --partial - both go to standard output", remedy: "name a file for one of them")
        }
    }
}
