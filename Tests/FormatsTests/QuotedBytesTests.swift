import Messages
import Testing

@Suite("Texts of files in messages: printable and bounded")
struct QuotedBytesTests {
    @Test("What steers a terminal is escaped, in a message too; letters of any language stay")
    func printable() {
        for (text, shown) in [
            ("plain", "plain"), ("é日本🙂 – …", "é日本🙂 – …"), ("a\u{1B}[31mb\nc\td\u{7F}", "a\\x1b[31mb\\x0ac\\x09d\\x7f"),
            ("\u{9B}1m", "\\x9b1m"), ("a\u{202E}b\u{200B}c\u{2028}d", "a\\u{202e}b\\u{200b}c\\u{2028}d"), ("", ""),
        ] {
            #expect(QuotedBytes.printable(text) == shown)
            #expect(Message(text).description == shown)
        }
        #expect(QuotedBytes.name("p_0") == "p_0" && QuotedBytes.name("a\u{1B}b") == "'a\\x1bb'")
        #expect(QuotedBytes.name(String(repeating: "a", count: 100)).utf8.count < 50)
    }

    @Test("Names are listed cut and escaped")
    func lists() {
        #expect(QuotedBytes.list([]) == "none" && QuotedBytes.list(["a", "", "c"]) == "a, '', c")
        #expect(QuotedBytes.list(["a", "b", "c"], limit: 2) == "a, b and 1 more")
        #expect(QuotedBytes.list(["a\u{1B}[2J\u{202E}"]) == "a\\x1b[2J\\u{202e}")
        let long = String(repeating: "é", count: 1000)
        #expect(QuotedBytes.short(long) == String(repeating: "é", count: 48) + "…" && QuotedBytes.short("abc", limit: 3) == "abc")
        #expect(QuotedBytes.list([String](repeating: long, count: 1000)).utf8.count < 3000)
    }

    @Test("A message has at most 4,000 bytes, with its beginning and its end")
    func bounded() {
        for filler in ["x", "é", "🙂"] {
            let message = Message("beginning " + String(repeating: filler, count: 10_000) + " end")
            let text = message.description
            #expect(
                text.utf8.count <= 3900 && text.utf8.count > 3800 && text.hasPrefix("beginning ") && text.hasSuffix(" end")
                    && text.contains(" … "))
        }
        let fits = String(repeating: "x", count: QuotedBytes.messageByteCountLimit)
        #expect(Message(fits).description == fits)
    }
}
