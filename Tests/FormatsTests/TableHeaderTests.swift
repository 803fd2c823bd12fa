import Formats
import Messages
import Testing

/// The first line of a table: names, or a row. Texts are as pandas, R, NumPy and others write them.
@Suite("Lines of names and rows without names") struct TableHeaderTests {
    private func format(_ text: String, _ role: RecordFormats.Options.Role = .predictions) throws -> any RecordFormat {
        try TableText(text).format(role: role)
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test("Numbers with as many decimals as those beneath are a row")
    func writtenAlike() throws {
        for text in [
            "0.228444 0.080354\n0.555000 0.445000\n", "0.23,0.77\n0.50,0.50\n0.10,0.90\n", "2.284e-01\t8.035e-02\n1.000e+00\t0.000e+00\n",
            "0.2284\n0.1000\n",
        ] {
            #expect(try !format(text).hasNames, "\(text.debugDescription)")
        }
        for text in ["0.25,0.75\n0.5,0.5\n", "0.25,0.75\n", "0.5,0.5\n0.1,0.9\n", "0.25,x\n0.25,y\n"] {
            #expect(!((try? format(text).hasNames) == false), "\(text.debugDescription)")
        }
    }

    @Test("A line with a long fraction and a text is a row, so that no row is lost in silence")
    func rowWithLabel() throws {
        let rows = try format("0.2284443297051180,0.77155567029,cat\n0.5,0.5,dog\n")
        #expect(!rows.hasNames && rows.columns.map(\.name) == ["0", "1", "2"] && rows.headerByteCount == 0)
        // Of few digits it may be names. Then no place means a column whose name is a number.
        let doubt = try format("0.25,0.75,cat\n0.5,0.5,dog\n")
        #expect(doubt.hasNames)
        #expect(message { _ = try doubt.resolve("0") }.contains("DumpColumns.hasHeader = false"))
        #expect(try doubt.resolve("0.25").map(\.columnIndex) == [0] && doubt.resolve("2").map(\.columnIndex) == [2])
    }

    @Test("Numbers that count the columns, or stand between quotes, are names")
    func numbersAsNames() throws {
        for text in ["0,1,2\n0.25,0.5,0.25\n", "1;2;3\n0.25;0.5;0.25\n", "\"0\",\"1\"\n0.25,0.75\n", "\"7\"\n0.5\n"] {
            #expect(try format(text).hasNames, "\(text.debugDescription)")
        }
        #expect(try format("\"0\"\n1\n0\n", .labels).hasNames)
        for text in ["0,1\n0.25,0.75\n", "0,1,2\n1,2,0\n", "0,2,1\n0.25,0.5,0.25\n", "5,6,7\n0.25,0.5,0.25\n", "0,1,2\n"] {
            #expect(message { _ = try format(text) }.contains("a first line of numbers alone"), "\(text.debugDescription)")
        }
        // The first place of columns that count from 1 is no column, rather than the next.
        let one = try format("1,2,3\n0.25,0.5,0.25\n")
        #expect(try one.resolve("1").map(\.columnIndex) == [0])
        #expect(message { _ = try one.resolve("0") }.contains("the number '1' as its name"))
    }

    @Test("A number above labels that are texts is their name, and above numbers a row")
    func labels() throws {
        #expect(try format("0\ncat\ndog\n", .labels).hasNames)
        #expect(try !format("0\n1\n2\n", .labels).hasNames)
        #expect(try !format("0\n1\ncat\n", .labels).hasNames)
        #expect(try !format("3\n", .labels).hasNames)
    }

    @Test("A column of row numbers may have no name", arguments: [" ", ",", "\t", ";"])
    func rowNumbers(delimiter: String) throws {
        func text(_ lines: [[String]]) -> String { lines.map { $0.joined(separator: delimiter) + "\n" }.joined() }
        for first in [0, 1] {
            let rows = [["p_0", "p_1", "y"], ["\(first)", "0.25", "0.75", "1"], ["\(first + 1)", "0.5", "0.5", "0"]]
            #expect(try format(text(rows)).columns.map(\.name) == ["", "p_0", "p_1", "y"])
            #expect(try TableText(text(rows)).rows("p_0", "p_1", label: "y").values == [0.25, 0.75, 0.5, 0.5])
        }
        // Quoted, as R writes them; not counting; with nothing at the end of each line; one row.
        #expect(try format(text([["\"p_0\"", "\"p_1\""], ["\"1\"", "0.5", "0.5"], ["\"2\"", "0.5", "0.5"]])).columns.count == 3)
        for rows in [
            [["p_0", "p_1"], ["3", "0.5", "0.5"], ["1", "0.5", "0.5"]], [["p_0", "p_1"], ["0", "0.5", "0.5"]],
            [["p_0", "p_1"], ["0", "1", ""], ["1", "0", ""]],
        ] {
            #expect(try format(text(rows)).columns.first?.name == "p_0", "\(rows)")
        }
    }

    @Test("Names stand behind other marks of comments too", arguments: ["#", "# ", "% ", "%", "// ", "//", "##"])
    func comments(mark: String) throws {
        for (names, delimiter) in [("p_0,p_1,p_2", ","), ("p_0 p_1 p_2", " "), ("made by me\n\(mark)p_0\tp_1\tp_2", "\t")] {
            let text = "\(mark)\(names)\n" + ["0.25", "0.5", "0.25"].joined(separator: delimiter) + "\n"
            let format = try format(text)
            #expect(format.columns.map(\.name) == ["p_0", "p_1", "p_2"] && format.headerLineCount == text.count { $0 == "\n" } - 1)
        }
    }

    @Test("Commas in place of points are told")
    func decimalCommas() throws {
        for text in ["0,25;0,75\n0,5;0,5\n", "0,25\t0,75\n", "0,25 0,75\n0,5 0,5\n", "-1,5|2\n", "1;0,25;0,75\n"] {
            #expect(message { _ = try format(text) }.contains("numbers have a point, not a comma"), "\(text.debugDescription)")
        }
        let values = "p;q\n0,25;0,75\n"
        #expect(try TableText(values).rows("p", "q").problems.first?.remedy?.description.contains("a point, not a comma") == true)
        #expect(try TableText("p\n0,25\n").rows("p").problems.first?.remedy?.description.contains("a point, not a comma") == true)
        // Texts and lists have commas of their own.
        for text in ["a b,c d\n1,2\n", "0.5,0.25 0.5\n", "x;1,2 y\n1;2\n"] {
            #expect(!message { _ = try format(text) }.contains("a comma"), "\(text.debugDescription)")
        }
    }
}
