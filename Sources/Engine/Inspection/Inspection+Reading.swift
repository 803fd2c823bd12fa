internal import Elements
internal import Formats
public import Messages
internal import Scoring

extension Inspection {
    /// The way in which an evaluation reads an array.
    public struct Reading: Sendable, Encodable {
        /// The number of rows; absent if two axes could hold the classes.
        public let rows: Int?
        /// The number of values a row: 1, or one a class.
        public let classes: Int?
        /// The shapes that labels, one a row, may have; empty for an array that can hold only labels or weights.
        public let labelShapes: [[Int]]
        /// The same in a sentence.
        public let text: Message

        enum CodingKeys: String, CodingKey {
            case rows, classes, text
            case labelShapes = "label_shapes"
        }

        /// Finds the rows of an array, as an evaluation without further settings counts them.
        init(of array: ArrayFile) {
            let layout = array.layout
            guard layout.elementType.isFloatingPoint else {
                (rows, classes, labelShapes) = (layout.shape.first ?? 1, nil, [])
                text = Message("labels or weights, \(layout.shape.count > 1 ? "of shape \(layout.shapeText)" : "\(layout.rowCount) rows")")
                return
            }
            if layout.shape.count < 2 {
                (rows, classes, labelShapes) = (layout.rowCount, 1, [[layout.rowCount]])
                text = Message("\(Self.rows(layout.rowCount, 1)); labels of shape \(Self.text(labelShapes[0]))")
                return
            }
            let usual = Self.counted(array, classAxis: nil)
            // PyTorch's order of axes, if the array can be meant so.
            let other = layout.shape.count > 2 ? Self.counted(array, classAxis: 1) : nil
            rows = usual?.rowCount
            classes = usual?.valuesPerRow
            labelShapes = usual.map(Self.labelShapes) ?? []
            switch (usual, other) {
            case (let usual?, nil): text = Message(Self.sentence(usual))
            case (let usual?, let other?):
                text = "\(Self.sentence(usual)); with \(setting: .classAxis, .text("1")): \(Self.sentence(other))"
            case (nil, let other?):
                text = """
                    with \(setting: .classAxis, .text("1")): \(Self.sentence(other)); or the last axis holds the classes: \
                    \(setting: .classAxis, .text("\(layout.shape.count - 1)"))
                    """
            case (nil, nil): text = Message("shape \(layout.shapeText) holds no predictions")
            }
        }

        /// Counts the rows of a class a value; nil if the array cannot be read so.
        private static func counted(_ array: ArrayFile, classAxis: Int?) -> ArrayRows? {
            var columns = DumpColumns()
            columns.classAxis = classAxis
            return try? ArrayAxes(.multiclass, columns).predictions([array]).files.first?.rows
        }

        private static func sentence(_ rows: ArrayRows) -> String {
            "\(Self.rows(rows.rowCount, rows.valuesPerRow)), labels of shape "
                + labelShapes(rows).map { text($0) }.joined(separator: " or ")
        }

        private static func labelShapes(_ rows: ArrayRows) -> [[Int]] {
            rows.shape.count > 1 ? [rows.shape, [rows.rowCount]] : [[rows.rowCount], [rows.rowCount, 1]]
        }

        private static func rows(_ rowCount: Int, _ valueCount: Int) -> String {
            "\(rowCount) row\(rowCount == 1 ? "" : "s") of \(valueCount == 1 ? "one value" : "\(valueCount) classes")"
        }

        private static func text(_ shape: [Int]) -> String {
            "(" + shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
        }
    }
}
