/// A page of help, apart from its looks. `HelpText` makes lines for a terminal of it, and `ManualPage` a part of the manual page.
struct HelpDocument {
    /// A part of a section.
    enum Block {
        /// Running text, which is wrapped.
        case text(String)
        /// Lines that stay as they are, to be pasted.
        case lines([String])
        /// Terms with their explanations.
        case entries([(term: String, text: String)])
    }

    /// Some blocks under a heading.
    struct Section {
        let heading: String
        let blocks: [Block]
    }

    let title: String
    /// The page in one sentence.
    let abstract: String
    let sections: [Section]
}
