internal import Container
internal import Elements
internal import Formats
internal import Scoring

/// The ways in which a file can be read, as far as they matter to an evaluation of the file.
struct FileAccess: Sendable {
    /// True if the file may hold predictions: values of floating point, and at least one.
    let holdsPredictions: Bool
    let byteCount: Int
    let compression: Compression
    /// The number of compressed frames; nil if the file is not compressed.
    let frameCount: Int?
    let isCuttable: Bool
    /// The number of units into which the reading is shared out; 1 if it is not shared.
    let unitCount: Int
    /// True if the first frame has a checksum; nil if the file is not compressed.
    let hasChecksums: Bool?
    /// True if rows can be read by number, as labels and weights are.
    let allowsRandomAccess: Bool
    /// True if rows lie one after another; false if they are put together from columns.
    let areRowsTogether: Bool
    /// The number of borders between frames that lie inside a row, and the number of all borders; nil if they are not known.
    let rowCuttingBorders: (count: Int, of: Int)?

    init(_ file: ArrayFile) throws(EngineError) {
        let container = file.container
        let layout = file.layout
        holdsPredictions = layout.elementType.isFloatingPoint && layout.dataByteCount > 0
        byteCount = container.byteCount
        compression = container.compression
        frameCount = container.compression == .none ? nil : container.frames.count
        isCuttable = container.isCuttable
        areRowsTogether = file.rows.isContiguous
        if layout.dataByteCount == 0 {
            unitCount = 1
        } else if areRowsTogether {
            unitCount = ArrayUnit.cut(file, fileIndex: 0).count
        } else {
            unitCount = file.allowsRandomAccess ? try file.blocks(memoryByteCount: ContainerOptions().maximumWindowByteCount).count : 1
        }
        do throws(ContainerError) { hasChecksums = try container.hasChecksums() } catch { throw EngineError(error) }
        allowsRandomAccess = file.allowsRandomAccess
        guard areRowsTogether, container.compression != .none, container.frames.hasDecodedByteCounts, layout.dataByteCount > 0 else {
            rowCuttingBorders = nil
            return
        }
        var (count, cutting) = (0, 0)
        for frame in container.frames where frame.index > 0 && frame.decodedByteOffset > layout.dataByteOffset {
            count += 1
            if (frame.decodedByteOffset - layout.dataByteOffset) % file.rowByteCount != 0 { cutting += 1 }
        }
        rowCuttingBorders = (cutting, count)
    }

    /// Lists the differences for an evaluation that reads `output` in place of this file, for better or worse. Nothing is estimated.
    func changes(with output: FileAccess) -> [String] {
        let isRaw = compression == .none
        let input =
            if isCuttable {
                "the input by \(unitCount == 1 ? "one" : "up to \(unitCount)")"
            } else if let frameCount, frameCount > 1 {
                "the input by one, since its frames do not say how long they are"
            } else {
                "the input by one, since it is a single frame"
            }
        var changes: [String] = []
        if holdsPredictions {
            let readers = output.unitCount == 1 ? "one thread" : "up to \(output.unitCount) threads side by side"
            changes.append("as predictions it is read by \(readers), \(input)")
        }
        if !allowsRandomAccess, output.allowsRandomAccess {
            changes.append("as labels or weights its rows are read in any order, the input's one after the other")
        }
        if allowsRandomAccess, !output.allowsRandomAccess {
            changes.append(
                "as labels or weights its rows are read one after the other, since its frames are large; the input's in any order")
        }
        if !areRowsTogether {
            changes.append("each row lies together, in C order; the input's are put together from columns whenever they are read")
        }
        if let rowCuttingBorders, rowCuttingBorders.count > 0 {
            let (count, of) = rowCuttingBorders
            changes.append("each frame holds whole rows; in the input \(count) of \(of) borders between frames cut a row")
        }
        if isRaw {
            changes.append("its frames have checksums, which show damage; the input has none")
        } else if hasChecksums == false {
            changes.append("all its frames have checksums, which show damage; not all of the input's have")
        }
        let share = Self.share(output.byteCount, byteCount)
        changes.append("it takes \(share) of the input's bytes" + (isRaw ? ", and has to be decompressed" : ""))
        return changes
    }

    /// Lists the differences for an evaluation that reads this file in place of a text.
    func changesFromText(_ format: String) -> [String] {
        let readers = unitCount == 1 ? "one thread" : "up to \(unitCount) threads side by side"
        return ["it is read by \(readers), and its numbers are not parsed again as those of \(format) are each time"]
    }

    /// Writes a share in per cent: 891 of 1000 is "89.1 %".
    private static func share(_ part: Int, _ whole: Int) -> String {
        let permille = (1000 * Double(part) / Double(max(1, whole))).rounded()
        guard permille < 1e15 else { return "many times" }
        return "\(Int(permille) / 10).\(Int(permille) % 10) %"
    }
}
