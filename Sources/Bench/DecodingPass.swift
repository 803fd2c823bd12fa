internal import Container
internal import Engine
internal import WorkStealing

/// The reading of a dump without the scoring. It runs the pipeline of an evaluation with a consumer that throws the rows away, so no
/// evaluation can be faster, however fast its kernels are.
enum DecodingPass {
    /// Opens the files and decodes them.
    ///
    /// - Returns: the number of decoded bytes of predictions and labels.
    static func run(_ options: EvaluationOptions, _ cancellation: Cancellation) throws(EngineError) -> Int {
        // Opening the files is a part of an evaluation, too.
        try ReadingMode.attempt { mode throws(EngineError) in
            let control = RunControl(cancellation: cancellation)
            let plan = try EvaluationPlan(options, mode, control)
            let pipeline = RowPipeline(
                source: plan.source, companions: plan.companions, threadCount: options.threadCount, control: control)
            _ = try pipeline.run { Discarding() }
            return plan.companions.reduce(control.progress.decodedByteCount) { $0 + ($1.rows?.decodedByteCount ?? 0) }
        }
    }

    /// A consumer that does nothing.
    private final class Discarding: RowConsumer {
        func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {}
    }
}
