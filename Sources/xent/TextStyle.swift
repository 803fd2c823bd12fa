/// The colours of text that goes to a terminal: of errors, warnings, headings and the one figure.
///
/// There are none where the output is no terminal, where TERM is `dumb` or not set, and where NO_COLOR is set (https://no-color.org).
struct TextStyle {
    private let isColoured: Bool

    /// The style of what goes to standard output.
    static let output = TextStyle(descriptor: 1)
    /// The style of what goes to standard error.
    static let error = TextStyle(descriptor: 2)
    /// The style without colours.
    static let plain = TextStyle(isColoured: false)

    private init(isColoured: Bool) { self.isColoured = isColoured }

    private init(descriptor: Int32) {
        isColoured =
            Terminal.isTerminal(descriptor) && !Terminal.isDumb && Terminal.variable("TERM") != nil && Terminal.variable("NO_COLOR") == nil
    }

    func failure(_ text: String) -> String { coloured(text, "1;31") }
    func warning(_ text: String) -> String { coloured(text, "1;33") }
    func figure(_ text: String) -> String { coloured(text, "1;32") }
    func heading(_ text: String) -> String { coloured(text, "1") }

    private func coloured(_ text: String, _ code: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
