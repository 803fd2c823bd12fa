public import Messages

/// An error about the roles of columns: a name that no column has, several columns that could have a role, or a column with two roles.
///
/// It knows no file: the opener of the file puts the path in front. Names of columns are cut, and control characters in them replaced.
public struct ColumnError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The cause, for code; `description` is for people.
    public enum Kind: Sendable, Equatable {
        /// No column has the name, or any usual name of the role.
        case unknown
        /// Several columns could have the role.
        case doubt
        /// The choice contradicts itself, the task, or the columns of another file.
        case contradiction
        /// The format itself found that a name means no column, or several.
        case format
    }

    /// The cause, for code.
    public let kind: Kind
    /// The problem in words.
    public let problem: Message
    /// The action that avoids the error.
    public let remedy: Message?

    /// Makes an error.
    init(_ kind: Kind, _ problem: Message, remedy: Message) {
        self.kind = kind
        self.problem = problem
        self.remedy = remedy
    }

    /// Makes the error of a name that a format could not resolve.
    init(_ error: FormatError) {
        kind = .format
        problem = error.message
        remedy = nil
    }

    /// The problem and the remedy in a sentence.
    public var message: Message {
        guard let remedy else { return problem }
        return "\(problem); \(remedy)"
    }

    /// The message with the names of Swift.
    public var description: String { message.description }
}
