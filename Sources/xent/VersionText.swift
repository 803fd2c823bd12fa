import Bench
import Engine
import Scoring

/// The lines that `xent --version` prints.
enum VersionText {
    static var text: String {
        let kernels = InstructionSet.available
        let names = kernels.map { $0 == .best ? "\($0.rawValue) (used)" : $0.rawValue }
        return """
            xent \(Version.current)
            kernels  \(names.joined(separator: ", "))
            \(Version.libraries.map { "\($0.name)  \($0.version)" }.joined(separator: "\n"))
            """
    }
}
