import Elements
import Formats
import SeededRandom
import Testing

@Suite("The header of .npy, by hand")
struct NPYHeaderTests {
    @Test("What is encoded is parsed back", arguments: ElementType.allCases)
    func roundTrip(type: ElementType) throws {
        for shape in [[], [0], [1], [500_000, 100], [3, 1, 4, 1, 5], [Int.max / 8]] {
            let bytes = NPYHeader.encode(elementType: type, shape: shape)
            // As much as the largest shape of the widest type fits; its end lies beyond.
            if shape == [Int.max / 8], type.byteCount == 8 {
                #expect(throws: FormatError.self) { try parse(bytes) }
                continue
            }
            let layout = try ArrayLayout(
                elementType: type, isByteSwapped: false, isFortranOrder: false, shape: shape, dataByteOffset: bytes.count)
            #expect(try parse(bytes) == .complete(layout))
            #expect(bytes.count == 128)
        }
    }

    @Test("A header too long for version 1.0 becomes 2.0, as with NumPy")
    func encodesVersion2() {
        let bytes = NPYHeader.encode(elementType: .float32, shape: Array(repeating: 1, count: 30_000))
        #expect(bytes[6...7] == [2, 0])
        #expect(bytes.count % 64 == 0)
        let headerByteCount = (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        #expect(12 + headerByteCount == bytes.count)
    }

    @Test("A header's length is believed up to the limit and no further, and asks for nothing beyond it")
    func headerLength() throws {
        func start(_ headerByteCount: UInt32) -> [UInt8] {
            [0x93] + Array("NUMPY".utf8) + [2, 0] + (0..<4).map { UInt8(truncatingIfNeeded: headerByteCount >> (8 * $0)) }
        }
        let limit = UInt32(NPYHeader.headerByteCountLimit)
        #expect(try parse(start(limit)) == .needs(byteCount: 12 + Int(limit)))
        for headerByteCount in [limit + 1, .max] {
            let error = #expect(throws: FormatError.self) { try parse(start(headerByteCount)) }
            #expect(error?.kind == .headerLength)
        }
        // A header as long as that is parsed in good time, whatever fills it.
        let keys = "{'descr': '<f4', 'fortran_order': False, 'shape': "
        let fillings: [(head: String, filler: UInt8, tail: String, kind: FormatError.Kind?)] = [
            (keys + "(3,)", UInt8(ascii: " "), "}", nil), (keys + "(3,)}", UInt8(ascii: "\n"), "", nil),
            (keys + "(3,)", UInt8(ascii: " "), "", .syntax), (keys + "(3", UInt8(ascii: "9"), ",)}", .shape),
            (keys + "(3,), 'a", UInt8(ascii: "a"), "': 1}", .unknownKey), (keys + "(3,), 'a", UInt8(ascii: "a"), "", .syntax),
            (keys, UInt8(ascii: "("), "", .syntax), ("{'descr': '<f", UInt8(ascii: "4"), "'}", .elementType),
            ("{'descr': ", UInt8(ascii: "["), "", .elementType), ("", UInt8(ascii: "{"), "", .syntax),
        ]
        for (head, filler, tail, kind) in fillings {
            let fillerByteCount = Int(limit) - head.utf8.count - tail.utf8.count
            let bytes = start(limit) + Array(head.utf8) + Array(repeating: filler, count: fillerByteCount) + Array(tail.utf8)
            if let kind {
                let error = #expect(throws: FormatError.self) { try parse(bytes) }
                #expect(error?.kind == kind, "\(head)")
                #expect((error?.description.utf8.count ?? 0) < 400)
            } else {
                let layout = try ArrayLayout(
                    elementType: .float32, isByteSwapped: false, isFortranOrder: false, shape: [3], dataByteOffset: bytes.count)
                #expect(try parse(bytes) == .complete(layout), "\(head)")
            }
        }
    }

    @Test("Errors give the byte")
    func places() {
        let cases: [(String, Int, FormatError.Kind)] = [
            ("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", 20, .elementType),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, -1)}", 64, .shape),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 9223372036854775808)}", 64, .shape),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4611686018427387904)}", 60, .arrayTooLarge),
            ("{'descr': '<f4', 'fortran_order': False, 'size': (3,)}", 51, .unknownKey),
            ("{'descr': '<f4', 'fortran_order': False, 'descr': '<f4'}", 51, .duplicateKey),
            ("{'descr': '<f4', 'fortran_order': False}", 10, .missingKey),
            ("{'descr': '<f4', 'fortran_order': maybe, 'shape': (3,)}", 44, .syntax),
            ("{'descr': '<f4\\n'}", 24, .syntax),
        ]
        for (dictionary, byteOffset, kind) in cases {
            let error = #expect(throws: FormatError.self) { try parse(file(dictionary)) }
            #expect(error?.byteOffset == byteOffset, "\(dictionary): \(String(describing: error))")
            #expect(error?.kind == kind, "\(dictionary): \(String(describing: error))")
        }
    }

    @Test("The message is a sentence with place, found, allowed, remedy")
    func message() {
        let error = #expect(throws: FormatError.self) {
            try parse(file("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}"))
        }
        #expect(
            error?.description == """
                NumPy element type at byte 20: found '|O' (Python objects, kept as a pickle), allowed: f2 f4 f8, V2 (read as bfloat16), \
                i1 i2 i4 i8, u1 u2 u4 u8, b1; save it as np.save(path, array.astype(np.float32)); objects are never read, since \
                reading them can run code
                """)
        #expect(
            NPYHeader.truncated(fileByteCount: 100, neededByteCount: 128).description
                == "NumPy header: found the end of the file after 100 bytes, allowed: at least 128 bytes; "
                + "the file was cut short: write or copy it again")
        #expect(NPYHeader.truncated(fileByteCount: 0, neededByteCount: 10).description.contains("an empty file"))
    }

    @Test("Bytes of a file never reach a message raw")
    func escaping() {
        let error = #expect(throws: FormatError.self) { try parse(file("{'\u{202E}\u{7F}\u{9B}31m': 1}")) }
        #expect(error?.description.utf8.allSatisfy { (0x20...0x7E).contains($0) } == true)
        #expect(error?.description.contains("'\\xe2\\x80\\xae\\x7f\\xc2\\x9b31m'") == true, "\(String(describing: error))")
    }

    @Test("Tens of thousands of damaged headers: an answer each, none of them a trap, and no layout that lies", arguments: [1, 2, 3, 4])
    func mutations(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let headers = try Fixtures.good().map { Array($0.bytes.prefix($0.expected.dataOffset)) } + Fixtures.refused().map { $0.bytes }
        let pieces = [
            "(", ")", ",", "'", "\"", "{", "}", ":", "True", "False", "L", "-", "0", "9223372036854775807", "9223372036854775808",
            "99999999999999999999999999", "4294967296", "(3,)", "()", "'descr'", "'shape'", "'fortran_order'", "'<f4'", "'>V2'", "u'", "\\",
            "[", "\n", " ", "<", ">", "=", "|", "f8", "\u{0}", "é",
        ].map { Array($0.utf8) }
        var outcomes = [String: Int]()
        for _ in 0..<10_000 {
            guard var bytes = headers.randomElement(using: &random) else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Mostly within the header's text, sometimes in magic and length.
                let place = Int.random(in: 0...min(bytes.count, 90), using: &random)
                let end = min(bytes.count, place + Int.random(in: 0...6, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
                case 3: bytes.replaceSubrange(place..<end, with: pieces.randomElement(using: &random) ?? [])
                case 4: bytes.removeSubrange(place..<end)
                default: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
                }
            }
            do {
                switch try parse(bytes) {
                case .needs(let byteCount):
                    outcomes["needs", default: 0] += 1
                    #expect(byteCount > bytes.count && byteCount <= 12 + NPYHeader.headerByteCountLimit)
                case .complete(let layout):
                    outcomes["complete", default: 0] += 1
                    #expect(layout.dataByteOffset <= bytes.count && layout.dataByteOffset > 10)
                    #expect(layout.shape.allSatisfy { $0 >= 0 })
                    // None of these may overflow.
                    #expect(layout.rowCount * layout.rowByteCount == layout.dataByteCount)
                    #expect(layout.endByteOffset >= layout.dataByteOffset)
                    #expect(layout.rowCount * layout.elementsPerRow == layout.elementCount)
                }
            } catch {
                outcomes[error.kind.rawValue, default: 0] += 1
                #expect(error.description.utf8.count < 500 && !error.description.contains("\n"), "\(error)")
                if let byteOffset = error.byteOffset { #expect((0...bytes.count).contains(byteOffset), "\(error)") }
            }
        }
        // The fuzzing reaches every part of the parser.
        for outcome in ["needs", "complete"] + FormatError.Kind.allCases.map(\.rawValue)
        where !["truncatedHeader", "otherFormat", "callable", "column"].contains(outcome) {
            #expect(outcomes[outcome, default: 0] > 0, "seed \(seed): no \(outcome) in \(outcomes)")
        }
    }
}
