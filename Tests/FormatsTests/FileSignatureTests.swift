import Formats
import Testing

@Suite("Formats that are not read are told by name")
struct FileSignatureTests {
    private static func bytes(_ text: String, _ more: [UInt8] = [0, 1, 2, 0, 0, 0, 0, 0]) -> [UInt8] { Array(text.utf8) + more }

    @Test("By the first bytes")
    func binary() {
        var tar = Self.bytes("p.csv", [UInt8](repeating: 0, count: 507))
        tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
        var userBlock = [UInt8](repeating: 0, count: 1024)
        userBlock.replaceSubrange(512..<520, with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
        // A length of 24 and its masked CRC-32C, as tf.io.TFRecordWriter writes them.
        let record: [UInt8] = [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22]
        let cases: [([UInt8], String)] = [
            ([0x80, 4, 0x95], "pickle inside another file or from a pipe"),
            ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "HDF5"), (userBlock, "HDF5"),
            (Self.bytes("MATLAB 5.0 MAT-file, Platform: GLNXA64"), "MATLAB"), (Self.bytes("MATLAB 7.3 MAT-file"), "MATLAB 7.3"),
            (Self.bytes("PAR1"), "Parquet"), (Self.bytes("PARE"), "encrypted"), (Self.bytes("ARROW1"), "Arrow IPC"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0x30, 1, 0, 0], "Arrow IPC stream"), (Self.bytes("FEA1"), "Feather"), (Self.bytes("ORC"), "ORC"),
            (Self.bytes("Obj\u{1}"), "Avro"), (Self.bytes("SQLite format 3\u{0}"), "SQLite"), (Self.bytes("GGUF"), "GGUF"),
            ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4], "7z"), (Self.bytes("X\n", [0, 0, 0, 3, 0, 4]), ".rds"),
            (Self.bytes("RDX3\nX\n"), ".RData"),
            (tar, "tar"), (record, "TFRecord"), (Self.bytes("BZh9"), "bzip2"), ([0x04, 0x22, 0x4D, 0x18, 0x64], "lz4"),
            (Self.bytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", []), "Git LFS"),
            (Self.bytes("<!DOCTYPE html>\n", []), "HTML"),
        ]
        for (bytes, name) in cases {
            let found = FileSignature.ofFile(bytes)
            #expect(found?.error.description.utf8.count ?? 0 < 400)
            #expect(found?.name.contains(name) == true, "\(name): \(String(describing: found))")
            #expect(found?.remedy.isEmpty == false)
        }
        // Texts that begin with the letters of a signature, numbers, and what is read.
        for text in ["PAR1,PAR2\n1,2\n", "ORC\n1\n", "GGUF;x\n", "BZh\n", "X\n0.5\n", "RDX\n1\n", "", "p_0,p_1\n", "[1,2]\n"] {
            #expect(FileSignature.ofFile(Array(text.utf8)) == nil, "\(text)")
        }
        for bytes in [[UInt8](repeating: 0, count: 600), [UInt8](repeating: 0xFF, count: 600), [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]] {
            #expect(FileSignature.ofFile(bytes) == nil)
        }
    }

    @Test("Older and rarer kinds, by the first bytes")
    func rare() {
        var oldTar = Self.bytes("p.csv", [UInt8](repeating: 0, count: 507))
        // The checksum's own bytes count as blanks.
        let checksum = oldTar[..<512].enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 32 : Int($1.element)) }
        let digits = String(checksum, radix: 8)
        oldTar.replaceSubrange(148..<154, with: Self.bytes(String(repeating: "0", count: 6 - digits.count) + digits, []))
        var userBlock = [UInt8](repeating: 0, count: 4096)
        userBlock.replaceSubrange(2048..<2056, with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
        let schema: [UInt8] =
            [0xA8, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 10, 0, 12, 0, 6, 0, 5, 0, 8, 0, 10, 0, 0, 0] + [UInt8](repeating: 0, count: 64)
        let matlab4: [UInt8] = [0, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x70, 0] + [UInt8](repeating: 0, count: 64)
        let cases: [([UInt8], String)] = [
            (oldTar, "tar"), (userBlock, "HDF5"), (schema, "Arrow IPC stream"), (matlab4, "MATLAB"),
            (Self.bytes("cnumpy._core.multiarray\n_reconstruct\np0\n(", []), "pickle"), (Self.bytes("(lp0\nF0.5\na.", []), "pickle"),
            (Self.bytes("]q\u{0}(G", []), "pickle"), (Self.bytes("(dp0\nVp\n", []), "pickle"),
            ([0, 0, 0, 0, 0, 0, 0, 0] + Self.bytes("DUCK"), "DuckDB"), (Self.bytes("A\n3\n263170\n197888\n5\n", []), ".rds"),
            (Self.bytes("RDA3\nA\n3\n", []), ".RData"), ([0x78, 0x9C, 0x2B, 0x88, 1, 0], "zlib"),
            ([0xFF, 6, 0, 0, 0x73, 0x4E, 0x61, 0x50, 0x70, 0x59], "snappy"), (Self.bytes("%PDF-1.4\n%é\n", []), "PDF"),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], "PNG"), (Self.bytes("CDF\u{1}"), "NetCDF"),
            (Self.bytes("p\u{0}_\u{0}0\u{0},\u{0}", []), "UTF-16"), (Self.bytes("\u{FEFF} \n<!doctype HTML>", []), "HTML"),
            (Self.bytes("<?xml version=\"1.0\"?>", []), "XML"), (Self.bytes("{ \"cells\": [ {", []), "Jupyter"),
            (Self.bytes("{\\rtf1 x", []), "RTF"), (Self.bytes("XENTPART"), "partial"),
        ]
        for (bytes, name) in cases {
            let found = FileSignature.ofFile(bytes)
            #expect(found?.name.contains(name) == true, "\(name): \(String(describing: found))")
        }
        for text in ["cat\ndog\np0\n", "c,d\n1,2\n", "(a)\n1\n", "A\n3\n1\n0\n1\n", "%id,p\n1,2\n", "x^2\n4\n", "]\n1\n", "CDF\n0.5\n"] {
            #expect(FileSignature.ofFile(Array(text.utf8)) == nil, "\(text.debugDescription)")
        }
    }

    @Test("Archives whose directory is not seen, by the first member")
    func zipBeginning() {
        func zip(_ name: String) -> [UInt8] {
            [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8) + [1, 2, 3]
        }
        for (name, kind) in [("archive/data.pkl", "PyTorch"), ("docProps/app.xml", "Excel"), ("mimetype", "OpenDocument")] {
            #expect(FileSignature.ofZip(beginningWith: zip(name))?.name.contains(kind) == true)
        }
        for bytes in [zip("arr_0.npy"), zip("a.csv"), [], [0x50, 0x4B, 3, 4]] { #expect(FileSignature.ofZip(beginningWith: bytes) == nil) }
    }

    @Test("Zip archives, by the names of their members")
    func zip() {
        for (names, name) in [
            (["logits/data.pkl", "logits/version", "logits/data/0"], "PyTorch"), (["m/data.pkl", "m/constants.pkl"], "TorchScript"),
            (["[Content_Types].xml", "xl/workbook.xml"], "Excel"),
            (["mimetype", "content.xml"], "OpenDocument"), (["metadata.json", "model.weights.h5"], "Keras"),
        ] {
            #expect(FileSignature.ofZip(memberNames: names)?.name.contains(name) == true, "\(names)")
        }
        for names in [["arr_0.npy"], ["a.csv"], ["a.csv", "b.csv"], []] { #expect(FileSignature.ofZip(memberNames: names) == nil) }
    }
}
