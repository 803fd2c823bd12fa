internal import CZlib

/// The library that decompresses gzip and zip.
public enum Libzlib {
    /// The version of the library that runs: "1.2.13".
    public static var version: String { String(cString: zlibVersion()) }
}
