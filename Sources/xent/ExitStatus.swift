import ArgumentParser
import Engine
import Messages
import Outputs

/// The exit statuses, after sysexits(3).
enum ExitStatus {
    static let usage = ExitCode(64)
    static let data = ExitCode(65)
    static let noInput = ExitCode(66)
    static let inputOutput = ExitCode(74)

    static func of(_ error: EngineError) -> ExitCode {
        switch error.category {
        case .usage: usage
        case .data: data
        case .noInput: noInput
        case .inputOutput, .cancelled: inputOutput
        }
    }
}

extension ParsableCommand {
    /// Runs `body`. It prints an error of the engine on standard error, and throws the error's exit status.
    func reportingErrors<Result>(_ body: () throws -> Result) throws -> Result { try Self.reportingErrors(body) }

    /// Does the same before there is a command.
    static func reportingErrors<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            guard let error = error as? EngineError ?? (error as? OutputError).map({ EngineError($0) }) else { throw error }
            StandardError.print("xent: \(error.text(.options))")
            throw ExitStatus.of(error)
        }
    }
}
