import Dispatch
import Foundation
import Testing

/// What a finished command left behind.
struct XentRun {
    enum Ending: Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    let command: String
    let ending: Ending
    let stdout: String
    let stderr: String

    /// Runs xent to its end, with standard input closed, in the scratch folder.
    static func xent(_ arguments: [String], in scratch: Scratch) throws -> XentRun {
        try RunningCommand.xent(arguments, in: scratch).finish()
    }

    /// The same, by a shell: `"$XENT"` in the script is the binary. For what only a shell does: redirections, pipes, limits.
    static func shell(_ script: String, in scratch: Scratch, _ environment: [String: String] = [:]) throws -> XentRun {
        try RunningCommand(
            "/bin/sh", ["-c", script], in: scratch, environment: environment.merging(["XENT": try RunningCommand.binaryPath()]) { $1 }
        ).finish()
    }

    /// Runs a tool of the system that must succeed.
    @discardableResult
    static func tool(_ name: String, _ arguments: [String], in scratch: Scratch) throws -> XentRun {
        let run = try RunningCommand("/usr/bin/env", [name] + arguments, in: scratch).finish()
        guard run.ending == .exit(0) else { throw HarnessError("\(run.command) failed (is \(name) installed?): \(run.stderr)") }
        return run
    }

    func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(ending == .exit(0), "\(command): \(stderr)", sourceLocation: sourceLocation)
    }

    /// Standard output as one JSON document; throws if there is anything else.
    func json() throws -> JSONDocument {
        guard ending == .exit(0) else { throw HarnessError("\(command): \(ending): \(stderr)") }
        return try JSONDocument(stdout)
    }
}

/// Something in the tests' surroundings is missing.
struct HarnessError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A command that was started. Its output goes to files, so that it never waits for a reader.
final class RunningCommand {
    private let process = Process()
    private let command: String
    private let ended = DispatchSemaphore(value: 0)
    private let streams: Scratch
    /// Longer than any test's command takes, on a busy machine too.
    private static let secondsLimit = 60.0

    init(_ executable: String, _ arguments: [String], in scratch: Scratch, environment: [String: String] = [:], stdout: Pipe? = nil) throws
    {
        streams = try Scratch()
        command = ([executable] + arguments).joined(separator: " ")
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        var files = [try streams.create("stderr")]
        process.standardError = files[0]
        if let stdout {
            process.standardOutput = stdout
        } else {
            files.append(try streams.create("stdout"))
            process.standardOutput = files[1]
        }
        // The command has its own descriptors. Without this there are thousands at last, and Process reads beyond a folder of so many.
        defer { for file in files { try? file.close() } }
        process.terminationHandler = { [ended] _ in ended.signal() }
        // A child inherits the signals that its starter's thread blocks, and the threads that tests run on block most of them.
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        do {
            try process.run()
        } catch {
            throw HarnessError("\(executable) does not start: \(error)")
        }
    }

    static func xent(_ arguments: [String], in scratch: Scratch, stdout: Pipe? = nil) throws -> RunningCommand {
        try RunningCommand(binaryPath(), arguments, in: scratch, stdout: stdout)
    }

    /// The release binary: XENT_BINARY, or where `swift build -c release` puts it. Missing is an error, never a reason to skip.
    static func binaryPath() throws -> String {
        let path = ProcessInfo.processInfo.environment["XENT_BINARY"] ?? Repository.root + "/.build/release/xent"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw HarnessError(
                "there is no xent to test at \(path): run `swift build -c release --product xent`, or name the binary in XENT_BINARY")
        }
        return path
    }

    var isRunning: Bool { process.isRunning }

    /// What the command has said on standard error until now.
    var stderrSoFar: String { (try? streams.text("stderr")) ?? "" }

    /// What the command has open, as Linux tells it; empty elsewhere.
    var openPaths: [String] {
        let folder = "/proc/\(process.processIdentifier)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
    }

    /// Waits until something is so; the command must go on meanwhile.
    func wait(_ complaint: @autoclosure () -> String, until isSo: () -> Bool) throws {
        for _ in 0..<4000 {
            if isSo() { return }
            guard isRunning else { throw HarnessError("it ended before: \(try finish())") }
            Thread.sleep(forTimeInterval: 0.005)
        }
        throw HarnessError(complaint())
    }

    /// Waits until the command is xent, no longer the shell that it was started by, and catches SIGTERM or blocks it for a thread that waits
    /// for it, as Linux tells it.
    func waitUntilSignalsAreHandled() throws {
        let folder = "/proc/\(process.processIdentifier)/"
        try wait("it does not handle signals") {
            guard let status = try? String(contentsOfFile: folder + "status", encoding: .utf8) else { return false }
            let fields = status.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
            func field(_ name: String) -> Substring { fields.first { $0.first.map(String.init) == name }?.last ?? "" }
            let handled = ["SigCgt", "SigBlk"].reduce(UInt64(0)) {
                $0 | (UInt64(field($1).trimmingCharacters(in: .whitespaces), radix: 16) ?? 0)
            }
            return !field("Name").contains("sh") && handled >> (SIGTERM - 1) & 1 == 1
        }
    }

    func send(signal: Int32) { kill(process.processIdentifier, signal) }

    /// Sends a signal to a command at work: it dies of it within a second, with nothing on standard output, and says that nothing was written.
    func expectDeath(by number: Int32, sourceLocation: SourceLocation = #_sourceLocation) throws -> XentRun {
        try #require(isRunning, sourceLocation: sourceLocation)
        let sent = Date()
        send(signal: number)
        let result = try finish()
        #expect(Date().timeIntervalSince(sent) < 1, sourceLocation: sourceLocation)
        #expect(result.ending == .signal(number), sourceLocation: sourceLocation)
        #expect(result.stdout == "", sourceLocation: sourceLocation)
        #expect(result.stderr.hasSuffix("cancelled; nothing was written\n"), sourceLocation: sourceLocation)
        return result
    }

    /// Waits for its end.
    func finish() throws -> XentRun {
        guard ended.wait(timeout: .now() + Self.secondsLimit) == .success else {
            kill(process.processIdentifier, SIGKILL)
            throw HarnessError("\(command): still running after \(Self.secondsLimit) s")
        }
        let status = process.terminationStatus
        return XentRun(
            command: command, ending: process.terminationReason == .exit ? .exit(status) : .signal(status),
            stdout: try streams.text("stdout"), stderr: try streams.text("stderr"))
    }
}

/// Where the repository's files lie.
enum Repository {
    /// The folder of Package.swift.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path
    static let demo = root + "/scripts/demo"
    /// Real predictions, which are not part of the repository.
    static let real = ProcessInfo.processInfo.environment["XENT_REAL"] ?? root + "/../shared/real"
}

/// The run failed as it should: this status, nothing on standard output, one message that says all of `says`.
func expectFailure(
    _ run: XentRun, status: Int32, says: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(run.ending == .exit(status), "\(run.command): \(run.stderr)", sourceLocation: sourceLocation)
    #expect(run.stdout == "", "\(run.command)", sourceLocation: sourceLocation)
    #expect(run.stderr.hasSuffix("\n"), "\(run.command)", sourceLocation: sourceLocation)
    for text in says { #expect(run.stderr.contains(text), "\(run.command)", sourceLocation: sourceLocation) }
}
