internal import CZstd

/// The library that decompresses.
public enum Libzstd {
    /// The version of the library that runs, which need not be the one that was compiled against: "1.5.4".
    public static var version: String { String(cString: ZSTD_versionString()) }
}
