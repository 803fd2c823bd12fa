internal import Container
internal import Elements
internal import Formats
internal import HDF5
internal import Messages

/// The datasets of an HDF5 file as arrays by name: `group/dataset`. A dataset is a range of the file's bytes, or frames of chunks that any
/// worker decodes, and is read as the arrays of other files are.
struct HDF5Arrays: Sendable {
    /// The name of the format in reports and messages.
    static let format = "hdf5"

    let file: HDF5File
    private let options: ContainerOptions

    /// Finds the datasets of a file; nil if the file is of another format. Files that are compressed as a whole, and streams, are left to
    /// the signatures of formats that are not read.
    ///
    /// - Parameter prefix: the first bytes of the file.
    init?(_ prefix: inout DecodedPrefix, _ container: ContainerFile, options: ContainerOptions) throws(EngineError) {
        guard container.compression == .none, !container.isStream else { return nil }
        guard let byteOffset = try Self.superblockByteOffset(&prefix, container) else { return nil }
        self.options = options
        do throws(HDF5Error) { file = try HDF5File(container, superblockByteOffset: byteOffset) } catch {
            throw EngineError(error, path: container.path)
        }
    }

    private static func superblockByteOffset(_ prefix: inout DecodedPrefix, _ container: ContainerFile) throws(EngineError) -> Int? {
        if prefix.bytes.starts(with: HDF5Superblock.signature) { return 0 }
        // What a user put before the file has any first bytes; those of other formats are known.
        guard !prefix.bytes.starts(with: NPYHeader.magic), !prefix.bytes.withBytes({ SafetensorsHeader.isPlausible($0) }) else {
            return nil
        }
        try prefix.read(upTo: FileSignature.byteCount)
        let isNamed = FileSignature.ofFile(prefix.bytes)?.isHDF5 == true
        guard isNamed || prefix.bytes.contains(0) else { return nil }
        do throws(ContainerError) { return try HDF5Superblock.byteOffset(in: container) } catch { throw EngineError(error) }
    }

    /// The arrays, in the order of their names.
    var arrays: [DumpFile.ArchivedArray] {
        file.datasets.map { dataset in
            DumpFile.ArchivedArray(
                name: dataset.name, open: { () throws(EngineError) in try open(dataset) },
                openStrings: { () throws(EngineError) in (try open(dataset, asText: true), .bytes) })
        }
    }

    /// Opens a dataset.
    ///
    /// - Parameter isText: true for a dataset of texts, whose bytes become the elements of rows.
    private func open(_ dataset: HDF5Dataset, asText isText: Bool = false) throws(EngineError) -> ArrayFile {
        let elements: ContainerFile
        do throws(HDF5Error) {
            elements = try dataset.elements(of: file, memoryByteCount: options.maximumWindowByteCount)
        } catch {
            throw EngineError(error, path: "\(file.container.path): \(QuotedBytes.short(dataset.name))")
        }
        let layout: ArrayLayout
        do throws(FormatError) {
            switch (dataset.type?.content, isText) {
            case (.number(let type, let isBigEndian)?, false):
                layout = try ArrayLayout(
                    elementType: type, isByteSwapped: isBigEndian == ByteOrder.isLittleEndianMachine, isFortranOrder: false,
                    shape: dataset.shape ?? [], dataByteOffset: 0)
            case (.text?, true):
                layout = try ArrayLayout(
                    elementType: .uint8, isByteSwapped: false, isFortranOrder: false,
                    shape: (dataset.shape ?? []) + [dataset.type?.byteCount ?? 0], dataByteOffset: 0)
            default:
                throw FormatError(
                    kind: .elementType, subject: "HDF5 type", byteOffset: nil, found: dataset.type?.text ?? "none",
                    allowed: isText ? "texts of a fixed number of bytes" : "numbers", remedy: "save numbers")
            }
        } catch {
            throw EngineError(error, path: elements.path)
        }
        return try ArrayFile(elements, layout, endByteOffset: layout.endByteOffset, options: options, warnings: [])
    }
}

extension EngineError {
    /// Makes the error of an HDF5 file, or of a dataset.
    init(_ error: HDF5Error, path: String) {
        if let container = error.container {
            self.init(container)
        } else if error.kind == .tooLarge, let remedy = error.remedy {
            self.init(.data, path: path, Message(error.statement), remedy: "\(remedy); or allow more with \(setting: .maximumWindow)")
        } else {
            self.init(.data, path: path, error.statement, remedy: error.remedy)
        }
    }
}
