internal import Container
internal import Formats

/// The version of Xent.
public enum Version {
    /// The version of this build: three numbers with dots.
    public static let current = "0.1.0"

    /// The libraries that do a part of the work, with their versions.
    public static var libraries: [(name: String, version: String)] {
        [
            ("libzstd", Libzstd.version), ("zlib", Libzlib.version), ("xxHash", Libxxhash.version), ("simdjson", JSONLibrary.version),
        ]
    }
}
