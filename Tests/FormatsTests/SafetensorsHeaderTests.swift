import Elements
import Formats
import Foundation
import SeededRandom
import Testing

@Suite("Safetensors headers as the safetensors package reads them")
struct SafetensorsHeaderTests {
    private struct Expected: Decodable {
        struct Array: Decodable {
            let dtype: String
            let shape: [Int]
            let data: String
        }
        struct Good: Decodable {
            let file: Data
            let arrays: [String: Array]
        }
        let good: [Good]
        let refused: [String: Data]
        let unreadable: [String: Data]
    }

    private static func expected() throws -> Expected {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/safetensors")
        return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    private static let typeNames: [ElementType: String] = [
        .float16: "F16", .bfloat16: "BF16", .float32: "F32", .float64: "F64", .int8: "I8", .int16: "I16", .int32: "I32", .int64: "I64",
        .uint8: "U8", .uint16: "U16", .uint32: "U32", .uint64: "U64", .bool: "BOOL",
    ]

    private func parse(_ bytes: some Collection<UInt8>, fileByteCount: Int?) throws -> SafetensorsHeader.ParseResult {
        try Array(bytes).withUnsafeBytes { try SafetensorsHeader.parse($0, fileByteCount: fileByteCount) }
    }

    @Test("Every array has the package's name, type, shape and bytes")
    func good() throws {
        let fixtures = try Self.expected().good
        #expect(fixtures.count > 30)
        var arrayCount = 0
        for fixture in fixtures {
            guard case .complete(let header) = try parse(fixture.file, fileByteCount: fixture.file.count) else {
                Issue.record("incomplete")
                continue
            }
            #expect(SafetensorsHeader.isPlausible(fixture.file) && !SafetensorsHeader.isPlausible(fixture.file.prefix(8)))
            #expect(header.endByteOffset == fixture.file.count)
            #expect(Set(header.arrays.map(\.name)) == Set(fixture.arrays.keys) && header.arrays.count == fixture.arrays.count)
            for array in header.arrays {
                let layout = try array.layout()
                let wanted = try #require(fixture.arrays[array.name])
                #expect(Self.typeNames[layout.elementType] == wanted.dtype && layout.shape == wanted.shape)
                #expect(
                    layout.isRowMajor && layout.isByteSwapped == (1.littleEndian != 1 && layout.elementType.byteCount > 1)
                )
                let bytes = fixture.file[layout.dataByteOffset..<layout.endByteOffset]
                #expect(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == wanted.data)
                arrayCount += 1
            }
        }
        #expect(arrayCount > 60)
    }

    @Test("Every beginning asks for more, never for less than it was given, and gets there in three steps")
    func truncation() throws {
        for fixture in try Self.expected().good {
            let headerEnd = 8 + Int(fixture.file[0]) + Int(fixture.file[1]) << 8
            for byteCount in 0..<headerEnd {
                guard case .needs(let needed) = try parse(fixture.file.prefix(byteCount), fileByteCount: nil) else {
                    Issue.record("complete after \(byteCount) bytes")
                    break
                }
                #expect(needed > byteCount && needed <= headerEnd)
            }
            var known = 0, steps = 0
            while case .needs(let needed) = try parse(fixture.file.prefix(known), fileByteCount: fixture.file.count), steps < 4 {
                known = needed
                steps += 1
            }
            #expect(known == headerEnd && steps <= 3)
        }
    }

    @Test("Whatever the package refuses is refused, in words; and names that are there twice")
    func refused() throws {
        let fixtures = try Self.expected().refused
        #expect(fixtures.count > 30)
        for (name, file) in fixtures {
            do {
                let result = try parse(file, fileByteCount: file.count)
                if case .needs(let byteCount) = result, byteCount > file.count {
                    let error = SafetensorsHeader.truncated(fileByteCount: file.count, neededByteCount: byteCount)
                    #expect(error.kind == .truncatedHeader && name == "seven bytes")
                } else {
                    Issue.record("\(name): \(result)")
                }
            } catch {
                let error = try #require(error as? FormatError)
                #expect(error.remedy != nil && error.allowed != nil, "\(name): \(error)")
                let kinds: [String: FormatError.Kind] = [
                    "a name twice": .duplicateKey, "dtype twice": .duplicateKey, "no dtype": .missingKey, "no shape": .missingKey,
                    "no offsets": .missingKey, "header of 100 MB and 1": .headerLength, "header beyond the file": .headerLength,
                    "overlapping": .shape, "a hole": .shape, "no JSON": .syntax, "NUL after it": .syntax, "no UTF-8": .syntax,
                    "beyond the file": .arrayTooLarge, "a shape whose product overflows": .arrayTooLarge, "bytes after the data": .syntax,
                ]
                if let kind = kinds[name] { #expect(error.kind == kind, "\(name): \(error)") }
            }
        }
    }

    @Test("Types that are not read are listed, with the reason for where they are wanted")
    func unreadable() throws {
        for (name, file) in try Self.expected().unreadable {
            guard case .complete(let header) = try parse(file, fileByteCount: file.count) else {
                Issue.record("incomplete")
                continue
            }
            #expect(
                header.arrays.map(\.name) == ["a", "b"] && header.arrays.map(\.typeName) == [name, "f4"] && header.arrays[0].shape == [2])
            #expect(try header.arrays[1].layout().dataByteCount == 4)
            let error = #expect(throws: FormatError.self) { try header.arrays[0].layout() }
            #expect(error?.kind == .elementType && error?.description.contains(name) == true)
        }
    }

    @Test("Random damage gives an error or a sound header, and never a crash", arguments: [1, 2, 3])
    func mutations(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let files = try Self.expected().good.map { Array($0.file) }
        let alphabet = Array("{}[],:\"\\ 0123456789.-e".utf8) + [0, 0xFF]
        for _ in 0..<3000 {
            var file = files.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                file[Int.random(in: 0..<file.count, using: &random)] =
                    (Bool.random(using: &random) ? alphabet.randomElement(using: &random) : nil)
                    ?? UInt8.random(in: 0...255, using: &random)
            }
            guard case .complete(let header)? = try? parse(file, fileByteCount: file.count) else { continue }
            #expect(header.endByteOffset == file.count, "seed \(seed)")
            for array in header.arrays {
                guard let layout = try? array.layout() else { continue }
                #expect(layout.endByteOffset <= file.count && layout.dataByteOffset >= 10, "seed \(seed)")
            }
        }
    }
}
