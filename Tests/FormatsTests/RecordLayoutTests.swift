import JSONReading
import SeededRandom
import Testing

@Suite("Records that are read by the layout of one before them")
struct RecordLayoutTests {
    /// What a reader makes of a record.
    private struct Reading: Equatable {
        var code: Int32
        var hasFaults: Bool
        var faults: [Int32] = []
        var counts: [Int] = []
        var numbers: [[UInt64]] = []
        var integers: [Int64] = []
    }

    /// A reader of `label`, `logits`, `out.w` and `names`, which may be one of three.
    private final class Reader {
        private let reader = jsonRecordReaderMake()
        private var slots: [JSONSlot] = []
        private static let capacity = 8

        init() {
            for (keys, wants) in [
                (["label"], JSONWantsClass), (["logits"], JSONWantsNumbers), (["out", "w"], JSONWantsNumbers), (["name"], JSONWantsClass),
            ] {
                let bytes = keys.map { Array($0.utf8CString) }
                withExtendedLifetime(bytes) {
                    let keys = bytes.map { key in
                        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: key.count)
                        copy.initialize(from: key, count: key.count)
                        return copy
                    }
                    defer { for key in keys { key.deallocate() } }
                    let steps = zip(keys, bytes).map {
                        JSONPathStep(key: $0, keyByteCount: $1.count - 1, elementIndex: -1, isEveryElement: false, keyPath: -1)
                    }
                    steps.withUnsafeBufferPointer { steps in
                        guard let base = steps.baseAddress else { return }
                        jsonRecordReaderAddPath(reader, base, steps.count, Int32(wants), false, false)
                    }
                }
                var slot = JSONSlot()
                if wants == JSONWantsNumbers {
                    slot.numbers = .allocate(capacity: Self.capacity)
                    slot.capacity = Self.capacity
                }
                slots.append(slot)
            }
            for (index, name) in ["cat", "dog", "a bird"].enumerated() {
                name.withCString { jsonRecordReaderAddName(reader, $0, name.utf8.count, Int64(index), false) }
            }
        }

        deinit {
            for slot in slots { slot.numbers?.deallocate() }
            jsonRecordReaderFree(reader)
        }

        var layoutCount: UInt64 { jsonRecordReaderLayoutCount(reader) }

        /// `after`: what stands behind the record.
        func read(_ record: [UInt8], after: UInt8) -> Reading {
            // Memory of its own size, so that a sanitiser sees what is read outside of it.
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: record.count + JSONPaddingByteCount)
            defer { text.deallocate() }
            for (index, byte) in record.enumerated() { text[index] = CChar(bitPattern: byte) }
            for index in record.count..<record.count + JSONPaddingByteCount { text[index] = CChar(bitPattern: after) }
            var hasFaults = false
            let code = jsonRecordReaderRead(reader, text, record.count, &slots, &hasFaults)
            var reading = Reading(code: code, hasFaults: hasFaults)
            guard code == JSONDefectNone else { return reading }
            reading.faults = slots.map(\.fault)
            guard !hasFaults else { return reading }
            reading.counts = slots.map(\.count)
            reading.integers = slots.map(\.integer)
            reading.numbers = slots.map { slot in
                guard let numbers = slot.numbers else { return [] }
                return (0..<min(slot.count, slot.capacity)).map { numbers[$0].bitPattern }
            }
            return reading
        }
    }

    private func record(_ form: Int, _ random: inout SplitMix64) -> String {
        func number() -> String {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: String(Int.random(in: -99...99, using: &random))
            case 1: "\(Double.random(in: -1e-6...1e-6, using: &random))"
            case 2: "\(Double.random(in: -40...40, using: &random))"
            case 3: "1e3"
            default: "\(Float.random(in: -40...40, using: &random))"
            }
        }
        func numbers() -> [String] { (0..<Int.random(in: 1...12, using: &random)).map { _ in number() } }
        let label = Int.random(in: -1...1000, using: &random)
        let ids = ["r\(label)", "", String(repeating: "text ", count: label % 20 + 1), "é", "a\\n"]
        let id = ids.randomElement(using: &random) ?? ""
        let name = ["\"cat\"", "\"dog\"", "\"a bird\"", "2", "\"1\"", "\"fish\""].randomElement(using: &random) ?? ""
        switch form {
        case 0:
            return "{\"id\": \"\(id)\", \"label\": \(label), \"logits\": [\(numbers().joined(separator: ", "))], "
                + "\"out\": {\"w\": \(number()), \"v\": null}, \"name\": \(name)}"
        case 1:
            return "{\"name\":\(name),\"out\":{\"w\":[\(number())]},\"logits\":[\(numbers().joined(separator: ","))],\"label\":\(label)}\r"
        default:
            return "\t{ \"logits\" : \(number()) , \"k\":[1,{}], \"name\" : \(name), \"label\" : \(label) , \"out\" : { \"w\" : -0 } } "
        }
    }

    @Test("Whatever was read before, a record is the same, whole and damaged", arguments: [1, 2, 3, 4, 5, 6])
    func sameAsAlone(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let reader = Reader()
        let damage = Array("{}[]\",:.-+eE019 \\\n\tnat\u{0}\u{7F}é".utf8)
        var goodCount = 0, changeCount = 0
        var form = 0
        for _ in 0..<12_000 {
            if Int.random(in: 0..<40, using: &random) == 0 { form = Int.random(in: 0..<3, using: &random) }
            var bytes = Array(record(form, &random).utf8)
            if Int.random(in: 0..<5, using: &random) == 0 {
                changeCount += 1
                for _ in 0..<Int.random(in: 1...2, using: &random) {
                    let place = Int.random(in: bytes.indices, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes.remove(at: place)
                    case 1: bytes.insert(damage.randomElement(using: &random) ?? 0, at: place)
                    case 2: bytes[place] = damage.randomElement(using: &random) ?? 0
                    default: bytes = Array(bytes[...place])
                    }
                }
            }
            let after = damage.randomElement(using: &random) ?? 0
            let found = reader.read(bytes, after: after), wanted = Reader().read(bytes, after: after)
            guard found == wanted else {
                Issue.record("\(String(decoding: bytes, as: UTF8.self)): \(found), alone \(wanted)")
                return
            }
            if found.code == JSONDefectNone, !found.hasFaults { goodCount += 1 }
        }
        // It is the layout that was tested, not simdjson twice.
        #expect(reader.layoutCount > UInt64(goodCount / 5), "\(reader.layoutCount) of \(goodCount)")
        #expect(changeCount > 2000 && goodCount > 3000)
    }

    @Test("Records that are written alike are read by their layout, all but the first")
    func alike() {
        let reader = Reader()
        var random = SplitMix64(seed: 9)
        for row in 0..<1000 {
            let numbers = (0..<8).map { _ in "\(Float.random(in: -30...30, using: &random))" }
            let text =
                "{\"id\": \"r\(row)\", \"label\": \(row), \"logits\": [\(numbers.joined(separator: ", "))], "
                + "\"out\": {\"w\": 1}, \"name\": \"dog\"}"
            let reading = reader.read(Array(text.utf8), after: 0)
            #expect(reading.code == 0 && !reading.hasFaults && reading.integers[0] == Int64(row) && reading.integers[3] == 1)
            #expect(reading.numbers[1] == numbers.map { Double($0)?.bitPattern ?? 0 })
        }
        #expect(reader.layoutCount == 999)
    }

    @Test("Where no record is like the one before, trying becomes rare")
    func unlike() {
        let reader = Reader()
        for row in 0..<5000 {
            let text = "{\"x\(row)\":1,\"label\":1,\"logits\":[1],\"out\":{\"w\":1},\"name\":0}"
            #expect(reader.read(Array(text.utf8), after: 0).code == 0)
        }
        #expect(reader.layoutCount == 0)
        for _ in 0..<5000 {
            #expect(reader.read(Array("{\"label\":1,\"logits\":[1],\"out\":{\"w\":1},\"name\":0}".utf8), after: 0).code == 0)
        }
        #expect(reader.layoutCount > 4800)
    }
}
