internal import Container
internal import Formats

/// An opened file of any format: arrays by name, or records. The format is recognised from the content.
struct DumpFile: Sendable {
    enum Content: Sendable {
        /// A single array, which has no name.
        case array(ArrayFile)
        case archive([ArchivedArray])
        case records(RecordFile)
    }

    /// One of several arrays in a file, by its name. Its own header may still have to be read.
    struct ArchivedArray: Sendable {
        let name: String
        private let opening: @Sendable () -> Result<ArrayFile, EngineError>

        init(name: String, opening: @escaping @Sendable () -> Result<ArrayFile, EngineError>) {
            self.name = name
            self.opening = opening
        }

        func open() throws(EngineError) -> ArrayFile { try opening().get() }
    }

    let path: String
    /// The name of the format: npy, npz, safetensors, csv, tsv or jsonl.
    let format: String
    let container: ContainerFile
    let content: Content
    /// The faults that did not keep the file from being opened, in sentences.
    let warnings: [String]

    /// Opens a file and recognises its format. `ReadingMode` tries again if the seek table contradicts the frames.
    ///
    /// - Parameter source: the bytes of the file, if `path` is only a name for them.
    init(
        _ path: String, source: (any ByteSource)? = nil, options: ContainerOptions, hasHeader: Bool = true
    ) throws(EngineError) {
        let container: ContainerFile
        do throws(ContainerError) {
            if let source {
                container = try ContainerFile(source: source, options: options)
            } else {
                container = try ContainerFile(path: path, options: options)
            }
        } catch {
            throw EngineError(error)
        }
        self.path = path
        self.container = container
        warnings = container.warnings
        var prefix = DecodedPrefix(of: container, options: options)
        try prefix.read(upTo: 128)

        if prefix.bytes.starts(with: NPYHeader.magic) || NPYHeader.magic.starts(with: prefix.bytes) {
            format = "npy"
            content = .array(try Self.array(container, &prefix, options, warnings))
        } else if ZipArchive.isZip(prefix.bytes), container.compression == .none {
            format = "npz"
            content = .archive(try Self.members(of: container, options, warnings))
        } else if SafetensorsHeader.isPlausible(prefix.bytes) {
            format = "safetensors"
            content = .archive(try Self.tensors(container, &prefix, options, warnings))
        } else if let records = try RecordFile(container, &prefix, hasHeader: hasHeader) {
            format = records.format.name
            content = .records(records)
        } else {
            format = "npy"
            // The error says what the bytes look like, and what to do.
            content = .array(try Self.array(container, &prefix, options, warnings))
        }
    }

    /// Reads the header of an `.npy`.
    private static func array(
        _ container: ContainerFile, _ prefix: inout DecodedPrefix, _ options: ContainerOptions, _ warnings: [String]
    ) throws(EngineError) -> ArrayFile {
        while true {
            let result: NPYHeader.ParseResult
            do throws(FormatError) {
                result = try prefix.bytes.withBytes { bytes throws(FormatError) in try NPYHeader.parse(bytes) }
            } catch {
                throw EngineError(error, path: container.path)
            }
            switch result {
            case .complete(let layout):
                return try ArrayFile(container, layout, options: options, warnings: warnings)
            case .needs(let byteCount):
                try prefix.read(upTo: byteCount)
                guard prefix.bytes.count >= byteCount else {
                    throw EngineError(
                        NPYHeader.truncated(fileByteCount: prefix.bytes.count, neededByteCount: byteCount), path: container.path)
                }
            }
        }
    }

    /// Lists the arrays of a safetensors file, which all lie in one container.
    private static func tensors(
        _ container: ContainerFile, _ prefix: inout DecodedPrefix, _ options: ContainerOptions, _ warnings: [String]
    ) throws(EngineError) -> [ArchivedArray] {
        while true {
            let result: SafetensorsHeader.ParseResult
            do throws(FormatError) {
                result = try prefix.bytes.withBytes { bytes throws(FormatError) in try SafetensorsHeader.parse(bytes) }
            } catch {
                throw EngineError(error, path: container.path)
            }
            switch result {
            case .complete(let header):
                return header.arrays.map { array in
                    ArchivedArray(name: array.name) {
                        do throws(EngineError) {
                            return .success(try Self.tensor(array, header, container, options, warnings))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
            case .needs(let byteCount):
                try prefix.read(upTo: byteCount)
                guard prefix.bytes.count >= byteCount else {
                    throw EngineError(
                        SafetensorsHeader.truncated(fileByteCount: prefix.bytes.count, neededByteCount: byteCount), path: container.path)
                }
            }
        }
    }

    private static func tensor(
        _ array: NamedArray, _ header: SafetensorsHeader, _ container: ContainerFile, _ options: ContainerOptions, _ warnings: [String]
    ) throws(EngineError) -> ArrayFile {
        let layout: ArrayLayout
        do throws(FormatError) { layout = try array.layout() } catch { throw EngineError(error, path: container.path) }
        return try ArrayFile(container, layout, endByteOffset: header.endByteOffset, options: options, warnings: warnings)
    }

    /// Lists the arrays of a zip archive, each of which is a container of its own.
    private static func members(
        of container: ContainerFile, _ options: ContainerOptions, _ warnings: [String]
    ) throws(EngineError) -> [ArchivedArray] {
        let archive: ZipArchive
        do throws(ContainerError) { archive = try ZipArchive(container) } catch { throw EngineError(error) }
        return archive.members.filter { !$0.name.hasSuffix("/") }.map { member in
            let name = member.name.hasSuffix(".npy") ? String(member.name.dropLast(4)) : member.name
            return ArchivedArray(name: name) {
                do throws(EngineError) {
                    let container: ContainerFile
                    do throws(ContainerError) { container = try ContainerFile(member: member, of: archive) } catch {
                        throw EngineError(error)
                    }
                    var prefix = DecodedPrefix(of: container, options: options)
                    return .success(try Self.array(container, &prefix, options, warnings + container.warnings))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    /// True if the file is text.
    var isText: Bool {
        if case .records = content { true } else { false }
    }

    /// Returns the file's one array, and throws if the file holds several, or text.
    func onlyArray() throws(EngineError) -> ArrayFile {
        switch content {
        case .array(let array): return array
        case .archive(let arrays):
            guard let only = arrays.first, arrays.count == 1 else {
                throw EngineError(
                    .data, path: path,
                    "one array is wanted here, and it holds \(arrays.count): " + arrays.map(\.name).joined(separator: ", "),
                    remedy: "save the wanted one in a file of its own")
            }
            return try only.open()
        case .records:
            throw EngineError(.data, path: path, "an array is wanted here, and it is \(format)", remedy: "save the numbers as .npy")
        }
    }
}
