import Elements
import Formats
import Foundation

/// The files that scripts/make-npy-fixtures.py writes.
enum Fixtures {
    struct Good: Decodable {
        let type: String
        let swapped: Bool
        let fortran: Bool
        let shape: [Int]
        let dataOffset: Int
        let rowMajor: Bool
        let numpyWritesIt: Bool
        let float64: [String]
        let text: [String]?
    }

    struct Refused: Decodable {
        let kind: String
        let words: [String]
    }

    struct Encoded: Decodable {
        let type: String
        let shape: [Int]
        let hex: String
        let spaces: Int

        var bytes: [UInt8] {
            let digits = Array(hex.utf8)
            let kept = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
            }
            return kept + Array(repeating: 0x20, count: spaces) + [0x0A]
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/npy")

    static func good() throws -> [(name: String, expected: Good, bytes: [UInt8])] { try load("good") }

    static func refused() throws -> [(name: String, expected: Refused, bytes: [UInt8])] { try load("refused") }

    static func encoded() throws -> [Encoded] {
        try JSONDecoder().decode([Encoded].self, from: Data(contentsOf: folder.appending(path: "encode/headers.json")))
    }

    static func elementType(named name: String) -> ElementType? { ElementType.allCases.first { $0.name == name } }

    private static func load<Expected: Decodable>(_ name: String) throws -> [(String, Expected, [UInt8])] {
        let folder = folder.appending(path: name)
        let expected = try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
        return try expected.sorted { $0.key < $1.key }.map {
            ($0.key, $0.value, Array(try Data(contentsOf: folder.appending(path: $0.key))))
        }
    }
}

/// Parses bytes that the tests hold as an array.
func parse(_ bytes: some Collection<UInt8>) throws(FormatError) -> NPYHeader.ParseResult {
    let result: Result<NPYHeader.ParseResult, FormatError> = Array(bytes).withUnsafeBytes { bytes in
        do throws(FormatError) { return .success(try NPYHeader.parse(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
}

/// A version 1.0 file whose header is `dictionary`, unpadded.
func file(_ dictionary: String) -> [UInt8] {
    let header = Array(dictionary.utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header
}
