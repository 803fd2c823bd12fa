internal import Messages

/// A reader of one pickle that builds nothing but tensors of PyTorch and arrays of NumPy, in dictionaries, lists and tuples.
///
/// A pickle is a program for a machine with a stack. This one knows the opcodes by which Python writes protocols 2 to 5, and the callables
/// of `PickleCallable`; it calls nothing, and any other opcode or name ends the reading with its place. The contents of arrays are not read:
/// only their places are found, so that the bytes of a pickle are taken in pieces, each of which may lie far behind the one before.
///
/// Stack, memo and objects are bounded, nothing recurs, and time is linear in the bytes that are looked at.
struct PickleReader {
    /// The step after some bytes have been read.
    enum Progress {
        /// The reader needs these bytes of the file, and takes more.
        case needs(Range<Int>)
        /// The pickle has come to its end.
        case finished(PickleValue)
    }

    /// The rules by which a pickle is read.
    struct Rules {
        /// True if storages of PyTorch may be named.
        var hasStorages = false
        /// True if lists keep all their elements, and not only those that may hold arrays.
        var keepsLists = false
        /// True if callables that are not read are listed, and what they would make is passed over.
        var listsCallables = false
        /// The number of bytes of the file; nil if it is not known.
        var fileByteCount: Int?
    }

    /// The most values that the stack holds, that objects hold together, or that the memo holds.
    static let valueCountLimit = 1 << 21
    /// The most lists, tuples, dictionaries and other objects of a pickle.
    static let objectCountLimit = 1 << 20
    /// The longest text in bytes that is kept in memory. Longer ones are no names.
    static let textByteCountLimit = 1 << 10
    /// The most bytes of texts that are kept in memory.
    static let textsByteCountLimit = 64 << 20
    /// The most callables that are listed.
    private static let callableCountLimit = 1 << 10

    let rules: Rules
    /// The place of the next opcode in the file.
    private(set) var byteOffset: Int
    private var stack: [PickleValue] = []
    /// The sizes of the stack at which marks lie.
    private var marks: [Int] = []
    private var memo: [PickleValue] = []
    /// The entries of the memo beyond those that were made one after another.
    private var sparseMemo: [Int: PickleValue] = [:]
    var objects: [PickleObject] = []
    var payloads: [PicklePayload] = []
    var tensors: [PickleTensor] = []
    private var texts: [UInt8] = []
    /// The number of values that objects hold.
    private var heldValueCount = 0
    private(set) var callables: [PickledArrays.Callable] = []
    private var callableNames: Set<String> = []
    /// The opcode that is carried out, for messages.
    private(set) var opcodeByteOffset = 0
    /// The number of bytes that were asked for last.
    private var neededByteCount = 1

    init(at byteOffset: Int, _ rules: Rules) {
        self.byteOffset = byteOffset
        self.rules = rules
    }

    // MARK: Bytes

    /// Carries out the opcodes that are in `bytes` as a whole.
    ///
    /// - Parameters:
    ///   - bytes: bytes of the file from `offset` on; fewer than were needed only if the file ends there.
    ///   - offset: the place that was asked for, or the place of the reader.
    mutating func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FormatError) -> Progress {
        guard offset == byteOffset, bytes.count >= neededByteCount else { throw truncated(fileByteCount: offset + bytes.count) }
        while true {
            let start = byteOffset - offset
            // A content that was passed over may end beyond the bytes.
            guard start < bytes.count else { return needs(1) }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            opcodeByteOffset = byteOffset
            guard let opcode = PickleOpcode(rawValue: rest[0]) else { throw refusal(PickleOpcode.describe(rest[0])) }
            let headByteCount = 1 + opcode.argumentByteCount
            guard rest.count >= headByteCount else { return needs(headByteCount) }
            let argument = Self.number(rest[1..<headByteCount])
            switch opcode {
            case .stop:
                byteOffset += 1
                let value = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw refusal("an end with \(stack.count) values left over") }
                return .finished(value)
            case .global, .inst:
                guard let names = try lines(rest.dropFirst()) else { return needs(rest.count + 1) }
                byteOffset += 1 + names.byteCount
                try name(names.module, names.name, isInstance: opcode == .inst)
            case .shortBinUnicode, .binUnicode, .binUnicode8, .shortBinString, .binString:
                let byteCount = try contentByteCount(argument, headByteCount)
                let isKept = byteCount <= Self.textByteCountLimit
                guard !isKept || rest.count >= headByteCount + byteCount else { return needs(headByteCount + byteCount) }
                let isBinary = opcode == .shortBinString || opcode == .binString
                let content = isKept ? UnsafeRawBufferPointer(rebasing: rest[headByteCount..<headByteCount + byteCount]) : nil
                try push(.text(try addPayload(byteCount, headByteCount, content, isBinaryString: isBinary)))
            case .shortBinBytes, .binBytes, .binBytes8, .byteArray8:
                let byteCount = try contentByteCount(argument, headByteCount)
                try push(.bytes(try addPayload(byteCount, headByteCount, nil, isBinaryString: false)))
            case .long1, .long4:
                let byteCount = try contentByteCount(argument, headByteCount)
                guard byteCount <= Self.textByteCountLimit else { throw refusal("a number of \(byteCount) bytes") }
                guard rest.count >= headByteCount + byteCount else { return needs(headByteCount + byteCount) }
                byteOffset += headByteCount + byteCount
                try push(Self.long(rest[headByteCount..<headByteCount + byteCount]))
            default:
                byteOffset += headByteCount
                try carryOut(opcode, argument)
            }
            neededByteCount = 1
        }
    }

    private mutating func needs(_ byteCount: Int) -> Progress {
        neededByteCount = byteCount
        return .needs(byteOffset..<byteOffset + byteCount)
    }

    /// Reads a little-endian number without a sign; nil beyond `Int.max`.
    private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        var number: UInt64 = 0
        for byte in bytes.reversed() { number = number << 8 | UInt64(byte) }
        return Int(exactly: number)
    }

    /// Reads a number in two's complement, the lowest byte first.
    private static func long(_ bytes: Slice<UnsafeRawBufferPointer>) -> PickleValue {
        if bytes.elementsEqual(PickleFileReader.magicNumber) { return .magicNumber }
        guard bytes.count <= 8 else { return .passedOver }
        var number: Int64 = bytes.last.map { $0 >= 0x80 } ?? false ? -1 : 0
        for byte in bytes.reversed() { number = number << 8 | Int64(byte) }
        return .number(Int(number))
    }

    /// Splits off the two lines that name a callable; nil if the second one does not end within the bytes.
    private func lines(
        _ bytes: Slice<UnsafeRawBufferPointer>
    ) throws(FormatError) -> (module: String, name: String, byteCount: Int)? {
        let bytes = bytes.prefix(2 * Self.textByteCountLimit)
        let parts = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            guard bytes.count < 2 * Self.textByteCountLimit else {
                throw refusal("a name of more than \(Self.textByteCountLimit) bytes")
            }
            return nil
        }
        guard let module = String(validating: parts[0], as: UTF8.self), let name = String(validating: parts[1], as: UTF8.self) else {
            throw refusal("a name that is no UTF-8")
        }
        return (module, name, parts[0].count + parts[1].count + 2)
    }

    /// Compares the length of a content with the file.
    private func contentByteCount(_ argument: Int?, _ headByteCount: Int) throws(FormatError) -> Int {
        let end = (argument ?? .max).addingReportingOverflow(byteOffset + headByteCount)
        guard let argument, !end.overflow else { throw refusal("a content of more bytes than can be counted") }
        if let fileByteCount = rules.fileByteCount, end.partialValue > fileByteCount { throw truncated(fileByteCount: fileByteCount) }
        return argument
    }

    /// Records a content, and goes on behind it.
    private mutating func addPayload(
        _ byteCount: Int, _ headByteCount: Int, _ content: UnsafeRawBufferPointer?, isBinaryString: Bool
    ) throws(FormatError) -> UInt32 {
        guard payloads.count < Self.valueCountLimit else { throw tooMany(Self.valueCountLimit, "texts") }
        var memoryOffset = -1
        if let content {
            guard texts.count <= Self.textsByteCountLimit - content.count else { throw tooMany(Self.textsByteCountLimit, "bytes of texts") }
            memoryOffset = texts.count
            texts.append(contentsOf: content)
        }
        payloads.append(
            PicklePayload(
                byteOffset: byteOffset + headByteCount, byteCount: byteCount, memoryOffset: memoryOffset, isBinaryString: isBinaryString))
        byteOffset += headByteCount + byteCount
        return UInt32(truncatingIfNeeded: payloads.count - 1)
    }

    // MARK: Opcodes

    private mutating func carryOut(_ opcode: PickleOpcode, _ argument: Int?) throws(FormatError) {
        switch opcode {
        case .proto:
            guard let argument, 2...5 ~= argument else {
                throw refusal("protocol \(argument ?? 0)", allowed: "2 to 5", remedy: "save it with protocol=4")
            }
        case .frame: break
        case .mark:
            guard marks.count < Self.valueCountLimit else { throw tooMany(Self.valueCountLimit, "marks") }
            marks.append(stack.count)
        case .pop:
            if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .dup: try push(try top())
        case .none: try push(.none)
        case .newTrue: try push(.truth(true))
        case .newFalse: try push(.truth(false))
        case .binInt: try push(.number(Int(Int32(truncatingIfNeeded: argument ?? 0))))
        case .binInt1, .binInt2: try push(.number(argument ?? 0))
        case .binFloat: try push(.passedOver)
        case .emptyTuple: try pushTuple([])
        case .tuple: try pushTuple(try popToMark())
        case .tuple1: try pushTuple(try popLast(1))
        case .tuple2: try pushTuple(try popLast(2))
        case .tuple3: try pushTuple(try popLast(3))
        case .emptyList: try push(.object(try add(.list(elements: [], count: 0))))
        case .append: try append(try popLast(1))
        case .appends: try append(try popToMark())
        case .emptyDict: try push(.object(try add(.dictionary([]))))
        case .setItem: try setItems(try popLast(2))
        case .setItems: try setItems(try popToMark())
        case .binPut, .longBinPut: try remember(at: argument ?? 0)
        case .memoize: try remember(at: memo.count + sparseMemo.count)
        case .binGet, .longBinGet:
            let index = argument ?? 0
            guard let value = index < memo.count ? memo[index] : sparseMemo[index] else {
                throw refusal("entry \(index) of the memo, which was never made")
            }
            try push(value)
        case .stackGlobal:
            let names = try popLast(2)
            guard let module = text(names[0]), let name = text(names[1]) else { throw refusal("a callable whose name is no text") }
            try self.name(module, name, isInstance: false)
        case .reduce:
            let operands = try popLast(2)
            try push(try reduce(operands[0], operands[1]))
        case .build:
            let state = try pop()
            try build(try top(), state)
        case .binPersID: try push(try storage(try pop()))
        case .newObj, .newObjEx:
            _ = try popLast(opcode == .newObj ? 2 : 3)
            guard rules.listsCallables else { throw refusal("an object of a class of its own") }
            try push(.passedOver)
        default: throw refusal("an opcode in a wrong place")
        }
    }

    /// Pushes the callable of this name. A name that is not read ends the reading, unless callables are only listed.
    private mutating func name(_ module: String, _ name: String, isInstance: Bool) throws(FormatError) {
        let callable = isInstance ? nil : PickleCallable(module: module, name: name)
        let fullName = QuotedBytes.short(module) + "." + QuotedBytes.short(name)
        if callableNames.count < Self.callableCountLimit, callableNames.insert(fullName).inserted {
            callables.append(PickledArrays.Callable(name: fullName, byteOffset: opcodeByteOffset, isRead: callable != nil))
        }
        guard let callable else {
            guard rules.listsCallables else {
                let (meaning, remedy) = PickleCallable.refusal(module: module, name: name)
                throw FormatError(
                    kind: .callable, subject: "pickle", byteOffset: opcodeByteOffset,
                    found: "the name \(fullName)" + (meaning.map { ", \($0)" } ?? ""),
                    allowed: "tensors of PyTorch and arrays of NumPy in dictionaries, lists and tuples; it was not called", remedy: remedy)
            }
            if isInstance { _ = try popToMark() }
            try push(.passedOver)
            return
        }
        try push(.callable(callable))
    }

    // MARK: The stack

    private func top() throws(FormatError) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw refusal("an opcode without its operand") }
        return value
    }

    private mutating func pop() throws(FormatError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func push(_ value: PickleValue) throws(FormatError) {
        guard stack.count < Self.valueCountLimit else { throw tooMany(Self.valueCountLimit, "values at once") }
        stack.append(value)
    }

    private mutating func popLast(_ count: Int) throws(FormatError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw refusal("an opcode without its operands") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(FormatError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw refusal("an opcode without a mark before its operands") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    private mutating func remember(at index: Int) throws(FormatError) {
        let value = try top()
        if index < memo.count {
            memo[index] = value
        } else {
            guard memo.count + sparseMemo.count < Self.valueCountLimit else { throw tooMany(Self.valueCountLimit, "entries of the memo") }
            if index == memo.count { memo.append(value) } else { sparseMemo[index] = value }
        }
    }

    // MARK: Objects

    mutating func add(_ object: PickleObject) throws(FormatError) -> UInt32 {
        guard objects.count < Self.objectCountLimit else { throw tooMany(Self.objectCountLimit, "lists, tuples and other objects") }
        objects.append(object)
        return UInt32(truncatingIfNeeded: objects.count - 1)
    }

    private mutating func hold(_ count: Int) throws(FormatError) {
        guard heldValueCount <= Self.valueCountLimit - count else { throw tooMany(Self.valueCountLimit, "values in its objects") }
        heldValueCount += count
    }

    private mutating func pushTuple(_ values: [PickleValue]) throws(FormatError) {
        try hold(values.count)
        try push(.object(try add(.tuple(values))))
    }

    private mutating func append(_ values: [PickleValue]) throws(FormatError) {
        guard case .object(let index) = try top(), case .list(var elements, var count) = objects[Int(index)] else {
            if rules.listsCallables, case .passedOver = try top() { return }
            throw refusal("elements of what is no list")
        }
        // The list has one owner, so that elements are added in place.
        objects[Int(index)] = .passedOver
        for value in values {
            if rules.keepsLists || value.isObject {
                try hold(1)
                elements.append((count, value))
            }
            count += 1
        }
        objects[Int(index)] = .list(elements: elements, count: count)
    }

    private mutating func setItems(_ values: [PickleValue]) throws(FormatError) {
        guard values.count.isMultiple(of: 2) else { throw refusal("a key without a value") }
        guard case .object(let index) = try top(), case .dictionary(var entries) = objects[Int(index)] else {
            if rules.listsCallables, case .passedOver = try top() { return }
            throw refusal("keys of what is no dictionary")
        }
        try hold(values.count)
        objects[Int(index)] = .passedOver
        for place in stride(from: 0, to: values.count, by: 2) { entries.append((values[place], values[place + 1])) }
        objects[Int(index)] = .dictionary(entries)
    }

    /// The text of a value; nil for other values, and for texts that are not kept.
    func text(_ value: PickleValue) -> String? {
        guard case .text(let index) = value else { return nil }
        let payload = payloads[Int(index)]
        guard payload.memoryOffset >= 0 else { return nil }
        return String(validating: texts[payload.memoryOffset..<payload.memoryOffset + payload.byteCount], as: UTF8.self)
    }

    // MARK: Errors

    /// Makes the error for what the pickle has at the opcode that is carried out.
    func refusal(
        _ found: String, allowed: String? = nil, remedy: String = "it is damaged, or holds more than tensors and arrays"
    ) -> FormatError {
        FormatError(kind: .syntax, subject: "pickle", byteOffset: opcodeByteOffset, found: found, allowed: allowed, remedy: remedy)
    }

    private func tooMany(_ limit: Int, _ what: String) -> FormatError {
        refusal("more than \(limit) \(what)", remedy: "save the arrays alone")
    }

    private func truncated(fileByteCount: Int) -> FormatError {
        FormatError(
            kind: .truncatedHeader, subject: "pickle", byteOffset: fileByteCount, found: "the end of the file",
            allowed: "the rest of the pickle", remedy: "it was cut short: write or copy it again")
    }
}
