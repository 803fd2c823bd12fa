import Formats
import SeededRandom
import Testing

@Suite("Tables between whose fields are blanks, and lines of names behind #")
struct TableBlankTests {
    @Test("Blanks are the delimiter where the first records say so")
    func delimiters() throws {
        let cases: [(String, String, [String])] = [
            ("p_0 p_1\n0.2 0.8\n", "txt", ["p_0", "p_1"]), ("  a   b  c \r\n 1   2  3\r\n", "txt", ["a", "b", "c"]),
            // One more field in each record than names: the names of rows have none.
            ("\"a\" \"b\"\n\"1\" 0.5 0.25\n", "txt", ["a", "b"]),
            // No numbers, or another number of fields: one column.
            ("city name\nNew York\nLos Angeles\n", "csv", ["city name"]), ("ground truth\n1\n0\n", "csv", ["ground truth"]),
            ("ground truth\n", "csv", ["ground truth"]), ("a b\nx 1\ny\nz\nw\n", "csv", ["a b"]),
            // Any other delimiter goes first.
            ("a b,c\n1 2,3\n", "csv", ["a b", "c"]), ("a b\tc\n1 2\t3\n", "tsv", ["a b", "c"]),
        ]
        for (text, name, columns) in cases {
            let format = try TableText(text).format()
            #expect(format.name == name, "\(text.debugDescription)")
            #expect(format.columns.map(\.name) == columns, "\(text.debugDescription)")
            #expect(format.isTable)
        }
        // A wrong record does not make it another table.
        let text = "a b\n1 2\n3\n4 5\n6 7\n"
        #expect(try TableText(text).rows("a", "b").problems.map(\.text) == ["row 1: 1 field, and the table has 2 columns"])
    }

    @Test("Runs of blanks, tabs, blanks at both ends, CRLF: the numbers of any layout are the same")
    func layouts() throws {
        var generator = SplitMix64(seed: 14)
        for iteration in 0..<300 {
            let columnCount = Int.random(in: 2...9, using: &generator)
            let values = (0..<columnCount * Int.random(in: 1...40, using: &generator)).map { _ in
                let value = Double.random(in: -1...1, using: &generator)
                return generator.next() % 3 == 0 ? (value * 1000).rounded() : value
            }
            let isPadded = generator.next() % 2 == 0
            func blanks(_ least: Int) -> String {
                let count = isPadded ? Int.random(in: least...(generator.next() % 9 == 0 ? 80 : 5), using: &generator) : least
                return String((0..<count).map { _ in isPadded && generator.next() % 4 == 0 ? "\t" : " " })
            }
            var text = (0..<columnCount).map { "p_\($0)" }.joined(separator: " ") + "\n"
            for row in 0..<values.count / columnCount {
                text += blanks(0)
                for column in 0..<columnCount {
                    let value = values[row * columnCount + column]
                    if column > 0 { text += blanks(1) }
                    text += generator.next() % 8 == 0 ? "\"\(value)\"" : "\(value)"
                }
                text += blanks(0)
                text += generator.next() % 5 == 0 ? "\r\n" : "\n"
                if generator.next() % 10 == 0 { text += blanks(0) + "\n" }
            }
            if generator.next() % 2 == 0 { text.removeLast() }
            let table = TableText(Array(text.utf8), following: " 7 7\n")
            for isCareful in [false, true] {
                let rows = try table.rows("p_*", isCareful: isCareful)
                #expect(rows.problems == [], "iteration \(iteration): \(text.debugDescription)")
                var expected: [Double] = []
                for row in 0..<rows.rowCount {
                    expected += values[row * columnCount..<(row + 1) * columnCount]
                    // The column that is wanted twice.
                    if isCareful { expected.append(values[row * columnCount]) }
                }
                try #require(rows.values == expected, "iteration \(iteration): \(text.debugDescription)")
            }
        }
    }

    @Test("Labels, weights, texts and names of classes between blanks")
    func otherColumns() throws {
        let text = TableText("id w y p_cat p_dog t\n  a   2  dog 0.25 0.75  \"x y\"\nb 0.5 p_cat .5 .5 zz\n")
        let rows = try text.rows("p_*", label: "y", classNames: ["p_cat", "p_dog"], weight: "w")
        #expect(rows.problems == [] && rows.values == [0.25, 0.75, 0.5, 0.5] && rows.classLabels == [1, 0] && rows.weights == [2, 0.5])
        let format = try text.format()
        var selection = RecordSelection(predictions: try format.resolve("p_*"))
        selection.byteCount = try format.resolve("t")[0]
        #expect(text.parse(try format.makeParser(selection), format.headerByteCount..<text.count).byteCounts == [3, 2])
    }

    @Test("The # of numpy.savetxt is no part of a name, and lines with # before the names are none of the table")
    func comments() throws {
        let cases: [(String, [String], Int)] = [
            ("# p_0,p_1\n0.2,0.8\n", ["p_0", "p_1"], 1), ("# p_0 p_1\n0.2 0.8\n", ["p_0", "p_1"], 1),
            ("#p_0\tp_1\n0.2\t0.8\n", ["p_0", "p_1"], 1),
            // The names between blanks, the values between commas.
            ("# p_0 p_1\n0.2,0.8\n", ["p_0", "p_1"], 1),
            ("# made on Monday, by me\n# p_0,p_1\n\n0.2,0.8\n", ["p_0", "p_1"], 1),
            ("# made, by me\np_0,p_1\n0.2,0.8\n", ["p_0", "p_1"], 1),
            // A column of the name #.
            ("# p_0 p_1\n7 0.2 0.8\n", ["#", "p_0", "p_1"], 1), ("#,p_0\n7,0.2\n", ["#", "p_0"], 1),
            ("#id,name\na,b\n", ["id", "name"], 1), ("#a\n", ["#a"], 0),
        ]
        for (text, names, rowCount) in cases {
            let table = TableText(text)
            let format = try table.format()
            #expect(format.columns.map(\.name) == names, "\(text.debugDescription)")
            #expect(format.hasNames)
            let parser = try format.makeParser(RecordSelection(predictions: [format.path(at: names.count - 1)]))
            let body = format.headerByteCount..<table.count
            #expect(table.measure(parser, body).rowCount == rowCount, "\(text.debugDescription)")
            let lineCount = text.utf8.prefix(format.headerByteCount).count { $0 == 0x0A }
            #expect(format.headerLineCount == lineCount, "\(text.debugDescription)")
        }
        // Without names they are passed over, if numbers follow.
        let bare = TableText("# a, b, c\n# d\n0.2 0.8\n0.4 0.6\n")
        #expect(try bare.rows("0", "1", hasHeader: false).values == [0.2, 0.8, 0.4, 0.6])
        // These are rows.
        #expect(try TableText("#1\n#2\nc3\n").format(hasHeader: false).headerByteCount == 0)
        // A comment that is no line of names leaves a line of numbers.
        #expect(throws: FormatError.self) { try TableText("# made by me\n0.2,0.8,0.1\n").format() }
    }

    @Test("A first line that cannot be one of names is a row")
    func rowsWithoutNames() throws {
        // numpy.savetxt's numbers; numbers with few digits could be names.
        for text in [
            "2.000000000000000111e-01 8.000000000000000444e-01\n5.999999999999999778e-01 4.000000000000000222e-01\n",
            "0.1234567,0.8765433\n0.5,0.5\n",
        ] {
            let format = try TableText(text).format()
            #expect(
                !format.hasNames && format.headerByteCount == 0 && format.columns.map(\.name) == ["0", "1"], "\(text.debugDescription)")
        }
        for text in ["0.123456,0.876544\n0.5,0.5\n", "20240101,20240102\n0.5,0.5\n", "0.5 0.5\n0.25 0.75\n", "1\n0\n"] {
            #expect(throws: FormatError.self, "\(text.debugDescription)") { try TableText(text).format() }
        }
        // Labels and weights of one column.
        for text in ["1\n0\n1\n", "0.5\n", "cat\ndog\ncat\n", "1.000000000000000000e+00\n"] {
            for role in [RecordFormats.Options.Role.labels, .weights] {
                #expect(try !TableText(text).format(role: role).hasNames, "\(text.debugDescription)")
            }
        }
        for text in ["y\n1\n0\n", "cat\ndog\nbird\n", "a,b\n0,1\n"] {
            #expect(try TableText(text).format(role: .labels).hasNames, "\(text.debugDescription)")
        }
        do {
            _ = try TableText("1,2\n0,1\n").format(role: .labels)
            Issue.record("two numbers may be names")
        } catch {
            #expect(error.description.contains("DumpColumns.headerlessRoles = [.labels]"))
        }
    }
}
