public import Outputs
package import Scoring

/// The state of an evaluation that was interrupted, as a file holds it: which request it is of, which units are finished, and the states of
/// the figures after their rows.
///
/// A run that goes on from a checkpoint gives the same bytes as one that was not interrupted, with any number of threads and any kernel.
/// The bytes are specified in <doc:CheckpointFormat>; `RunCheckpoint` writes and reads them as a file.
///
/// ```swift
/// let checkpoint = try Checkpoint(decoding: bytes)
/// print(checkpoint.finishedUnitCount, "units are finished")
/// ```
public struct Checkpoint: Sendable {
    /// A part of the request on which the state depends.
    public struct Setting: Sendable, Equatable {
        /// The name of the part, in words, such as "the loss".
        public let name: String
        /// Its value as a text. Equal values have equal texts.
        public let value: String

        /// Makes a part of a request.
        package init(name: String, value: String) { (self.name, self.value) = (name, value) }
    }

    /// A file that is read.
    public struct Input: Sendable, Equatable {
        /// The role of the file: "predictions", "labels", "weights", "clusters" or "groups".
        public let role: String
        /// The path as it was given.
        public let path: String
        /// The identity of the file's content.
        public let identity: InputIdentity

        /// Makes the description of a file.
        package init(role: String, path: String, identity: InputIdentity) {
            (self.role, self.path, self.identity) = (role, path, identity)
        }
    }

    /// A way of reading that was taken since a faster one failed.
    package struct Reading: Sendable, Equatable {
        /// The flags of `ReadingMode`.
        package var flags: UInt64 = 0
        /// The warnings about it.
        package var warnings: [String] = []
    }

    /// The state of an observer.
    package struct ObserverState: Sendable, Equatable {
        let tag: String
        let configuration: [UInt8]
        let section: [UInt8]
    }

    /// The version of xent that wrote the checkpoint. Another version begins anew.
    public package(set) var xentVersion = Version.current
    /// The version of the rules by which inputs are cut into units.
    package var cutVersion = Self.currentCutVersion
    /// The request, in the order in which its parts are compared.
    public package(set) var settings: [Setting] = []
    /// The files, in the order in which they are read.
    public package(set) var inputs: [Input] = []
    /// The way in which the inputs were read.
    package var reading = Reading()
    /// The number of units of the run; nil if it is not known before all pieces are read.
    public package(set) var unitCount: Int?
    /// The numbers of the finished units.
    package var finished = UnitSet()
    /// The rows of which one unit is finished and the other is not.
    package var seams: [SplitRowStore.Seam] = []
    /// The piece of an ordered source from which on pieces have to be taken again; nil for the first one, and for units.
    package var resumePoint: ResumePoint?
    /// The states of the observers after the rows of the finished units.
    package var observers: [ObserverState] = []
    /// The first invalid rows with their places.
    package var invalidRows: [InvalidRow] = []
    /// The rows of tables that were looked up, by the indices of the companion columns.
    package var lookedUpRows: [Int: UnitSet] = [:]
    /// The number of decoded bytes of predictions that need not be decoded again.
    public package(set) var decodedByteCount = 0
    /// The number of decoded bytes of predictions in all; nil if only reading tells.
    public package(set) var totalByteCount: Int?
    /// The number of times that the work was resumed before the checkpoint was written.
    public package(set) var resumeCount = 0
    /// The time in seconds that all runs together took until the checkpoint was written.
    public package(set) var seconds = 0.0
    /// The time at which the first run began.
    public package(set) var started = Timestamp(seconds: 0)
    /// The time at which the checkpoint was written.
    public package(set) var written = Timestamp(seconds: 0)

    /// The rules of this version by which inputs are cut into units: whoever changes a cut adds 1.
    static let currentCutVersion: UInt64 = 1

    /// Makes a checkpoint of no work and no request.
    package init() {}

    /// The number of units that are finished, or of pieces of what is read in order.
    public var finishedUnitCount: Int { finished.count }

    /// The share of the work that is done, from 0 to 1; nil if it is not known.
    public var fraction: Double? {
        if let unitCount, unitCount > 0 { return Double(finishedUnitCount) / Double(unitCount) }
        guard let totalByteCount, totalByteCount > 0 else { return nil }
        return min(1, Double(decodedByteCount) / Double(totalByteCount))
    }

    /// Says in words why this is no checkpoint of the request of another; nil if it is. The first thing that differs is named.
    func difference(to now: Checkpoint) -> String? {
        if xentVersion != now.xentVersion { return "it was written by xent \(xentVersion), and this is \(now.xentVersion)" }
        if cutVersion != now.cutVersion { return "it was written by a xent that cuts inputs in another way" }
        if let difference = difference(ofInputsTo: now) { return difference }
        for (before, setting) in zip(settings, now.settings) where before != setting {
            return "\(setting.name) \(setting.name == "the figures" ? "are" : "is") "
                + "\(Self.shown(setting.value)), and \(before.name == setting.name ? "was \(Self.shown(before.value))" : "was not said")"
        }
        if settings.count != now.settings.count { return "it is of another request" }
        if unitCount != now.unitCount { return "the inputs are cut into other units" }
        return nil
    }

    /// Says in words in which way the inputs of another request are not those of this checkpoint; nil if they are. A file whose identity
    /// was racy when the checkpoint was written is not trusted.
    func difference(ofInputsTo now: Checkpoint) -> String? {
        if inputs.count != now.inputs.count { return "there are \(now.inputs.count) inputs, and there were \(inputs.count)" }
        for (before, input) in zip(inputs, now.inputs) {
            if before.path != input.path || before.role != input.role {
                return "the \(input.role) are read from \(input.path), and the \(before.role) were read from \(before.path)"
            }
            if let difference = input.identity.difference(from: before.identity) { return "\(input.path) \(difference)" }
            if before.identity.isRacy {
                return "\(input.path) was changed less than 2 s before the checkpoint was written, by its own time, and is not trusted"
            }
        }
        return nil
    }

    private static func shown(_ value: String) -> String {
        let text = value.isEmpty ? "none" : value
        return text.count > 200 ? text.prefix(200) + "…" : text
    }
}
