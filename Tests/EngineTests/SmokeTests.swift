import Testing
@testable import Engine
@Test func smoke() { #expect(1.0.hexadecimalText == "0x1p+0") }
