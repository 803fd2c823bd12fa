import ArgumentParser
import Engine
import Messages
import Outputs

/// The exit statuses, after sysexits(3).
enum ExitStatus {
    /// A gate is not met, and the outputs are written.
    static let gateNotMet = ExitCode(1)
    static let usage = ExitCode(64)
    static let data = ExitCode(65)
    static let noInput = ExitCode(66)
    static let software = ExitCode(70)
    static let inputOutput = ExitCode(74)
    static let tryAgain = ExitCode(75)

    /// The meaning of a status in a few words.
    static func meaning(_ status: ExitCode) -> String {
        switch status {
        case .success: "done"
        case gateNotMet: "a gate is not met"
        case usage: "bad usage"
        case data: "bad data"
        case noInput: "an input cannot be opened"
        case software: "a fault of xent"
        case inputOutput: "reading or writing failed"
        case tryAgain: "try again later"
        default: status.rawValue > 128 ? "ended by signal \(status.rawValue - 128)" : "unknown"
        }
    }

    static func of(_ error: EngineError) -> ExitCode {
        switch error.category {
        case .usage: usage
        case .data: data
        case .noInput: noInput
        case .inputOutput, .cancelled: inputOutput
        case .tryAgain: tryAgain
        }
    }
}

extension ParsableCommand {
    /// Runs `body`. It prints an error of the engine on standard error, and throws the error's exit status.
    func reportingErrors<Result>(_ body: () throws -> Result) throws -> Result { try Self.reportingErrors(body) }

    /// Does the same before there is a command.
    ///
    /// - Parameter suggestion: finds words that are added to an error, such as the name of a file that was probably meant.
    static func reportingErrors<Result>(
        suggestion: (EngineError) -> String? = { _ in nil }, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch {
            guard let error = error as? EngineError ?? (error as? OutputError).map({ EngineError($0) }) else { throw error }
            StandardError.fail(error.text(.options) + (suggestion(error).map { "; \($0)" } ?? ""))
            throw ExitStatus.of(error)
        }
    }
}
