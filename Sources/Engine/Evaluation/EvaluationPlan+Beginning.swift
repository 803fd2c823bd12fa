internal import Container
internal import Formats
internal import Outputs

extension EvaluationPlan {
    /// Throws if a whole record of a text's beginning is an invalid row, which is to end the run.
    ///
    /// The format and the columns of a text are told from its first mebibyte. Where its writer stalls before that, an invalid row would be
    /// told only when it goes on. So the records that have come, whole lines or elements of a JSON array, are evaluated as a text of their
    /// own, and what comes of it is thrown away but for the error of an invalid row. O(bytes).
    ///
    /// - Parameter beginning: the first bytes of the text.
    static func refuseInvalidRow(
        in beginning: [UInt8], of path: String, _ options: EvaluationOptions, _ control: RunControl
    ) throws(EngineError) {
        // Files beside the text are read again later, which a pipe cannot be.
        let others = options.labelPaths + options.weightPaths
        guard options.invalidRows == .fail, options.predictionPaths.count == 1, options.companions.isEmpty, options.second == nil,
            others.allSatisfy({ options.byteSources[$0] == nil && FileIdentity(path: $0) != nil })
        else { return }
        var early = options
        early.perRowPath = nil
        early.checkpoint = nil
        early.shard = nil
        early.expectedRowCount = nil
        early.observers = []
        let lines = beginning.lastIndex(of: 0x0A).map { Array(beginning[...$0]) }
        let records = RecordFormats.closedDocument(beginningWith: beginning, recordPath: options.columns.recordPath)
        for text in [lines, records].compactMap({ $0 }) {
            early.byteSources[path] = MemorySource(name: path, bytes: text)
            do throws(EngineError) {
                _ = try Evaluation(early, cancellation: control.cancellation)
            } catch {
                if error.isOfInvalidRow { throw error }
            }
        }
    }
}
