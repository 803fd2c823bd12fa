/// The messages of an object: of a group its links, of a dataset its type, shape and place.
struct ObjectHeader {
    /// The kinds of message that are read.
    enum Kind {
        static let dataspace = 0x01
        static let linkInformation = 0x02
        static let datatype = 0x03
        static let oldFillValue = 0x04
        static let fillValue = 0x05
        static let link = 0x06
        static let externalFiles = 0x07
        static let layout = 0x08
        static let filters = 0x0B
        static let continuation = 0x10
        static let symbolTable = 0x11
    }

    /// A message and its content.
    struct Message {
        let kind: Int
        /// True if the content is a reference to a message elsewhere.
        let isShared: Bool
        let content: FieldReader
    }

    /// The messages of the kinds that are read, in their order.
    private(set) var messages: [Message] = []
    /// The parts of the header that follow.
    private var continuations: [(byteOffset: Int, byteCount: Int)] = []

    /// Reads the header at a place of the file. O(bytes of the header).
    init(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        var start = try reader.read(at: byteOffset, count: min(64, reader.byteCount(from: byteOffset)), "an object's header")
        var first = start
        if try first.take(4).elementsEqual("OHDR".utf8) {
            try readNew(&start, at: byteOffset, reader)
        } else {
            try readOld(&start, at: byteOffset, reader)
        }
    }

    /// Returns the content of the first message of a kind.
    func content(_ kind: Int) -> FieldReader? { messages.first { $0.kind == kind }?.content }

    // MARK: Version 1

    private mutating func readOld(_ start: inout FieldReader, at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        _ = try start.version(1...1, of: "an object's header")
        try start.skip(1)
        var missing = try start.count(2)
        try start.skip(4)
        let byteCount = try start.count(4)
        continuations = [(byteOffset + 16, byteCount)]
        while !continuations.isEmpty {
            let part = continuations.removeFirst()
            var fields = try reader.read(at: part.byteOffset, count: part.byteCount, "an object's header")
            while missing > 0, fields.remaining >= 8 {
                missing -= 1
                let kind = try fields.count(2)
                let contentByteCount = try fields.count(2)
                let flags = try fields.byte()
                try fields.skip(3)
                try add(kind, flags, try fields.part(contentByteCount), reader)
            }
        }
    }

    // MARK: Version 2

    private mutating func readNew(_ start: inout FieldReader, at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        try start.skip(4)
        _ = try start.version(2...2, of: "an object's header")
        let flags = try start.byte()
        if flags & 0x20 != 0 { try start.skip(16) }
        if flags & 0x10 != 0 { try start.skip(4) }
        let byteCount = try start.count(1 << Int(flags & 3))
        let prefixByteCount = start.position
        guard byteCount <= reader.byteCount(from: byteOffset) - prefixByteCount - 4 else {
            throw HDF5Error(.damaged, at: byteOffset, "an object's header of \(byteCount) bytes goes beyond the end of the file")
        }
        var fields = try reader.read(at: byteOffset, count: prefixByteCount + byteCount + 4, "an object's header")
        try fields.skip(prefixByteCount)
        try readMessages(&fields, flags, reader)
        while !continuations.isEmpty {
            let part = continuations.removeFirst()
            guard part.byteCount >= 8 else {
                throw HDF5Error(.damaged, at: part.byteOffset, "a part of an object's header has \(part.byteCount) bytes")
            }
            var fields = try reader.read(at: part.byteOffset, count: part.byteCount, "a part of an object's header")
            try fields.expect("OCHK")
            try readMessages(&fields, flags, reader)
        }
    }

    /// Reads messages up to the checksum, which is verified before any of them is used.
    private mutating func readMessages(_ fields: inout FieldReader, _ flags: UInt8, _ reader: MetadataReader) throws(HDF5Error) {
        var whole = fields
        try whole.skip(fields.remaining - 4)
        try whole.verifyChecksum("an object's header")
        let headByteCount = flags & 0x04 != 0 ? 6 : 4
        // A gap is smaller than the head of a message.
        while fields.remaining - 4 >= headByteCount {
            let kind = Int(try fields.byte())
            let contentByteCount = try fields.count(2)
            let messageFlags = try fields.byte()
            if flags & 0x04 != 0 { try fields.skip(2) }
            guard contentByteCount <= fields.remaining - 4 else {
                throw HDF5Error(.damaged, at: fields.place, "a message of \(contentByteCount) bytes goes beyond the end of its header")
            }
            try add(kind, messageFlags, try fields.part(contentByteCount), reader)
        }
    }

    private mutating func add(_ kind: Int, _ flags: UInt8, _ content: FieldReader, _ reader: MetadataReader) throws(HDF5Error) {
        switch kind {
        case Kind.continuation:
            var content = content
            let byteOffset = try reader.definedAddress(&content, of: "a part of an object's header")
            continuations.append((byteOffset, try reader.length(&content)))
        case Kind.dataspace, Kind.linkInformation, Kind.datatype, Kind.oldFillValue, Kind.fillValue, Kind.link, Kind.externalFiles,
            Kind.layout,
            Kind.filters, Kind.symbolTable:
            messages.append(Message(kind: kind, isShared: flags & 0x02 != 0, content: content))
        default: break
        }
    }
}
