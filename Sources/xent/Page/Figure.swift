/// A picture with its title, a sentence that says the same, and its numbers as a table.
enum Figure {
    /// Makes a picture.
    ///
    /// - Parameters:
    ///   - caption: the sentences below it. The first also describe the drawing to readers who do not see it.
    ///   - table: the numbers of the picture; nil if the caption has all of them.
    static func markup(_ title: String, _ drawing: Drawing?, caption: String, _ table: NumberTable?) -> Markup {
        var content = Markup.element("h3", text: title)
        if let drawing { content += drawing.markup("\(title): \(caption)").line }
        content += Markup.element("figcaption", text: caption).line
        if let table, !table.isEmpty { content += table.folded }
        return Markup.element("figure", [:], content).line
    }
}
