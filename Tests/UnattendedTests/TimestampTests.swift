import Outputs
import Testing

/// Times as text, against dates that are known.
@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_767_225_599, "2025-12-31T23:59:59Z"),
        (1_767_225_600, "2026-01-01T00:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
        (-2_203_891_200, "1900-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"), (-62_167_219_200, "0000-01-01T00:00:00Z"),
    ] as [(Int64, String)])
    func datesAreThoseOfTheCalendar(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).text == text)
        #expect(Timestamp(text: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:0xZ", "2026-00-10T00:00:00Z",
    ])
    func otherTextsAreNone(text: String) { #expect(Timestamp(text: text) == nil) }

    @Test func everyDayOfFourHundredYearsComesBack() {
        var last = Timestamp(seconds: -1).text
        for day in stride(from: Int64(0), to: 146_097, by: 1) {
            let text = Timestamp(seconds: day * 86_400).text
            #expect(text > last && Timestamp(text: text)?.seconds == day * 86_400)
            last = text
        }
    }
}
