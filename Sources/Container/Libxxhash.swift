internal import CXXHash

/// The library that computes checksums.
public enum Libxxhash {
    /// The version of the library that runs: "0.8.1".
    public static var version: String {
        let number = XXH_versionNumber()
        return "\(number / 10000).\(number / 100 % 100).\(number % 100)"
    }
}
