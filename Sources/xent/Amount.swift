import Messages

/// Conversion of numbers to text for people.
enum Amount {
    /// Groups digits by thousands: 1234567 → "1,234,567".
    static func grouped(_ value: some BinaryInteger) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// Counts things: 1, "frame" → "1 frame"; 1234, "frame" → "1,234 frames". A plural that does not end in s is given.
    static func counted(_ count: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
        "\(grouped(count)) \(count == 1 ? noun : plural ?? noun + "s")"
    }

    /// Writes a value with the digits that its error leaves, two of the error itself: 0.0695004 and 0.0112 → "0.070 ± 0.011". Returns nil
    /// if the error says nothing: where it is 0 or no number.
    static func fitted(_ value: Double, error: Double?) -> String? {
        guard let error, error.isFinite, error > 0, value.isFinite else { return nil }
        // The place of the error's second digit: 10^place. Two digits of 9.95 are 10.
        let place = exponent(of: error, below: 9.95) - 1
        let magnitude = max(value.magnitude, error)
        if magnitude >= 1e6 || magnitude < 1e-4 {
            let exponent = exponent(of: magnitude, below: 10)
            let digits = max(0, exponent - place)
            let scale = powerOfTen(-exponent)
            return "\(fixed(value * scale, digits))e\(exponent) ± \(fixed(error * scale, digits))e\(exponent)"
        }
        if place > 0 {
            let step = powerOfTen(place)
            return "\(fixed((value / step).rounded() * step, 0)) ± \(fixed((error / step).rounded() * step, 0))"
        }
        return "\(fixed(value, -place)) ± \(fixed(error, -place))"
    }

    /// Returns the power of ten by which a positive number is divided to lie below `limit`, and at a tenth of it or above.
    private static func exponent(of value: Double, below limit: Double) -> Int {
        var exponent = 0
        var lead = value
        while lead >= limit {
            lead /= 10
            exponent += 1
        }
        while lead < limit / 10 {
            lead *= 10
            exponent -= 1
        }
        return exponent
    }

    private static func powerOfTen(_ exponent: Int) -> Double {
        var power = 1.0
        for _ in 0..<exponent.magnitude { power *= 10 }
        return exponent < 0 ? 1 / power : power
    }

    /// Writes a number with so many digits after the point. Digits beyond those of Float64 are 0.
    private static func fixed(_ value: Double, _ digits: Int) -> String {
        let scaled = (value.magnitude * powerOfTen(digits)).rounded()
        guard scaled < 0x1p63 else { return "\(value)" }
        var text = String(Int64(scaled))
        if digits > 0 {
            text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
            text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
        }
        return (value < 0 && scaled > 0 ? "-" : "") + text
    }

    /// Lists the first few names, the last one, and their count: "p_0, p_1, p_2, …, p_999 (1,000)". Names are cut, and control characters
    /// in them are escaped.
    static func listed(_ names: [String], limit: Int = 8) -> String {
        func shown(_ name: String) -> String {
            let beginning = String(String.UnicodeScalarView(name.unicodeScalars.prefix(40)))
            return QuotedBytes.printable(beginning) + (name.unicodeScalars.count > 40 ? "…" : "")
        }
        guard names.count > limit, let last = names.last else { return names.map(shown).joined(separator: ", ") }
        return names.prefix(limit - 2).map(shown).joined(separator: ", ") + ", …, \(shown(last)) (\(grouped(names.count)))"
    }

    /// Writes a number of bytes: 1234567 → "1.23 MB".
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB", "TB"] {
            if value < 999.5 || unit == "TB" { return unit == "B" ? "\(count) B" : "\(significant(value, digits: 3)) \(unit)" }
            value /= 1000
        }
        return "\(count) B"
    }

    /// Writes a duration: 75 → "1 min 15 s".
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "a long time" }
        if seconds < 10 { return "\(significant(seconds, digits: 2)) s" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// Rounds to significant digits: 0.0123456 → "0.0123", 1.5e-20 → "1.50e-20".
    static func significant(_ value: Double, digits: Int) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == 0 { return "0" }
        // Scientific digits by exact decimal scaling of Double's own shortest text would lose ties; for a display, powers of ten do.
        var exponent = 0
        var scaled = value.magnitude
        while scaled >= 10 {
            scaled /= 10
            exponent += 1
        }
        while scaled < 1 {
            scaled *= 10
            exponent -= 1
        }
        var factor = 1.0
        for _ in 1..<max(digits, 1) { factor *= 10 }
        var whole = (scaled * factor).rounded()
        if whole >= 10 * factor {
            whole /= 10
            exponent += 1
        }
        var text = String(Int(whole))
        let sign = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= 15 {
            if digits > 1 { text.insert(".", at: text.index(after: text.startIndex)) }
            return "\(sign)\(text)e\(exponent)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + text }
        if exponent >= digits - 1 { return sign + text + String(repeating: "0", count: exponent - digits + 1) }
        text.insert(".", at: text.index(text.startIndex, offsetBy: exponent + 1))
        return sign + text
    }
}
