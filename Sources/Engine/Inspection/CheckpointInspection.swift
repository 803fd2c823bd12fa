internal import Outputs
public import WorkStealing

/// The facts about a checkpoint: which evaluation it is of, and how much of it is done.
public struct CheckpointInspection: Sendable, Encodable {
    /// A file that the evaluation reads.
    public struct Input: Sendable, Encodable {
        /// The role of the file, such as "predictions".
        public let role: String
        /// The path as it was given.
        public let path: String
        /// The size in bytes.
        public let bytes: UInt64
        /// The way in which the file is another now than the checkpoint says, in words; absent if it is not.
        public let difference: String?
    }

    /// A part of the request.
    public struct Setting: Sendable, Encodable {
        /// The name of the part, in words.
        public let name: String
        /// Its value.
        public let value: String
    }

    /// The path of the file.
    public let path: String
    /// "checkpoint".
    public let format: String
    /// The size of the file in bytes.
    public let bytes: UInt64
    /// The version of xent that wrote it, and which alone goes on from it.
    public let xent: String
    /// The number of units that are finished, or of pieces of what is read in order.
    public let finishedUnits: Int
    /// The number of all units; absent if only reading tells.
    public let units: Int?
    /// The share of the work that is done, from 0 to 1; absent if it is not known.
    public let fraction: Double?
    /// The number of decoded bytes of all predictions; absent if only reading tells.
    public let decodedBytes: Int?
    /// The number of rows of which one unit is finished and the other is not.
    public let waitingRows: Int
    /// The number of times that the work was resumed.
    public let resumes: Int
    /// The time in seconds that all runs together took.
    public let seconds: Double
    /// The time at which the first run began, as "2026-11-29T03:00:02Z".
    public let started: String
    /// The time at which the checkpoint was written.
    public let written: String
    /// The files that the evaluation reads.
    public let inputs: [Input]
    /// The request, as far as the figures depend on it.
    public let settings: [Setting]
    /// The names of the figures' states.
    public let figures: [String]

    enum CodingKeys: String, CodingKey {
        case path, format, bytes, xent, units, fraction, resumes, seconds, started, written, inputs, settings, figures
        case finishedUnits = "finished_units"
        case decodedBytes = "decoded_bytes"
        case waitingRows = "waiting_rows"
    }

    /// Reads a checkpoint, and looks at the files that it names.
    ///
    /// - Throws: `EngineError` if the file cannot be read, is no checkpoint, or is damaged.
    public init(path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) {
        guard let checkpoint = try CheckpointFile.read(path, cancellation: cancellation) else {
            throw EngineError(.noInput, path: path, "there is no such file")
        }
        self.path = path
        format = "checkpoint"
        bytes = try InputIdentity(path: path).byteCount
        xent = checkpoint.xentVersion
        finishedUnits = checkpoint.finishedUnitCount
        units = checkpoint.unitCount
        fraction = checkpoint.fraction
        decodedBytes = checkpoint.totalByteCount
        waitingRows = checkpoint.seams.count { $0.state == .beginningWaits || $0.state == .endWaits }
        resumes = checkpoint.resumeCount
        seconds = checkpoint.seconds
        started = checkpoint.started.text
        written = checkpoint.written.text
        inputs = checkpoint.inputs.map { input in
            let difference: String?
            do throws(EngineError) {
                difference = try InputIdentity(path: input.path).difference(from: input.identity)
            } catch {
                difference = "cannot be looked at"
            }
            return Input(role: input.role, path: input.path, bytes: input.identity.byteCount, difference: difference)
        }
        settings = checkpoint.settings.map { Setting(name: $0.name, value: $0.value) }
        figures = checkpoint.observers.map(\.tag)
    }
}
