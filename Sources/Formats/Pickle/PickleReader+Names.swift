internal import Messages

/// The names of a pickle's arrays: the keys and indices that lead to them.
extension PickleReader {
    /// The most dictionaries, lists and tuples that are around an array.
    private static let depthLimit = 64
    /// The most arrays of a pickle.
    static let arrayCountLimit = 100_000
    /// The longest name in bytes.
    private static let nameByteCountLimit = 4 << 10
    /// The most objects that are gone through. One object may be in several others, and so be met more often than it is there.
    private static let visitLimit = 1 << 21

    /// Finds all arrays in a value, and names each. O(objects).
    ///
    /// - Throws: `FormatError` if two arrays have one name, or if a key is neither a text nor a whole number, or if limits are exceeded.
    func namedArrays(in value: PickleValue) throws(FormatError) -> [PickledArray] {
        struct Step {
            let object: Int
            let name: String
            let depth: Int
        }
        guard case .object(let root) = value else { return [] }
        var steps = [Step(object: Int(root), name: "", depth: 0)]
        var arrays: [PickledArray] = []
        var names: Set<String> = []
        var visitCount = 0
        var nameByteCount = 0
        while let step = steps.popLast() {
            visitCount += 1
            guard visitCount <= Self.visitLimit else { throw tooDeep("more than \(Self.visitLimit) objects") }
            var children: [Step] = []
            func add(_ key: @autoclosure () throws(FormatError) -> String, _ value: PickleValue) throws(FormatError) {
                guard case .object(let index) = value, isContainer(Int(index)) else { return }
                let key = try key()
                let name = step.name.isEmpty ? key : step.name + "." + key
                guard step.depth < Self.depthLimit else { throw tooDeep("objects within one another deeper than \(Self.depthLimit)") }
                guard name.utf8.count <= Self.nameByteCountLimit else {
                    throw tooDeep("a name of more than \(Self.nameByteCountLimit) bytes")
                }
                children.append(Step(object: Int(index), name: name, depth: step.depth + 1))
                nameByteCount += name.utf8.count
                guard nameByteCount <= Self.textsByteCountLimit else {
                    throw tooDeep("more than \(Self.textsByteCountLimit) bytes of names")
                }
            }
            switch objects[step.object] {
            case .tensor(let index):
                guard names.insert(step.name).inserted else {
                    throw FormatError(
                        kind: .duplicateKey, subject: "pickle", byteOffset: nil, found: "\(QuotedBytes.text(step.name.utf8)) twice",
                        allowed: "each name once", remedy: "give every array a name of its own, without dots")
                }
                guard arrays.count < Self.arrayCountLimit else { throw tooDeep("more than \(Self.arrayCountLimit) arrays") }
                arrays.append(PickledArray(name: step.name, tensors[index]))
            case .list(let elements, _): for element in elements { try add("\(element.index)", element.value) }
            case .tuple(let values): for (index, value) in values.enumerated() { try add("\(index)", value) }
            case .dictionary(let entries):
                // What is set last under a key counts.
                var places: [String: Int] = [:]
                for (place, entry) in entries.enumerated() where !places.isEmpty || entry.value.isObject {
                    if let key = key(entry.key) { places[key] = place }
                }
                for (place, entry) in entries.enumerated() where entry.value.isObject {
                    if let key = key(entry.key), places[key] != place { continue }
                    try add(try requiredKey(entry.key), entry.value)
                }
            default: break
            }
            steps += children.reversed()
        }
        return arrays
    }

    /// True if an object is an array, or may hold one.
    private func isContainer(_ index: Int) -> Bool {
        switch objects[index] {
        case .tensor, .list, .dictionary, .tuple: true
        default: false
        }
    }

    private func key(_ value: PickleValue) -> String? {
        if case .number(let number) = value { return "\(number)" }
        return text(value)
    }

    private func requiredKey(_ value: PickleValue) throws(FormatError) -> String {
        guard let key = key(value) else {
            throw tooDeep(
                "an array, or what may hold one, under a key that is neither a text in UTF-8 of up to \(Self.textByteCountLimit) bytes nor a "
                    + "whole number")
        }
        return key
    }

    private func tooDeep(_ found: String) -> FormatError {
        FormatError(kind: .syntax, subject: "pickle", byteOffset: nil, found: found, remedy: "save the arrays alone, each under a name")
    }
}
