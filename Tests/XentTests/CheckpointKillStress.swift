import Foundation
import SeededRandom
import Testing

/// Evaluations that are killed at random, and go on with other threads and kernels: the report, the partial and the warnings are those of a
/// run that was left alone.
@Suite(.serialized) struct CheckpointKillStress {
    private static let kernels = ["auto", "baseline"]
    /// The number of kills of all dumps together.
    private static let killCount = 50

    @Test(arguments: InterruptibleDump.all)
    func goesOnToTheSameBytes(_ dump: InterruptibleDump) throws {
        let scratch = try InterruptibleDump.folder.get()
        let name = dump.name.replacingOccurrences(of: " ", with: "-")
        let checkpoint = name + ".checkpoint"
        let began = ContinuousClock.now
        let undisturbed = try EvaluationOutputs(
            XentRun.xent(["eval"] + dump.arguments + ["--threads", "2"] + EvaluationOutputs.arguments(name), in: scratch), name,
            in: scratch)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let seed = UInt64(InterruptibleDump.all.firstIndex { $0.name == dump.name }!) + 1000
        var random = SplitMix64(seed: seed)
        /// Compares the outputs of a run that was not killed, and counts it if it went on from a checkpoint.
        func check(_ run: XentRun) throws {
            let outputs = try EvaluationOutputs(run, name, in: scratch)
            #expect(outputs == undisturbed, "seed \(seed): \(run.command)")
            #expect(!scratch.names.contains(checkpoint), "seed \(seed)")
            if (try? JSONDocument(path: scratch.place(name + ".json")).count("run", "resumes")) ?? 0 > 0 { resumed += 1 }
        }
        var isFirst = true
        var killsLeft = (Self.killCount + InterruptibleDump.all.count - 1) / InterruptibleDump.all.count
        var resumed = 0
        while killsLeft > 0 {
            // Up to three kills of one evaluation.
            for _ in 0..<Int.random(in: 1...3, using: &random) where killsLeft > 0 {
                var environment = ["XENT_TEST_CHECKPOINT_SECONDS": ["0", "0.002", "0.01"].randomElement(using: &random)!]
                let kind = isFirst ? 1 : Int.random(in: 0..<4, using: &random)
                if kind == 1 {
                    // The first one leaves a unit for certain.
                    environment["XENT_TEST_DIE_AT"] = "unit:\(isFirst ? 1 : Int.random(in: 1...5, using: &random))"
                    if isFirst { environment["XENT_TEST_CHECKPOINT_SECONDS"] = "0" }
                    isFirst = false
                }
                if kind == 2 {
                    environment["XENT_TEST_DIE_AT"] = ["snapshot:before-rename", "snapshot:after-rename"].randomElement(using: &random)!
                }
                let words =
                    ["eval"] + dump.arguments
                    + ["--threads", "\(Int.random(in: 1...4, using: &random))", "--kernel", Self.kernels.randomElement(using: &random)!]
                    + ["--checkpoint", checkpoint] + EvaluationOutputs.arguments(name)
                let command = try RunningCommand(try RunningCommand.binaryPath(), words, in: scratch, environment: environment)
                if kind == 0 || kind == 3 {
                    Thread.sleep(forTimeInterval: Double.random(in: 0...seconds, using: &random))
                    command.send(signal: SIGKILL)
                }
                let run = try command.finish()
                killsLeft -= 1
                #expect(run.ending == .signal(SIGKILL) || run.ending == .exit(0), "seed \(seed): \(run.command): \(run.stderr)")
                #expect(!run.stderr.contains("begins anew"), "seed \(seed): \(run.stderr)")
                // It was done before the signal came.
                if run.ending == .exit(0) { try check(run) }
            }
            let words =
                ["eval"] + dump.arguments + ["--threads", "\(Int.random(in: 1...4, using: &random))"]
                + ["--kernel", Self.kernels.randomElement(using: &random)!, "--checkpoint", checkpoint] + EvaluationOutputs.arguments(name)
            try check(XentRun.xent(words, in: scratch))
        }
        #expect(resumed > 0, "seed \(seed)")
    }
}
