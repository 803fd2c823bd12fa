/// The members of a zip archive that `torch.save` writes: `NAME/data.pkl`, `NAME/data/0` and so on.
public struct PyTorchArchive: Sendable {
    /// The name of the member that is the pickle.
    public let pickleName: String
    private let folder: String

    /// Recognises an archive by the names of its members; nil for any other archive.
    ///
    /// - Throws: `FormatError` of kind `.otherFormat` for a model of TorchScript, and of kind `.syntax` for an archive with several
    ///   pickles.
    public init?(memberNames: [String]) throws(FormatError) {
        let pickles = memberNames.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
        guard let pickle = pickles.first else { return nil }
        let folder = String(pickle.dropLast("data.pkl".count))
        // What torch.jit.save writes besides: the code, and the constants that it uses.
        if memberNames.contains(where: { $0 == folder + "constants.pkl" || $0.hasPrefix(folder + "code/") }) {
            throw FileSignature.torchScript.error
        }
        guard pickles.count == 1 else {
            throw FormatError(
                kind: .syntax, subject: "PyTorch archive", byteOffset: nil, found: "\(pickles.count) members data.pkl", allowed: "one",
                remedy: "write it with torch.save")
        }
        self.folder = folder
        pickleName = pickle
    }

    /// The name of the member that says the order of bytes, `little` or `big`. Older archives have none, and are little-endian.
    public var byteOrderName: String { folder + "byteorder" }

    /// Returns the name of the member that is a storage.
    public func storageName(key: String) -> String { folder + "data/" + key }
}
