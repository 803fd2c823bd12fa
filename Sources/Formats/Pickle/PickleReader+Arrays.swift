internal import Elements
internal import Messages

/// The values that stand for calls: storages, tensors, arrays and their types.
extension PickleReader {
    /// Returns what a callable would make of its arguments, if it is one of those that are read.
    mutating func reduce(_ callable: PickleValue, _ arguments: PickleValue) throws(FormatError) -> PickleValue {
        guard case .callable(let callable) = callable else {
            if rules.listsCallables { return .passedOver }
            throw refusal("a call of what is no callable")
        }
        let arguments = try tuple(arguments)
        switch callable {
        case .tensor(let version): return try tensor(arguments, version: Int(version))
        case .parameter:
            guard let first = arguments.first, case .object(let index) = first, case .tensor = objects[Int(index)] else {
                throw refusal("a parameter without a tensor")
            }
            return first
        case .orderedDictionary:
            guard arguments.isEmpty else { throw refusal("an OrderedDict of a list of items") }
            return .object(try add(.dictionary([])))
        case .passedOver, .scalar: return .passedOver
        case .array:
            guard arguments.count == 3, case .callable(.arrayClass) = arguments[0] else {
                throw refusal("an array of another class than ndarray")
            }
            return .object(try add(.unbuiltArray))
        case .arrayOfBuffer:
            guard arguments.count == 4, let order = text(arguments[3]), order == "C" || order == "F" else {
                throw refusal("other arguments than _frombuffer has")
            }
            let tensor = try array(type: arguments[1], shape: arguments[2], isFortranOrder: order == "F", data: arguments[0])
            return .object(try add(tensor))
        case .arrayType:
            var descriptor: [UInt8]
            switch arguments.first {
            case .callable(.type(let type)) where type == .bfloat16: descriptor = Array("V2".utf8)
            case .some(let first):
                guard let text = text(first) else { throw refusal("a type of NumPy without its name") }
                descriptor = Array(text.utf8)
            case nil: throw refusal("a type of NumPy without its name")
            }
            var order = UInt8(ascii: "=")
            if let first = descriptor.first, Self.orders.contains(first) { order = descriptor.removeFirst() }
            return .object(try add(.arrayType(PickleArrayType(descriptor: descriptor, order: order, hasFields: false))))
        case .encode:
            guard arguments.count == 2, case .text(let index) = arguments[0], ["latin1", "latin-1"].contains(text(arguments[1])) else {
                throw refusal("other arguments of _codecs.encode than a text and latin1")
            }
            return .object(try add(.encodedBytes(index)))
        case .emptyBytes:
            guard arguments.isEmpty else { throw refusal("bytes of other values") }
            return .bytes(try addEmptyPayload())
        case .storage, .untypedStorage, .type, .arrayClass: throw refusal("a call of a class or a type")
        }
    }

    private static let orders = [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "|")]

    private mutating func addEmptyPayload() throws(FormatError) -> UInt32 {
        guard payloads.count < Self.valueCountLimit else { throw refusal("more than \(Self.valueCountLimit) texts") }
        payloads.append(PicklePayload(byteOffset: byteOffset, byteCount: 0, memoryOffset: -1, isBinaryString: false))
        return UInt32(truncatingIfNeeded: payloads.count - 1)
    }

    /// Gives an object its state.
    mutating func build(_ value: PickleValue, _ state: PickleValue) throws(FormatError) {
        guard case .object(let index) = value else {
            if rules.listsCallables, case .passedOver = value { return }
            throw refusal("a state of what has none")
        }
        switch objects[Int(index)] {
        case .unbuiltArray:
            // The version of the state came with NumPy 1.
            var state = try tuple(state)
            if state.count == 5 { state.removeFirst() }
            guard state.count == 4, case .truth(let isFortranOrder) = state[2] else { throw refusal("a state that is none of an array") }
            objects[Int(index)] = try array(type: state[1], shape: state[0], isFortranOrder: isFortranOrder, data: state[3])
        case .arrayType(var type):
            let state = try tuple(state)
            guard state.count >= 5, let order = text(state[1])?.utf8.first, Self.orders.contains(order) else {
                throw refusal("a state that is none of a type")
            }
            type.order = order
            if case .none = state[2], case .none = state[3] {} else { type.hasFields = true }
            objects[Int(index)] = .arrayType(type)
        // The attributes of an OrderedDict, such as the _metadata of a state_dict, are no items.
        case .dictionary, .passedOver: break
        default: throw refusal("a state of what has none")
        }
    }

    // MARK: PyTorch

    /// Makes the storage that a persistent identifier describes.
    mutating func storage(_ identifier: PickleValue) throws(FormatError) -> PickleValue {
        guard rules.hasStorages else { throw refusal("a reference to what is not in the pickle", remedy: "save the arrays themselves") }
        let parts = try tuple(identifier)
        guard parts.count == 5 || parts.count == 6, text(parts[0]) == "storage", let key = text(parts[2]), !key.isEmpty,
            case .number(let count) = parts[4], count >= 0
        else { throw refusal("a reference that is none to a storage") }
        if parts.count == 6 {
            guard case .none = parts[5] else {
                throw refusal("a storage that is a part of another", remedy: "save tensor.clone() with a newer PyTorch")
            }
        }
        let type: PickledType
        switch parts[1] {
        case .callable(.storage(let found)): type = found
        case .callable(.untypedStorage): type = .bytes
        default:
            if rules.listsCallables, case .passedOver = parts[1] { return .passedOver }
            throw refusal("a storage of no type")
        }
        guard !count.multipliedReportingOverflow(by: type.byteCount).overflow else { throw refusal("a storage of \(count) elements") }
        return .object(try add(.storage(PickleStorage(key: key, type: type, count: count))))
    }

    private mutating func tensor(_ arguments: [PickleValue], version: Int) throws(FormatError) -> PickleValue {
        let counts = version == 1 ? 4...4 : version == 2 ? 6...7 : 7...8
        guard counts.contains(arguments.count) else { throw refusal("a tensor of \(arguments.count) arguments") }
        guard case .object(let index) = arguments[0], case .storage(let storage) = objects[Int(index)] else {
            if rules.listsCallables, case .passedOver = arguments[0] { return .passedOver }
            throw refusal("a tensor without a storage")
        }
        var type = storage.type
        if version == 3 {
            guard case .callable(.type(let found)) = arguments[6], storage.type == .bytes else { throw refusal("a tensor of no type") }
            type = found
        }
        guard case .number(let first) = arguments[1], first >= 0 else { throw refusal("a tensor without the place of its first element") }
        let shape = try numbers(arguments[2], "a shape")
        let strides = try numbers(arguments[3], "strides")
        guard shape.count == strides.count, shape.count <= ArrayLayout.dimensionCountLimit else {
            throw refusal("a tensor of \(shape.count) dimensions with \(strides.count) strides")
        }
        let storageByteCount = storage.count * storage.type.byteCount
        let lastElement = zip(shape, strides).reduce(Optional(first)) { end, axis in
            let step = max(0, axis.0 - 1).multipliedReportingOverflow(by: axis.1)
            guard let end, !step.overflow else { return nil }
            let sum = end.addingReportingOverflow(step.partialValue)
            return sum.overflow ? nil : sum.partialValue
        }
        let isEmpty = shape.contains(0)
        guard let lastElement, isEmpty ? first <= storageByteCount / type.byteCount : lastElement < storageByteCount / type.byteCount else {
            throw refusal(
                "a tensor that goes beyond its storage \(QuotedBytes.text(storage.key.utf8)) of \(storageByteCount) bytes",
                remedy: "it is damaged: write or copy it again")
        }
        let metadata = arguments.count == (version == 3 ? 8 : 7) ? mark(in: arguments[arguments.count - 1]) : nil
        let readable = PickledArray.Description(
            type: Self.readable(type, mark: metadata), typeName: type.elementType?.name ?? type.name, shape: shape, strides: strides,
            isFortranOrder: false)
        let tensor = PickleTensor(
            content: .storage(key: storage.key, byteCount: storageByteCount, first: isEmpty ? 0 : first), description: readable)
        return .object(try add(tensor))
    }

    private static func readable(
        _ type: PickledType, mark: String?
    ) -> Result<(elementType: ElementType, isByteSwapped: Bool), FormatError> {
        let types = "float16 bfloat16 float32 float64, int8 int16 int32 int64, uint8 uint16 uint32 uint64, bool"
        if let mark {
            return .failure(
                FormatError(
                    kind: .elementType, subject: "tensor", byteOffset: nil,
                    found: "the mark \(QuotedBytes.short(mark)), by which its values are others than are stored", allowed: "none",
                    remedy: mark == "conj" ? "save tensor.resolve_conj()" : "save tensor.resolve_neg()"))
        }
        guard let elementType = type.elementType else {
            return .failure(
                FormatError(
                    kind: .elementType, subject: "type of tensor", byteOffset: nil, found: type.name, allowed: types,
                    remedy: type.name.hasPrefix("complex") ? "save tensor.real" : "save tensor.to(torch.float32)"))
        }
        return .success((elementType, false))
    }

    /// The first mark that is set in a tensor's metadata, such as `conj`; nil if none is.
    private func mark(in metadata: PickleValue) -> String? {
        if case .none = metadata { return nil }
        let unknown = "of a kind that is not known"
        guard case .object(let index) = metadata, case .dictionary(let entries) = objects[Int(index)] else { return unknown }
        for entry in entries {
            if case .truth(false) = entry.value { continue }
            return text(entry.key) ?? unknown
        }
        return nil
    }

    private mutating func add(_ tensor: PickleTensor) throws(FormatError) -> UInt32 {
        // As many as objects at most.
        tensors.append(tensor)
        return try add(.tensor(tensors.count - 1))
    }

    // MARK: NumPy

    private mutating func array(
        type: PickleValue, shape: PickleValue, isFortranOrder: Bool, data: PickleValue
    ) throws(FormatError) -> PickleObject {
        guard case .object(let index) = type, case .arrayType(let type) = objects[Int(index)] else { throw refusal("an array of no type") }
        let shape = try numbers(shape, "a shape")
        let found = Self.elementType(of: type)
        let typeName = (try? found.get())?.elementType.name ?? QuotedBytes.short(String(decoding: type.descriptor, as: UTF8.self))
        let description = PickledArray.Description(
            type: found, typeName: typeName, shape: shape, strides: nil, isFortranOrder: isFortranOrder)
        var content = PickledArray.Content.bytes(0..<0)
        if case .success(let (elementType, isByteSwapped)) = found {
            let layout: ArrayLayout
            do throws(FormatError) {
                layout = try ArrayLayout(
                    elementType: elementType, isByteSwapped: isByteSwapped, isFortranOrder: isFortranOrder, shape: shape, dataByteOffset: 0,
                    subject: "pickled array", shapeByteOffset: opcodeByteOffset)
            } catch {
                throw error
            }
            content = try place(of: data, byteCount: layout.dataByteCount)
        }
        tensors.append(PickleTensor(content: content, description: description))
        return .tensor(tensors.count - 1)
    }

    /// Finds the bytes of an array, which must be as many as its shape and type say.
    private func place(of data: PickleValue, byteCount: Int) throws(FormatError) -> PickledArray.Content {
        func bytes(_ index: UInt32) throws(FormatError) -> PickledArray.Content {
            let payload = payloads[Int(index)]
            guard payload.byteCount == byteCount else {
                throw refusal("\(payload.byteCount) bytes of data", allowed: "\(byteCount), as shape and type say", remedy: "it is damaged")
            }
            return .bytes(payload.byteOffset..<payload.byteOffset + payload.byteCount)
        }
        switch data {
        case .bytes(let index): return try bytes(index)
        case .text(let index) where payloads[Int(index)].isBinaryString: return try bytes(index)
        case .object(let object):
            guard case .encodedBytes(let index) = objects[Int(object)] else { break }
            let payload = payloads[Int(index)]
            // A character takes one byte or two.
            guard byteCount <= payload.byteCount, payload.byteCount / 2 <= byteCount else {
                throw refusal(
                    "\(payload.byteCount) bytes of text", allowed: "\(byteCount) characters, as shape and type say",
                    remedy: "it is damaged")
            }
            return .text(payload.byteOffset..<payload.byteOffset + payload.byteCount, decodedByteCount: byteCount)
        default: break
        }
        throw refusal("an array without its bytes")
    }

    private static func elementType(of type: PickleArrayType) -> Result<(elementType: ElementType, isByteSwapped: Bool), FormatError> {
        guard !type.hasFields else {
            return .failure(
                FormatError(
                    kind: .elementType, subject: "NumPy element type", byteOffset: nil, found: "a type of several fields",
                    allowed: "one number", remedy: "save each field as an array of its own"))
        }
        do throws(FormatError) {
            let found = try ElementType.parseNPY(descriptor: [type.order] + type.descriptor, byteOffset: nil)
            return .success((found.type, found.isByteSwapped))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Arguments

    private func tuple(_ value: PickleValue) throws(FormatError) -> [PickleValue] {
        guard case .object(let index) = value, case .tuple(let values) = objects[Int(index)] else {
            throw refusal("arguments that are no tuple")
        }
        return values
    }

    /// Reads a tuple of whole numbers, 0 or more.
    private func numbers(_ value: PickleValue, _ what: String) throws(FormatError) -> [Int] {
        var numbers: [Int] = []
        for value in try tuple(value) {
            guard case .number(let number) = value, number >= 0, numbers.count < ArrayLayout.dimensionCountLimit else {
                throw refusal("\(what) that is no tuple of up to \(ArrayLayout.dimensionCountLimit) whole numbers")
            }
            numbers.append(number)
        }
        return numbers
    }
}
