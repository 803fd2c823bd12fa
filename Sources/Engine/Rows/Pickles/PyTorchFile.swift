internal import Container
internal import Formats
internal import Messages

/// A zip archive that `torch.save` wrote: a pickle, and a stored member for each storage of numbers.
struct PyTorchFile: Sendable {
    private let archive: ZipArchive
    private let names: PyTorchArchive
    private let members: [String: ZipArchive.Member]
    private let pickle: PickleFile
    private let options: ContainerOptions
    private let isByteSwapped: Bool

    var arrays: PickledArrays { pickle.arrays }

    /// Reads the pickle of an archive; nil if the archive is none of PyTorch's.
    init?(_ archive: ZipArchive, options: ContainerOptions, listsCallables: Bool) throws(EngineError) {
        guard !archive.members.contains(where: { $0.name.hasSuffix(".npy") }) else { return nil }
        do throws(FormatError) {
            guard let names = try PyTorchArchive(memberNames: archive.members.map(\.name)) else { return nil }
            self.names = names
        } catch {
            throw EngineError(error, path: archive.path)
        }
        self.archive = archive
        self.options = options
        members = Dictionary(archive.members.map { ($0.name, $0) }) { first, _ in first }
        let container = try Self.container(names.pickleName, of: archive, members)
        pickle = try PickleFile(container, .pyTorchArchive, options: options, listsCallables: listsCallables)
        do throws(ContainerError) { try container.verifyMemberChecksum() } catch { throw EngineError(error) }
        isByteSwapped = try Self.isBigEndian(names, archive, members, options) == ByteOrder.isLittleEndianMachine
    }

    /// Opens an array: that of a storage, or one of NumPy in the pickle itself.
    func open(_ array: PickledArray) throws(EngineError) -> ArrayFile {
        guard case .storage(let key, let byteCount, _) = array.content else { return try pickle.open(array) }
        let container = try Self.container(names.storageName(key: key), of: archive, members)
        guard container.decodedByteCount == byteCount else {
            throw EngineError(
                .data, path: container.path, "it has \(container.decodedByteCount ?? 0) bytes, and the pickle says \(byteCount)",
                remedy: "it is damaged: write or copy it again")
        }
        return try array.file(container, at: 0, endByteOffset: byteCount, isSwapped: isByteSwapped, options)
    }

    private static func container(
        _ name: String, of archive: ZipArchive, _ members: [String: ZipArchive.Member]
    ) throws(EngineError) -> ContainerFile {
        guard let member = members[name] else {
            throw EngineError(
                .data, path: archive.path, "it has no member \(QuotedBytes.text(name.utf8)), which the pickle names",
                remedy: "it was cut short, or made without its values: write it again")
        }
        do throws(ContainerError) {
            return try ContainerFile(member: member, of: archive, allowsMissingChecksum: true)
        } catch {
            throw EngineError(error)
        }
    }

    private static func isBigEndian(
        _ names: PyTorchArchive, _ archive: ZipArchive, _ members: [String: ZipArchive.Member], _ options: ContainerOptions
    ) throws(EngineError) -> Bool {
        guard members[names.byteOrderName] != nil else { return false }
        let container = try container(names.byteOrderName, of: archive, members)
        var prefix = DecodedPrefix(of: container, options: options)
        try prefix.read(upTo: 16)
        switch String(decoding: prefix.bytes, as: UTF8.self) {
        case "little": return false
        case "big": return true
        default:
            throw EngineError(
                .data, path: container.path, "it says the order of bytes as \(QuotedBytes.text(prefix.bytes))",
                remedy: "it is damaged: write it again")
        }
    }
}
