internal import Container
internal import Formats
public import WorkStealing

/// Short lists of numbers in files, such as class weights.
public enum NumberFile {
    /// The largest count of numbers in a file.
    static let countLimit = 1 << 24

    /// Reads the numbers of a one-dimensional `.npy` file of any type, raw or compressed.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or is no such list.
    public static func read(_ path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> [Double] {
        try ReadingMode.attempt { mode throws(EngineError) in
            try read(path, mode.containerOptions(cancellation))
        }
    }

    private static func read(_ path: String, _ options: ContainerOptions) throws(EngineError) -> [Double] {
        let file = try ArrayFile.open(path, options: options)
        let layout = file.layout
        guard layout.shape.count == 1 || (layout.shape.count == 2 && layout.shape[1] == 1), (1...countLimit).contains(file.rowCount) else {
            throw EngineError(
                .data, path: path, "shape \(layout.shapeText) is not a list of 1 to \(countLimit) numbers", remedy: "save it as (N,)")
        }
        let buffer = try file.firstRows(file.rowCount, options: options)
        return (0..<file.rowCount).map { Float64Values.value(buffer.base, elementType: layout.elementType, at: $0) }
    }
}
