import Formats
import Messages
import Testing

@Suite("Tables: what they are, their columns, and what is meant by a name")
struct TableFormatTests {
    private func error(_ body: () throws -> Void) -> FormatError? {
        do {
            try body()
            return nil
        } catch {
            return error as? FormatError
        }
    }

    @Test("The delimiter is what the first line has most of, outside of quotes")
    func delimiters() throws {
        let cases: [(String, String, [String])] = [
            ("a,b\n1,2\n", "csv", ["a", "b"]), ("a\tb\n", "tsv", ["a", "b"]), ("a;b\n1,5;2,5\n", "csv", ["a", "b"]),
            ("a|b", "csv", ["a", "b"]),
            ("label\n1\n", "csv", ["label"]), ("\"a,b,c\"\t\"d\"\n", "tsv", ["a,b,c", "d"]), (" a , \"b\"\n", "csv", ["a", "\"b\""]),
            ("\u{FEFF}a,b\r\n1,2\r\n", "csv", ["a", "b"]), ("\n \r\n\na,b\n", "csv", ["a", "b"]),
            ("\"a\nb\",\"c\"\"d\"\n", "csv", ["a\nb", "c\"d"]),
            (",0,1\n0,1,2\n", "csv", ["", "0", "1"]), ("é,日本\n1,2", "csv", ["é", "日本"]),
        ]
        for (text, name, columns) in cases {
            let format = try TableText(text).format()
            #expect(format.name == name, "\(text.debugDescription)")
            #expect(format.columns.map(\.name) == columns, "\(text.debugDescription)")
            #expect(format.allowsLineFeedsInRecords)
        }
    }

    @Test("The header ends where its line ends")
    func header() throws {
        for (text, byteCount, lineCount) in [
            ("a,b\n1,2\n", 4, 1), ("\u{FEFF}a,b\r\n1,2", 8, 1), ("\n\r\na,b\n", 7, 3), ("\"a\nb\",c\n", 8, 2), ("a,b", 3, 0),
        ] {
            let format = try TableText(text).format()
            #expect(format.headerByteCount == byteCount && format.headerLineCount == lineCount, "\(text.debugDescription)")
        }
        let format = try TableText("\u{FEFF}\n1,2,x\n3,4,y").format(hasHeader: false)
        #expect(format.headerByteCount == 3 && format.headerLineCount == 0)
        #expect(format.columns.map(\.name) == ["0", "1", "2"])
        #expect(try format.resolve("2") == [RecordPath(name: "2", columnIndex: 2)])
        #expect(format.classNames(of: try format.resolve("*")) == nil)
        #expect(try TableText("\u{FEFF}\n1,2,x\n3,4,y").rows("0", "1", hasHeader: false).values == [1, 2, 3, 4])
    }

    @Test("What is no table, and what is a damaged one")
    func refused() throws {
        for text in ["", "\n\n", "   ", "<html>\n", "a\u{0}b,c\n", "P\n\u{1}\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{2}", "a\u{1B}[31m,b\n"] {
            #expect(error { _ = try TableText(text).format() }?.kind == .signature, "\(text.debugDescription)")
        }
        let cases: [([UInt8], FormatError.Kind, String)] = [
            ([0xFF, 0xFE] + Array("a\u{0}".utf8), .signature, "UTF-16"),
            (Array("caf".utf8) + [0xE9] + Array(",b\n1,2\n".utf8), .syntax, "0xe9"),
            (Array("a,b\r1,2\r".utf8), .syntax, "CR alone"), (Array("1,2.5,-3\n4,5,6\n".utf8), .syntax, "DumpColumns.hasHeader = false"),
            (Array("0.5\n0.25\n".utf8), .syntax, "DumpColumns.hasHeader = false"),
            (Array("1,nan\n".utf8), .syntax, "DumpColumns.hasHeader = false"),
        ]
        for (bytes, kind, words) in cases {
            let error = error { _ = try TableText(bytes).format() }
            #expect(error?.kind == kind, "\(bytes)")
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
        let endless = error { _ = try TableText("a,\"b" + String(repeating: "c", count: 5000)).format(isWhole: false) }
        #expect(endless?.description.contains("first line of more than 5004 bytes") == true)
        #expect(endless?.description.contains("raises the limit; a quote in it is not closed") == true)
        // More of the text may end the line.
        #expect(endless?.kind == .truncatedHeader && endless?.description.contains("256 MiB") == true)
    }

    @Test("Contents and examples come from the first records; a cut one does not count")
    func contents() throws {
        let text =
            "id,name,p,flag,none,mix,bad\n7,x,0.5,true,,1,\"a\u{1B}[31m\"\n\n8,y,nan,False,NA,z,b\n9,z,inf,true,,2,"
            + String(repeating: "b", count: 99) + "\n1,2"
        let columns = try TableText(text).format(isWhole: false).columns
        #expect(columns.map(\.content) == [.number, .text, .number, .boolean, .missing, .text, .text])
        #expect(columns[0].examples == ["7", "8", "9"])
        #expect(columns[6].examples == ["a\\x1b[31m", "b", String(repeating: "b", count: 24) + "…"])
        #expect(try TableText("a,b\n").format().columns.map(\.content) == [.missing, .missing])
    }

    @Test("A name, a pattern, a place")
    func resolve() throws {
        let format = try TableText("id,p_cat,label,p_dog,3,p*,q_cat_x\n").format()
        func places(_ name: String) throws -> [Int?] { try format.resolve(name).map(\.columnIndex) }
        #expect(try places("label") == [2])
        #expect(try places("p_*") == [1, 3])
        #expect(try places("p*") == [5])
        #expect(try places("*cat*") == [1, 6])
        #expect(try places("*_*_*") == [6])
        #expect(try places("*") == Array(0...6))
        #expect(try places("3") == [4])
        #expect(try places("2") == [2])
        #expect(try format.resolve("2") == [RecordPath(name: "label", columnIndex: 2)])
        for name in ["7", "-1", "x*", "", "P_CAT", "lable", "p_*_"] {
            let error = error { _ = try format.resolve(name) }
            #expect(error?.kind == .column, "\(name)")
            #expect(error?.description.contains("'id', 'p_cat', 'label', 'p_dog', '3', 'p*', 'q_cat_x'") == true, "\(name)")
        }
        #expect(error { _ = try format.resolve("P_CAT") }?.remedy == "is 'p_cat' meant?")
        #expect(error { _ = try format.resolve("lable") }?.remedy == "is 'label' meant?")
        #expect(error { _ = try format.resolve("temperature") }?.remedy == nil)
        let wide = try TableText((0..<500).map { "c\($0)" }.joined(separator: ",") + "\n").format()
        let message = error { _ = try wide.resolve("nothing") }?.description ?? ""
        #expect(message.contains("'c35', … (500 columns)") && !message.contains("c36"))
    }

    @Test("A name that is there twice is an error where it is wanted, and only there")
    func duplicates() throws {
        let format = try TableText("p_a,x,p_b,x,p_a\n1,2,3,4,5\n").format()
        #expect(try format.resolve("p_b").map(\.columnIndex) == [2])
        #expect(try format.resolve("3").map(\.columnIndex) == [3])
        for name in ["x", "p_*", "p_a"] {
            let error = error { _ = try format.resolve(name) }
            #expect(error?.kind == .column)
            let places = name == "x" ? "1, 3" : "0, 4"
            #expect(error?.description.contains("2 of the name '\(name == "x" ? "x" : "p_a")', the columns \(places)") == true)
        }
    }

    @Test("Labels are indices, or names of classes with what they have in common or without")
    func labels() throws {
        func read(_ labels: [String], _ names: [String]?, isQuoted: Bool = false) throws -> [Int64] {
            let quote = isQuoted ? "\"" : ""
            return try TableText("label,p\n" + labels.map { "\(quote)\($0)\(quote),1\n" }.joined()).rows(
                "p", label: "label", classNames: names
            )
            .classLabels
        }
        let none = Int64.min
        for isQuoted in [false, true] {
            #expect(
                try read(["0", "12", "-100", "2.0", " 3 ", "+4", "2.", "1e1", "5.00"], nil, isQuoted: isQuoted) == [
                    0, 12, -100, 2, 3, 4, 2, 10, 5,
                ])
            #expect(try read(["cat", "dog", "p_cat", "1", "bird"], ["p_cat", "p_dog"], isQuoted: isQuoted) == [0, 1, 0, 1, none])
            #expect(try read(["cat", "dog", "dog.prob"], ["cat.prob", "dog.prob"], isQuoted: isQuoted) == [0, 1, 1])
            // Without a separator nothing is cut.
            #expect(try read(["t", "cat"], ["cat", "car"], isQuoted: isQuoted) == [none, 0])
            // Names that are numbers are names, not places.
            #expect(try read(["3", "1", "2.0", "0", "p_3"], ["p_1", "p_2", "p_3"], isQuoted: isQuoted) == [2, 0, 1, none, 2])
            #expect(try read(["None", "NA", "x"], ["NA", "None"], isQuoted: isQuoted) == [1, 0, none])
            #expect(try read(["löwe", "ネコ"], ["ネコ", "löwe"], isQuoted: isQuoted) == [1, 0])
        }
        #expect(
            try read(
                [
                    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "2.5", "1e30", "inf", "", "x",
                    "999999999999999999",
                ], nil)
                == [.max, none, none, none, none, none, none, none, 999_999_999_999_999_999])
        let many = (0..<3000).map { "class \($0 * 7 % 3001)" }
        #expect(try read(many, many) == Array(0..<3000))
        #expect(try TableText("label,a,b\n1,2,3\n").format().classNames(of: [RecordPath(name: "a", columnIndex: 1)]) == ["a"])
    }

    @Test("Labels that are numbers, truth values as 1 and 0; weights")
    func targets() throws {
        let rows = try TableText(
            "p,y,z,w\n1,true,0.25,2\n2,FALSE,1e0,.5\n3,True,false,1\n4,\"False\",\"true\",1\n5,2,9007199254740991,1\n"
                + "6,9007199254740993,1,1\n7,tru,1,1\n"
        )
        .rows("p", targets: ["y", "z"], weight: "w")
        #expect(rows.labelsPerRow == 2 && rows.valuesPerRow == 1)
        #expect(rows.targets.prefix(10) == [1, 0.25, 0, 1, 1, 0, 0, 1, 2, 9007199254740991])
        #expect(rows.weights.prefix(5) == [2, 0.5, 1, 1, 1])
        #expect(rows.problems.map(\.rowIndex) == [5, 6])
        let beyond = try TableText("p,y\n1,9007199254740994\n2,-1e300\n3,inf\n").rows("p", targets: ["y"])
        #expect(beyond.problems.count == 3 && beyond.problems.allSatisfy { $0.message.contains("beyond 2^53 - 1") })
    }

    @Test("Likelihoods: sums of what is there, and how many; bytes of a text or as a number")
    func sums() throws {
        let format = try TableText("a,b,text,n\n-1,-2,\"x,\n\"\"\",10\n-4,,é,20\n,NA,,1\nx,1,y,1\n").format()
        var selection = RecordSelection(predictions: try format.resolve("a") + format.resolve("b"))
        selection.sumsValues = true
        selection.valuesPerRow = 1
        let text = TableText("-1,-2,\"x,\n\"\"\",10\n-4,,é,20\n,NA,,1\nx,1,y,1\n")
        for (column, byteCount) in [("text", 6), ("n", 30)] {
            selection.byteCount = try format.resolve(column)[0]
            let rows = text.parse(try format.makeParser(selection))
            #expect(rows.valuesPerRow == 1 && rows.values.count == 4)
            #expect(rows.values.prefix(2) == [-3, -4] && rows.values[2].isNaN && rows.values[3].isNaN)
            #expect(rows.tokenCount == 3 && rows.byteCount == byteCount)
            #expect(
                rows.problems.map(\.text) == [
                    "row 2: a: missing value; EvaluationOptions.invalidRows = .skip leaves such rows out", "row 3: a: 'x' is no number",
                ])
        }
        #expect(throws: FormatError.self) {
            var selection = RecordSelection(predictions: try format.resolve("a"))
            selection.valuesPerRow = 2
            _ = try format.makeParser(selection)
        }
        #expect(throws: FormatError.self) {
            _ = try format.makeParser(RecordSelection(predictions: [RecordPath(name: "a", columnIndex: 4)]))
        }
        #expect(throws: FormatError.self) {
            _ = try format.makeParser(RecordSelection(predictions: [RecordPath(name: "a", columnIndex: nil)]))
        }
    }

    @Test("What is wrong with a record is said with its column and what to do about it")
    func problems() throws {
        let unquoted = "put the quote first, without a space before it, or leave it out"
        let doubled = "a quote that belongs to the text is doubled"
        let cases: [(String, String)] = [
            (
                "1,2,3,a",
                "row 0: 4 fields, and the table has 3 columns; put fields that hold the delimiter between quotes; "
                    + "if lines begin with a row's name, name its column"
            ),
            ("1,2", "row 0: 2 fields, and the table has 3 columns"),
            ("x1,0,a", "row 0: p: 'x1' is no number"),
            ("0x1,0,a", "row 0: p: '0x1' is no number; write decimal numbers, not hexadecimal ones"),
            ("1_0,0,a", "row 0: p: '1_0' is no number; write digits without underscores"),
            ("25%,0,a", "row 0: p: '25%' is no number; write percentages as fractions: 0.25 for 25%"),
            ("\"0,5\",0,a", "row 0: p: '0,5' is no number; numbers have a point, not a comma, and nothing between thousands"),
            ("\"[1, 2]\",0,a", "row 0: p: '[1, 2]' is no number; one number a column is wanted; a list of them is read from JSON Lines"),
            (
                "1\"5,0,a",
                "row 0: p: a quote is within '1\"5', which does not begin with one; \(unquoted)"
            ),
            (
                " \"1\",0,a",
                "row 0: p: a quote is within '\"1\"', which does not begin with one; \(unquoted)"
            ),
            ("\"1\"x,0,a", "row 0: p: text comes after the quote that closes '1'; \(doubled)"),
            ("1,0,\"a\" b", "row 0: t: text comes after the quote that closes 'a'; \(doubled)"),
            (
                "1,0,\"a",
                "row 0: t: a quote is opened and not closed: '\"a'; close it; \(doubled), in a field between quotes"
            ),
            ("1,0,a\u{0}", "row 0: t: a NUL byte is in the line; is the file damaged?"),
            ("1,,a", "row 0: y: missing value; EvaluationOptions.invalidRows = .skip leaves such rows out"),
            (",0,a", "row 0: p: missing value; EvaluationOptions.invalidRows = .skip leaves such rows out"),
            ("1,2.5,a", "row 0: y: the label '2.5' is a fraction, and no class index"),
            ("1,99999999999999999999,a", "row 0: y: the label '99999999999999999999' is beyond what a class index can be"),
            (
                "1,dgo,a",
                "row 0: y: the label 'dgo' is none of the classes' names, 'cat', 'dog'; "
                    + "DumpColumns.classNames gives them in the order of the classes"
            ),
        ]
        for (line, text) in cases {
            // Before and after other records, and at the end without a line feed.
            for (before, after, row) in [("", "\n1,0,a\n", 0), ("1,0,a\r\n", "", 1)] where !(line.contains("\"a") && !after.isEmpty) {
                let rows = try TableText("p,y,t\n" + before + line + after).rows("p", label: "y", classNames: ["cat", "dog"])
                #expect(rows.problems.map(\.text) == [text.replacing("row 0", with: "row \(row)")])
                #expect(rows.rowCount == (after.isEmpty ? row + 1 : 2))
                #expect(rows.values.count { $0.isNaN } == 1)
            }
        }
        let rows = try TableText("p,y,t\n1,dog,a\n").rows("p", label: "y")
        #expect(
            rows.problems.map(\.text) == [
                "row 0: y: the label 'dog' is no class index; DumpColumns.classNames gives the names of classes"
            ])
        let latin = try TableText(
            Array("p,t\n1,caf".utf8) + [0xE9] + Array("\n2,café\n3,x".utf8) + [0xC0, 0x80] + Array("\n4,".utf8) + [0xED, 0xA0, 0x80, 0x0A]
        ).rows("p")
        #expect(latin.problems.map(\.rowIndex) == [0, 2, 3])
        #expect(latin.problems[0].text == "row 0: t: 'caf\\xe9' is no UTF-8; convert the file, such as with iconv -f WINDOWS-1252 -t UTF-8")
        #expect(latin.values[1] == 2)
    }

    @Test("A quote that is not closed on its line is told where lines are records, and holds more lines where they are not")
    func unclosedQuotes() throws {
        let table = TableText("1,\"a\nb\"\n2,c\n")
        let format = try TableText("p,t\n").format()
        let parser = try format.makeParser(RecordSelection(predictions: try format.resolve("p")))
        let whole = table.parse(parser)
        #expect(whole.values == [1, 2] && whole.lines == [0, 2] && whole.problems == [])
        let byLines = table.parse(parser, byLines: true)
        #expect(byLines.rowCount == 3 && byLines.lines == [0, 1, 2])
        #expect(byLines.problems.map(\.isUnclosedQuote) == [true, false] && byLines.problems.map(\.rowIndex) == [0, 1])
        let open = TableText("1,\"a\n2,b\n3,c\n").parse(parser)
        #expect(open.rowCount == 1 && open.problems.map(\.isUnclosedQuote) == [true])
    }
}
