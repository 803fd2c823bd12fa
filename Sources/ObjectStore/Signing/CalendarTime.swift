#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A time in seconds since 1970 in UTC, and its texts.
struct CalendarTime: Sendable, Hashable, Comparable {
    /// The seconds since 1970-01-01T00:00:00Z.
    let seconds: Int

    /// The time of the system's clock.
    static var now: CalendarTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return CalendarTime(seconds: Int(time.tv_sec))
    }

    init(seconds: Int) { self.seconds = seconds }

    /// Reads a time of ISO 8601 in UTC, such as `2026-11-29T21:30:00Z`, with or without a fraction of a second, or with `+00:00`; nil for
    /// any other text.
    init?(_ text: String) {
        let parts = text.split(whereSeparator: { "-T:.Z+".contains($0) })
        guard parts.count >= 6, text.hasSuffix("Z") || text.hasSuffix("+00:00") else { return nil }
        let numbers = parts.prefix(6).compactMap { Int32($0) }
        guard numbers.count == 6, (1970...9999).contains(numbers[0]) else { return nil }
        var fields = tm()
        fields.tm_year = numbers[0] - 1900
        fields.tm_mon = numbers[1] - 1
        fields.tm_mday = numbers[2]
        fields.tm_hour = numbers[3]
        fields.tm_min = numbers[4]
        fields.tm_sec = numbers[5]
        seconds = Int(timegm(&fields))
    }

    static func < (left: CalendarTime, right: CalendarTime) -> Bool { left.seconds < right.seconds }

    /// The time as signatures have it: `20261129T213000Z`.
    var compactText: String { "\(dayText)T\(Self.digits(fields.tm_hour))\(Self.digits(fields.tm_min))\(Self.digits(fields.tm_sec))Z" }

    /// The day: `20261129`.
    var dayText: String { "\(fields.tm_year + 1900)\(Self.digits(fields.tm_mon + 1))\(Self.digits(fields.tm_mday))" }

    private var fields: tm {
        var time = time_t(seconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        return fields
    }

    private static func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
