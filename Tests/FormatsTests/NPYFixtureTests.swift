import Elements
import Formats
import Testing

@Suite("Files that NumPy wrote, and files that it would not")
struct NPYFixtureTests {
    @Test("Every good file has the layout and the values that NumPy sees")
    func good() throws {
        let fixtures = try Fixtures.good()
        #expect(fixtures.count > 50)
        for (name, expected, bytes) in fixtures {
            guard case .complete(let layout) = try parse(bytes) else {
                Issue.record("\(name): header incomplete")
                continue
            }
            #expect(layout.elementType.name == expected.type, "\(name)")
            #expect(layout.isByteSwapped == expected.swapped, "\(name)")
            #expect(layout.isFortranOrder == expected.fortran, "\(name)")
            #expect(layout.isRowMajor == expected.rowMajor, "\(name)")
            #expect(layout.shape == expected.shape, "\(name)")
            #expect(layout.dataByteOffset == expected.dataOffset, "\(name)")
            #expect(layout.elementCount == expected.shape.reduce(1, *), "\(name)")
            #expect(layout.endByteOffset == bytes.count, "\(name): the data end where the file ends")

            var data = Array(bytes[layout.dataByteOffset...])
            data.withUnsafeMutableBytes { data in
                if layout.isByteSwapped { ByteOrder.swapInPlace(data, elementByteCount: layout.elementType.byteCount) }
            }
            // At every alignment that the allocation may give, one byte further too.
            for displacement in 0..<2 {
                (Array(repeating: 0, count: displacement) + data).withUnsafeBytes { data in
                    guard let base = data.baseAddress, !expected.float64.isEmpty else { return }
                    var values = [Double](repeating: -1, count: expected.float64.count)
                    Float64Values.convert(
                        base + displacement, elementType: layout.elementType, count: values.count, into: &values)
                    for (index, text) in expected.float64.enumerated() {
                        let wanted = text == "nan" ? Double.nan : Double(text) ?? 12345
                        let value = values[index]
                        #expect(value.bitPattern == wanted.bitPattern || value.isNaN && wanted.isNaN, "\(name)[\(index)]: \(value)")
                    }
                    for (index, text) in (expected.text ?? []).enumerated() {
                        #expect(
                            ClassLabels.text(base + displacement, elementType: layout.elementType, at: index) == text,
                            "\(name)[\(index)]")
                    }
                }
            }
        }
    }

    @Test("Every file to be refused is, with the place and the remedy in words")
    func refused() throws {
        let fixtures = try Fixtures.refused()
        #expect(fixtures.count > 60)
        for (name, expected, bytes) in fixtures {
            do {
                let result = try parse(bytes)
                Issue.record("\(name): \(result)")
            } catch {
                #expect(error.kind.rawValue == expected.kind, "\(name): \(error)")
                for word in expected.words { #expect(error.description.contains(word), "\(name): \(error)") }
                #expect(error.byteOffset != nil && error.remedy != nil || error.kind == .shape, "\(name): \(error)")
            }
        }
    }

    @Test("Headers are NumPy's, byte for byte")
    func encode() throws {
        let cases = try Fixtures.encoded()
        #expect(cases.count > 80)
        for wanted in cases {
            let type = try #require(Fixtures.elementType(named: wanted.type))
            let bytes = NPYHeader.encode(elementType: type, shape: wanted.shape)
            #expect(bytes == wanted.bytes, "\(wanted.type) \(wanted.shape): \(String(decoding: bytes, as: UTF8.self))")
            #expect(bytes.count % 64 == 0)
        }
        var filesCompared = 0
        for (name, expected, bytes) in try Fixtures.good() where expected.numpyWritesIt {
            let type = try #require(Fixtures.elementType(named: expected.type))
            let header = NPYHeader.encode(elementType: type, shape: expected.shape)
            #expect(header == Array(bytes.prefix(expected.dataOffset)), "\(name)")
            filesCompared += 1
        }
        #expect(filesCompared > 20)
    }

    @Test("Every beginning of every good file asks for more, and never for less than it was given")
    func truncation() throws {
        for (name, expected, bytes) in try Fixtures.good() {
            for byteCount in 0..<expected.dataOffset {
                guard case .needs(let neededByteCount) = try parse(bytes.prefix(byteCount)) else {
                    Issue.record("\(name): complete after \(byteCount) bytes")
                    break
                }
                #expect(neededByteCount > byteCount && neededByteCount <= expected.dataOffset, "\(name) at \(byteCount)")
            }
            // Following the advice gets there, in at most three steps.
            var known = 0
            var steps = 0
            while case .needs(let neededByteCount) = try parse(bytes.prefix(known)), steps < 4 {
                known = neededByteCount
                steps += 1
            }
            #expect(known == expected.dataOffset && steps <= 3, "\(name)")
        }
    }

    @Test("Every beginning of every refused file asks for more or gives an error")
    func truncationOfRefused() throws {
        for (name, _, bytes) in try Fixtures.refused() {
            for byteCount in 0..<bytes.count {
                do {
                    guard case .needs(let neededByteCount) = try parse(bytes.prefix(byteCount)) else {
                        Issue.record("\(name): read after \(byteCount) bytes")
                        break
                    }
                    #expect(neededByteCount > byteCount, "\(name)")
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    @Test("The magic is told from six bytes, and not from fewer")
    func looksLikeNPY() throws {
        for (name, _, bytes) in try Fixtures.good() {
            #expect(bytes.withUnsafeBytes { NPYHeader.looksLikeNPY($0) }, "\(name)")
            #expect(!Array(bytes.prefix(5)).withUnsafeBytes { NPYHeader.looksLikeNPY($0) })
            #expect(Array(bytes.prefix(6)).withUnsafeBytes { NPYHeader.looksLikeNPY($0) })
        }
        #expect(![UInt8](repeating: 0, count: 64).withUnsafeBytes { NPYHeader.looksLikeNPY($0) })
    }
}
