/// A partial that cannot be read or merged. The caller, who knows the files, adds their names.
public struct PartialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error, for programs.
    public enum Kind: Sendable, Equatable {
        /// The bytes are those of something else.
        case notAPartial
        /// The bytes are those of a partial of another version of the format.
        case otherVersion
        /// The bytes begin like a partial and break its rules.
        case damaged
        /// Two partials are of different losses or class counts.
        case otherLoss
        /// Two partials hold different figures, or figures with different settings.
        case otherObservers
        /// A figure is not known to this version, so it cannot be added up.
        case unknownObserver
        /// Two parts without a place have equal content, and nobody said how often they count.
        case equalShards
        /// Two parts are of the same rows of a dump, and their contents differ.
        case conflictingContent
        /// Two parts share some rows of a dump, but not all.
        case overlappingPlaces
        /// A merge of no partials.
        case nothingToMerge
    }

    /// A way out, as a value: the caller knows what its user can do.
    public enum Remedy: Sendable, Equatable {
        /// Give files that hold partials.
        case givePartials
        /// Evaluate the rows again, and write a new partial.
        case writeAgain
        /// Read the partial with the newer version that wrote it.
        case useNewerVersion
        /// Merge partials of one loss only.
        case mergeOneLoss
        /// Evaluate all shards with the same figures and settings.
        case askForSameFigures
        /// Say where in the dump the shards lie, or say how often equal ones count (`SameShard`).
        case placeOrCount
        /// Evaluate the rows of both parts again: one of them is wrong.
        case evaluateBothAgain
        /// Leave one of the two parts out, or cut the dump into shards that share no rows.
        case leaveOneOut

        /// The way out in words, without a name of an option.
        public var text: String {
            switch self {
            case .givePartials: "give files that hold partials"
            case .writeAgain: "evaluate its rows again, to write it anew"
            case .useNewerVersion: "use the newer version that wrote it"
            case .mergeOneLoss: "merge partials of one loss only"
            case .askForSameFigures: "evaluate all shards with the same figures and settings"
            case .placeOrCount: "say where in the dump the shards lie, or whether equal shards count once or each"
            case .evaluateBothAgain: "one of them is wrong: evaluate the rows of both again"
            case .leaveOneOut: "leave one of them out, or cut the dump into shards that share no rows"
            }
        }
    }

    /// The kind of error.
    public let kind: Kind
    /// The rule that is broken.
    public let problem: String
    /// The thing that is there instead.
    public let found: String
    /// The thing that would have been right; nil where it is not worth saying.
    public let allowed: String?
    /// The remedy for the error.
    public let remedy: Remedy
    /// The partials that are at fault, as indices of those that were merged, ascending; empty where one was read.
    public internal(set) var partialIndices: [Int] = []
    /// The tags of the figures in which two partials differ, ascending; empty for other errors.
    public internal(set) var differingTags: [String] = []

    /// An error that observers of other modules can throw as well.
    public init(kind: Kind, problem: String, found: String, allowed: String? = nil, remedy: Remedy) {
        self.kind = kind
        self.problem = problem
        self.found = found
        self.allowed = allowed
        self.remedy = remedy
    }

    /// Bytes that break the rules of the format.
    public static func damaged(_ found: String) -> PartialError {
        PartialError(kind: .damaged, problem: "the partial is damaged", found: found, remedy: .writeAgain)
    }

    /// The error as a sentence.
    public var description: String {
        "\(problem): found \(found)" + (allowed.map { ", allowed \($0)" } ?? "") + "; \(remedy.text)"
    }
}
