internal import Container
internal import Formats
internal import Messages

/// A file that is a pickle of NumPy arrays, or one of PyTorch in its old format: the arrays, and how each is opened.
struct PickleFile: Sendable {
    let arrays: PickledArrays
    private let container: ContainerFile
    private let options: ContainerOptions

    /// Reads the pickle that a container holds, without the contents of its arrays.
    init(
        _ container: ContainerFile, _ place: PickleFileReader.Place = .file, options: ContainerOptions, listsCallables: Bool
    ) throws(EngineError) {
        self.container = container
        self.options = options
        arrays = try Self.read(place, of: container, options, listsCallables: listsCallables)
    }

    private static func read(
        _ place: PickleFileReader.Place, of container: ContainerFile, _ options: ContainerOptions, listsCallables: Bool
    ) throws(EngineError) -> PickledArrays {
        var reader = PickleFileReader(place, fileByteCount: container.decodedByteCount, listsCallables: listsCallables)
        var source = ForwardBytes(of: container, options: options)
        while true {
            let piece = try source.bytes(reader.neededBytes)
            do throws(FormatError) {
                if let arrays = try piece.withBytes({ bytes throws(FormatError) in try reader.read(bytes) }) { return arrays }
            } catch {
                throw EngineError(error, path: container.path)
            }
        }
    }

    /// Opens an array of the pickle.
    func open(_ array: PickledArray) throws(EngineError) -> ArrayFile {
        switch array.content {
        case .bytes(let range): return try open(array, at: range.lowerBound)
        case .storageBytes(let range, _):
            return try open(array, at: range.lowerBound, isSwapped: arrays.areStoragesByteSwapped)
        case .text(let range, let decodedByteCount):
            let text = try PickledText(range, decodedByteCount: decodedByteCount, of: container, options: options)
            let content: ContainerFile
            do throws(ContainerError) { content = try ContainerFile(raw: text) } catch { throw EngineError(error) }
            return try array.file(content, at: 0, endByteOffset: decodedByteCount, options)
        case .storage(let key, _, _):
            throw EngineError(.data, path: container.path, "there is no storage \(QuotedBytes.text(key.utf8))", remedy: "it is damaged")
        }
    }

    private func open(_ array: PickledArray, at byteOffset: Int, isSwapped: Bool = false) throws(EngineError) -> ArrayFile {
        try array.file(container, at: byteOffset, endByteOffset: arrays.endByteOffset, isSwapped: isSwapped, options)
    }
}

extension PickledArray {
    /// Opens the array in the container that holds its elements.
    ///
    /// - Parameters:
    ///   - byteOffset: the place of the content.
    ///   - endByteOffset: the number of bytes that the container must have.
    func file(
        _ container: ContainerFile, at byteOffset: Int, endByteOffset: Int, isSwapped: Bool = false, _ options: ContainerOptions
    ) throws(EngineError) -> ArrayFile {
        let layout: ArrayLayout
        do throws(FormatError) {
            layout = try self.layout(at: byteOffset, isStorageByteSwapped: isSwapped)
        } catch {
            throw EngineError(error, path: name.isEmpty ? container.path : "\(container.path): \(QuotedBytes.short(name))")
        }
        return try ArrayFile(container, layout, endByteOffset: endByteOffset, options: options, warnings: container.warnings)
    }
}
