/// A decoder of bytes that a pickle of protocol 2 holds as a text of as many characters: UTF-8 of the first 256 characters of Unicode.
///
/// The text is given in pieces, which may end inside a character.
public struct PickledTextDecoder {
    /// The first byte of a character whose second one is still to come; 0 for none.
    private var first: UInt8 = 0

    /// Begins a text.
    public init() {}

    /// True if no character is unfinished.
    public var isAtEnd: Bool { first == 0 }

    /// Decodes a piece, and writes a byte for each character that ends in it. O(bytes).
    ///
    /// - Parameters:
    ///   - piece: the bytes of the text.
    ///   - decoded: the room for the bytes, one for each byte of the piece at most.
    /// - Returns: the number of bytes that were written; nil if the piece is not of such a text.
    public mutating func decode(_ piece: UnsafeRawBufferPointer, into decoded: UnsafeMutableRawBufferPointer) -> Int? {
        precondition(decoded.count >= piece.count, "room for a byte a byte")
        var count = 0
        var first = first
        var isSound = true
        // Without a branch for each byte: those of floats are as good as random.
        for byte in piece {
            let isFirst = byte & 0xFE == 0xC2
            let isSecond = byte & 0xC0 == 0x80
            isSound = isSound && isSecond == (first != 0) && (byte < 0x80 || isFirst || isSecond)
            decoded[count] = first << 6 | (isSecond ? byte & 0x3F : byte)
            count += isFirst ? 0 : 1
            first = isFirst ? byte : 0
        }
        guard isSound else { return nil }
        self.first = first
        return count
    }
}
