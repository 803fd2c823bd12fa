import Messages
import SeededRandom
import Testing

@Suite struct NameTests {
    /// Strings that Swift takes for the same are two names.
    @Test func namesAreTheirBytes() {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        #expect(composed == decomposed)
        #expect(Name(composed) != Name(decomposed))
        #expect(Name(composed) == Name("\u{E9}") && Name(composed).hashValue == Name("\u{E9}").hashValue)
        #expect(Set([composed, decomposed, composed].names).count == 2)
        #expect([composed].contains(name: composed) && ![composed].contains(name: decomposed))
        #expect([composed, decomposed].firstIndex(ofName: decomposed) == 1)
        #expect("\(composed)_0".hasBytes(atStart: composed) && !"\(composed)_0".hasBytes(atStart: decomposed))
        #expect("e\u{301}".hasBytes(atStart: "e"))
    }

    /// Each sequence of bytes has a text of its own, which gives it back.
    @Test func fileNamesOfAnyBytes() {
        var random = SplitMix64(seed: 20)
        var texts: Set<Name> = []
        var names: Set<[UInt8]> = []
        let pieces: [[UInt8]] = [
            [0x61], [0xC3, 0xA9], [0xE9], [0xFF], [0x80], [0xF4, 0x8F, 0xBE, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F, 0xBD, 0xBF],
            [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xE2, 0x80], [0xF0, 0x9F, 0x98, 0x80], [0xF0, 0x9F, 0x98], [0x0A], [0xEF, 0xBF, 0xBD],
        ]
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...6, using: &random) { bytes += pieces.randomElement(using: &random) ?? [] }
            if Bool.random(using: &random) { bytes.append(UInt8.random(in: 1...255, using: &random)) }
            let text = FileName.text(bytes)
            #expect(FileName.bytes(text) == bytes)
            #expect(FileName.cString(text) == bytes.map { CChar(bitPattern: $0) } + [0])
            names.insert(bytes)
            texts.insert(Name(text))
        }
        #expect(texts.count == names.count)
        #expect(FileName.text(Array("caf\u{E9}.csv".utf8)).isSameName(as: "caf\u{E9}.csv"))
        let text = FileName.text([0x63, 0xE9, 0x2E])
        #expect(FileName.shown(text) == "c\\xe9." && QuotedBytes.printable(text) == "c\\xe9.")
    }
}
