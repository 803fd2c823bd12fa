internal import ArrowIPC
internal import Container
internal import Formats
internal import HDF5
internal import Messages
internal import Parquet

/// An opened file of any format: arrays by name, or records. The format is recognised from the content.
struct DumpFile: Sendable {
    enum Content: Sendable {
        /// A single array, which has no name.
        case array(ArrayFile)
        case archive([ArchivedArray])
        case records(RecordFile)
        /// A table that is stored column by column.
        case columnar(ColumnarTable)
    }

    /// One of several arrays in a file, by its name. Its own header may still have to be read.
    struct ArchivedArray: Sendable {
        let name: String
        /// Reads the array's header.
        let open: @Sendable () throws(EngineError) -> ArrayFile
        /// Reads the array's header as that of strings, whose bytes become the elements of rows. It throws for numbers, and always for
        /// a format without strings.
        var openStrings: @Sendable () throws(EngineError) -> (array: ArrayFile, encoding: StringArrayLayout.Encoding) = {
            () throws(EngineError) in throw EngineError(.data, "it holds no strings")
        }
    }

    let path: String
    /// The name of the format: npy, npz, safetensors, hdf5, pytorch, pickle, llama.cpp base, parquet, arrow, arrow stream, csv, tsv, txt,
    /// jsonl or json.
    let format: String
    /// The bytes of the file, or of the one text in a zip archive.
    let container: ContainerFile
    let content: Content
    /// The faults that did not keep the file from being opened, in sentences.
    let warnings: [String]
    /// The doubts about the file as a whole, such as a stream that may have been cut short.
    private(set) var doubts: [Message] = []
    /// The arrays of the file's pickle, and the callables that it names; nil for a file without a pickle.
    private(set) var pickle: PickledArrays?
    /// The datasets of an HDF5 file, in the order of its arrays; nil for other formats.
    private(set) var datasets: [HDF5Dataset]?

    /// Opens a file and recognises its format. `ReadingMode` tries again if the seek table contradicts the frames.
    ///
    /// - Parameters:
    ///   - source: the bytes of the file, if `path` is only a name for them.
    ///   - recordOptions: the user's statements about a text.
    ///   - listsCallables: true to open a pickle whatever it names, for a look at its names and not at its values.
    ///   - whenStalled: looks at the first bytes where the writer of a stream stalls before the format can be told.
    init(
        _ path: String, source: (any ByteSource)? = nil, options: ContainerOptions,
        recordOptions: RecordFormats.Options = RecordFormats.Options(), listsCallables: Bool = false,
        whenStalled: (([UInt8]) throws(EngineError) -> Void)? = nil
    ) throws(EngineError) {
        let container: ContainerFile
        do throws(ContainerError) {
            if let source {
                container = try ContainerFile(source: source, options: options)
            } else {
                container = try ContainerFile(path: path, options: options)
            }
        } catch {
            // A pipe's directory is never seen.
            if let foreign = FileSignature.ofZip(beginningWith: error.firstBytes) { throw EngineError(foreign.error, path: path) }
            throw EngineError(error)
        }
        self.path = path
        warnings = container.warnings
        var prefix = DecodedPrefix(
            of: container, options: options, recordByteCountLimit: recordOptions.recordByteCountLimit, whenStalled: whenStalled)
        try prefix.read(upTo: DumpFormat.firstByteCount)
        if ZipArchive.isZip(prefix.bytes), container.compression == .none {
            let archive = try Self.archive(container)
            if let pyTorch = try PyTorchFile(archive, options: options, listsCallables: listsCallables) {
                self.container = container
                format = "pytorch"
                content = try Self.content(of: pyTorch.arrays) { array throws(EngineError) in try pyTorch.open(array) }
                pickle = pyTorch.arrays
                return
            }
            if let text = try Self.onlyFile(of: archive) {
                var prefix = DecodedPrefix(
                    of: text, options: options, recordByteCountLimit: recordOptions.recordByteCountLimit)
                let recognised = try prefix.recognise { bytes, isWhole throws(FormatError) in
                    try DumpFormat.recognise(bytes, isWhole: isWhole, options: recordOptions)
                }
                if case .records(let records) = recognised {
                    self.container = text
                    format = records.name
                    content = .records(RecordFile(text, records, recordByteCountLimit: recordOptions.recordByteCountLimit))
                    return
                }
            }
            self.container = container
            format = "npz"
            content = .archive(Self.members(of: archive, options, warnings))
            return
        }
        self.container = container
        if Self.isParquet(prefix.bytes) {
            format = "parquet"
            content = .columnar(ColumnarTable(try Self.parquet(container, options)))
            return
        }
        if ArrowFile.isArrow(prefix.bytes) {
            let file = try Self.arrow(container, options)
            format = file.form == .file ? "arrow" : "arrow stream"
            content = .columnar(ColumnarTable(file))
            if !file.hasEnd {
                doubts.append(
                    Message(
                        code: .unendedStream,
                        "\(path): its stream has no mark of its end, as where a writer was interrupted: record batches may be missing"))
            }
            return
        }
        if LlamaCppBase.isPlausible(prefix.bytes) {
            format = LlamaCppFile.format
            content = .archive(try LlamaCppFile(prefix.bytes, container, options: options).arrays)
            return
        }
        if !container.isStream, PickleFileReader.isPickle(prefix.bytes) {
            let file = try PickleFile(container, options: options, listsCallables: listsCallables)
            format = file.arrays.isPyTorch ? "pytorch" : "pickle"
            content = try Self.content(of: file.arrays) { array throws(EngineError) in try file.open(array) }
            pickle = file.arrays
            return
        }
        if let hdf5 = try HDF5Arrays(&prefix, container, options: options) {
            format = HDF5Arrays.format
            content = .archive(hdf5.arrays)
            datasets = hdf5.file.datasets
            return
        }
        let recognised = try prefix.recognise { bytes, isWhole throws(FormatError) in
            try DumpFormat.recognise(bytes, isWhole: isWhole, options: recordOptions)
        }
        format = recognised.name
        switch recognised {
        case .array(let layout): content = .array(try ArrayFile(container, layout, options: options, warnings: warnings))
        case .tensors(let header):
            let tensors = TensorFile(container: container, header: header, options: options)
            content = .archive(
                header.arrays.indices.map { index in
                    ArchivedArray(name: header.arrays[index].name) { () throws(EngineError) in try tensors.open(index) }
                })
        case .records(let format):
            content = .records(RecordFile(container, format, recordByteCountLimit: recordOptions.recordByteCountLimit))
        }
    }

    /// A safetensors file, all of whose arrays lie in one container. There may be very many, which share it.
    private final class TensorFile: Sendable {
        private let container: ContainerFile
        private let header: SafetensorsHeader
        private let options: ContainerOptions

        init(container: ContainerFile, header: SafetensorsHeader, options: ContainerOptions) {
            self.container = container
            self.header = header
            self.options = options
        }

        /// Opens the array at an index of the header.
        func open(_ index: Int) throws(EngineError) -> ArrayFile {
            let layout: ArrayLayout
            do throws(FormatError) { layout = try header.arrays[index].layout() } catch { throw EngineError(error, path: container.path) }
            return try ArrayFile(container, layout, endByteOffset: header.endByteOffset, options: options, warnings: container.warnings)
        }
    }

    /// Makes the content of a file with a pickle: one array without a name, or arrays by name.
    private static func content(
        of pickle: PickledArrays, _ open: @escaping @Sendable (PickledArray) throws(EngineError) -> ArrayFile
    ) throws(EngineError) -> Content {
        if pickle.isOneArray { return .array(try open(pickle.arrays[0])) }
        return .archive(
            pickle.arrays.map { array in ArchivedArray(name: array.name) { () throws(EngineError) in try open(array) } })
    }

    /// True if the first bytes of a file are those of Parquet. A text may begin with the same letters.
    private static func isParquet(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: ParquetFile.magic) || bytes.starts(with: ParquetFile.encryptedMagic) else { return false }
        return FileSignature.ofFile(bytes) != nil
    }

    private static func parquet(_ container: ContainerFile, _ options: ContainerOptions) throws(EngineError) -> ParquetFile {
        var limits = ParquetFile.Limits()
        limits.pageByteCount = options.maximumWindowByteCount
        do throws(ParquetError) { return try ParquetFile(container, limits: limits) } catch { throw EngineError(error) }
    }

    private static func arrow(_ container: ContainerFile, _ options: ContainerOptions) throws(EngineError) -> ArrowFile {
        var limits = ArrowFile.Limits()
        limits.byteCount = options.maximumWindowByteCount
        do throws(ArrowError) { return try ArrowFile(container, limits: limits) } catch { throw EngineError(error) }
    }

    private static func archive(_ container: ContainerFile) throws(EngineError) -> ZipArchive {
        do throws(ContainerError) { return try ZipArchive(container) } catch { throw EngineError(error) }
    }

    /// Opens the one file of a zip archive that is no `.npy`, such as pandas's `table.csv.zip`; nil for an archive of arrays.
    ///
    /// - Throws: an `EngineError` that names the format if the archive is of another one, such as PyTorch's, or that lists the files if it
    ///   holds several that are no arrays.
    private static func onlyFile(of archive: ZipArchive) throws(EngineError) -> ContainerFile? {
        // What macOS adds to an archive is no content.
        let files = archive.members.filter { !$0.name.hasSuffix("/") && !$0.name.hasPrefix("__MACOSX/") && !$0.name.hasSuffix(".DS_Store") }
        guard !files.isEmpty, !files.contains(where: { $0.name.hasSuffix(".npy") }) else { return nil }
        if let foreign = FileSignature.ofZip(memberNames: files.map(\.name)) { throw EngineError(foreign.error, path: archive.path) }
        guard files.count == 1 else {
            throw EngineError(
                .data, path: archive.path,
                "it is a zip archive of \(files.count) files, none of them an array: \(ColumnName.list(files.map(\.name)))",
                remedy: "unzip it and name the one that is meant, or several in their order")
        }
        do throws(ContainerError) { return try ContainerFile(member: files[0], of: archive) } catch { throw EngineError(error) }
    }

    /// Lists the arrays of a zip archive, each of which is a container of its own.
    private static func members(of archive: ZipArchive, _ options: ContainerOptions, _ warnings: [String]) -> [ArchivedArray] {
        archive.members.filter { !$0.name.hasSuffix("/") }.map { member in
            let name = member.name.hasSuffix(".npy") ? String(member.name.dropLast(4)) : member.name
            @Sendable func opened() throws(EngineError) -> ContainerFile {
                do throws(ContainerError) { return try ContainerFile(member: member, of: archive) } catch { throw EngineError(error) }
            }
            return ArchivedArray(
                name: name,
                open: { () throws(EngineError) in
                    let container = try opened()
                    var prefix = DecodedPrefix(of: container, options: options)
                    let layout = try prefix.recognise { bytes, isWhole throws(FormatError) in
                        try DumpFormat.array(bytes, isWhole: isWhole)
                    }
                    return try ArrayFile(container, layout, options: options, warnings: warnings + container.warnings)
                },
                openStrings: { () throws(EngineError) in
                    let container = try opened()
                    var prefix = DecodedPrefix(of: container, options: options)
                    let strings = try prefix.recognise { bytes, isWhole throws(FormatError) in
                        try DumpFormat.strings(bytes, isWhole: isWhole)
                    }
                    let array = try ArrayFile(container, strings.bytes, options: options, warnings: warnings + container.warnings)
                    return (array, strings.encoding)
                })
        }
    }

    /// True if the file is text.
    var isText: Bool {
        if case .records = content { true } else { false }
    }

    /// True if the file is one array or several.
    var isOfArrays: Bool {
        switch content {
        case .array, .archive: true
        case .records, .columnar: false
        }
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
        case .records, .columnar:
            throw EngineError(.data, path: path, "an array is wanted here, and it is \(format)", remedy: "save the numbers as .npy")
        }
    }
}
