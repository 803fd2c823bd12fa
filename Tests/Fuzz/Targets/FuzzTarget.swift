/// One reader of untrusted bytes, as libFuzzer and the tests call it.
public struct FuzzTarget: Sendable {
    /// Names it on the command line and in the folders of seeds and crashes.
    public let name: String
    /// Takes any bytes: it may not trap, hang, or take memory beyond what the bytes warrant. What it stops with otherwise, such as a
    /// precondition on the result, is a find as well.
    public let run: @Sendable (UnsafeRawBufferPointer) -> Void
    /// Small inputs that are what it reads.
    public let seeds: @Sendable () -> [[UInt8]]

    /// All targets. Adding one: a file beside this one, and its name here.
    public static let all: [FuzzTarget] = [
        zipDirectory, seekTable, gzip, npyHeader, safetensorsHeader, csv, hdf5, jsonRecords, jsonDocument, parquet, arrow, partial, pickle,
        checkpoint,
    ]
}
