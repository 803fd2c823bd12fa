import ArgumentParser
import Engine

/// The manual page, in the language of man(7), of the same pages that `xent help` shows.
enum ManualPage {
    static var text: String {
        var lines = [
            #".\" Made by xent --generate-manual."#, ".TH XENT 1 \"\" \"xent \(Version.current)\" \"User Commands\"", ".nh", ".ad l",
            ".SH NAME", "xent \\- \(escaped(name))", ".SH SYNOPSIS", ".nf",
        ]
        lines += Manual.commands.flatMap { $0.usage }.map(escaped)
        lines += [".fi", ".SH DESCRIPTION", escaped(Xent.configuration.discussion)]
        for command in Manual.commands {
            lines.append(".SH \(escaped("xent \(command._commandName)".uppercased()))")
            lines.append(escaped(command.configuration.abstract))
            // The usage of all commands stands above.
            for section in command.document.sections where section.heading != "More" { add(section, to: &lines) }
        }
        for topic in HelpTopic.allCases {
            lines.append(".SH \(escaped(topic.heading.uppercased()))")
            for block in topic.blocks { add(block, to: &lines) }
        }
        lines += [".SH EXAMPLES"]
        add(.lines(Xent.examples), to: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The program in a phrase, as whatis shows it.
    private static var name: String {
        let text = Xent.configuration.abstract
        return text.prefix(1).lowercased() + text.dropFirst().prefix { $0 != "." }
    }

    private static func add(_ section: HelpDocument.Section, to lines: inout [String]) {
        lines.append(".SS \(escaped(section.heading))")
        for block in section.blocks { add(block, to: &lines) }
    }

    private static func add(_ block: HelpDocument.Block, to lines: inout [String]) {
        switch block {
        case .text(let text):
            lines += [".PP", escaped(text)]
        case .lines(let given):
            lines += [".PP", ".nf"] + given.map(escaped) + [".fi"]
        case .entries(let entries):
            for (term, text) in entries { lines += [".TP", "\\fB\(escaped(term))\\fR", escaped(text)] }
        }
    }

    /// Text in which nothing means anything to man: backslashes, dashes that stay dashes, and a first character that would be a request. It
    /// is all ASCII, so that man shows it whatever the locale.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-", "−": result += "\\-"
            // Characters that a terminal without UTF-8 would leave out.
            case "…": result += "..."
            case "·": result += "\\(md"
            case "×": result += "\\(mu"
            case "α": result += "\\(*a"
            case "γ": result += "\\(*g"
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
    }
}
