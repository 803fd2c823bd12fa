internal import JSONReading

/// The library that reads JSON.
public enum JSONLibrary {
    /// The version of simdjson that was compiled in: "3.0.1".
    public static var version: String { String(cString: jsonLibraryVersion()) }
}
