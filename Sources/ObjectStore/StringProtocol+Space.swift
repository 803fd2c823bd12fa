extension StringProtocol {
    /// The text without white space at its ends. O(characters).
    var trimmedOfSpace: String { String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}
