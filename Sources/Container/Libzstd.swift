internal import CZstd

/// The library that decompresses.
public enum Libzstd {
    /// Of the one that runs, not of the one that was compiled against: "1.5.4".
    public static var version: String { String(cString: ZSTD_versionString()) }
}
