/// A value that changes when the bytes of a source do, such as a file's number and time of modification or a web server's entity tag.
public struct ByteSourceIdentity: Hashable, Sendable {
    private let numbers: [UInt64]
    private let tag: String

    /// Creates an identity of numbers and a text. Two are equal if all their parts are.
    public init(numbers: [UInt64] = [], tag: String = "") {
        self.numbers = numbers
        self.tag = tag
    }
}
