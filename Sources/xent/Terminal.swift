#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal behind standard input, output or error, if there is one.
enum Terminal {
    /// The width of text for people where no terminal says another.
    static let usualWidth = 80

    /// True if a descriptor leads to a terminal.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// True if the terminal can neither erase nor colour, as the variable TERM says it.
    static var isDumb: Bool { variable("TERM") == "dumb" }

    /// The number of columns of the terminal behind a descriptor; nil if there is none, or if it does not tell.
    static func width(of descriptor: Int32) -> Int? {
        guard isTerminal(descriptor) else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The number of columns for text that goes to a descriptor: those of the variable COLUMNS, those of the terminal, or the usual ones.
    static func textWidth(of descriptor: Int32) -> Int {
        if let text = variable("COLUMNS"), let columns = Int(text), columns > 0 { return columns }
        return width(of: descriptor) ?? usualWidth
    }

    /// The number of columns for tables that go to a descriptor: as for text, but a file or a pipe has room for any table.
    static func tableWidth(of descriptor: Int32) -> Int {
        Terminal.variable("COLUMNS") == nil && width(of: descriptor) == nil ? .max : textWidth(of: descriptor)
    }

    /// The value of an environment variable; nil if it is not set, or empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
