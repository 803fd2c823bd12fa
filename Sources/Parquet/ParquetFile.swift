package import Container
internal import Elements

/// An opened Parquet file: its columns and its row groups, from the footer.
///
/// ```swift
/// let file = try ParquetFile(ContainerFile(path: "oof.parquet"))
/// let reader = ColumnReader(file, rowGroup: 0, column: file.columns[0])
/// while try reader.nextPage() { total += reader.page.valueCount }
/// ```
package struct ParquetFile: Sendable {
    /// The limits that keep a file from taking more memory than it is worth.
    package struct Limits: Sendable {
        /// The largest number of bytes of a page, of its values, or of a dictionary.
        package var pageByteCount = 128 << 20
        /// The largest number of bytes of a page that is decompressed as a whole, where its values could be decompressed as they are wanted.
        package var streamedPageByteCount = 4 << 20
        /// The largest number of runs of levels of a page. A few bits can stand for a run of its own, and a few bytes for millions of levels
        /// in one run.
        var runLimit: Int { pageByteCount / (2 * MemoryLayout<LevelRun>.stride) }

        /// Makes the usual limits.
        package init() {}
    }

    /// The bytes of the file.
    package let container: ContainerFile
    /// The leaves of the schema.
    package let columns: [ParquetColumn]
    /// The row groups in their order.
    package let rowGroups: [RowGroup]
    /// The number of rows.
    package let rowCount: Int
    /// The name that the writer gave itself; empty if it gave none.
    package let createdBy: String
    /// The limits of what is read.
    package let limits: Limits
    /// The offset of the footer, at which pages end.
    let footerByteOffset: Int

    /// The four bytes at the beginning and at the end of a file.
    package static let magic = Array("PAR1".utf8)
    /// The same of a file whose footer is encrypted.
    package static let encryptedMagic = Array("PARE".utf8)
    /// The largest footer in bytes.
    private static let footerByteCountLimit = 256 << 20

    /// The path of the file.
    package var path: String { container.path }

    /// Reads the footer of a raw file.
    ///
    /// - Throws: a `ParquetError` if the file is no Parquet file, is damaged, or has an encrypted footer. A column that cannot be read is
    ///   no error before it is read.
    package init(_ container: ContainerFile, limits: Limits = Limits()) throws(ParquetError) {
        let path = container.path
        func error(_ kind: ParquetError.Kind, _ problem: String, byte: Int? = nil, remedy: String? = nil) -> ParquetError {
            ParquetError(kind, path: path, ParquetError.Place(byteOffset: byte), problem, remedy: remedy)
        }
        guard container.compression == .none, !container.isStream else {
            throw error(
                .unsupported,
                container.isStream ? "a Parquet file cannot be read from a pipe: its columns are found from its end"
                    : "a Parquet file inside \(container.compression.rawValue) is not read: its columns are found from its end",
                remedy: container.isStream ? "write it to a file first" : "decompress it first")
        }
        let byteCount = container.byteCount
        guard byteCount >= 12 else { throw error(.truncated, "it has \(byteCount) bytes, and is no whole Parquet file") }
        let ends = PageMemory()
        ends.reserve(12)
        do throws(ContainerError) {
            try container.readRaw(at: 0, into: ends.room(count: 4))
            try container.readRaw(at: byteCount - 8, into: ends.room(from: 4, count: 8))
        } catch {
            throw ParquetError(error, path: path)
        }
        let (first, last) = (Array(ends.room(count: 4)), Array(ends.room(from: 8, count: 4)))
        guard first != Self.encryptedMagic, last != Self.encryptedMagic else {
            throw error(.encrypted, "its footer is encrypted, and encrypted files are not read", remedy: "write it without encryption")
        }
        guard first == Self.magic else { throw error(.signature, "it does not begin with PAR1") }
        guard last == Self.magic else {
            throw error(
                .truncated, "it does not end with PAR1, so its footer is missing",
                remedy: "was it cut short, or is it still being written?")
        }
        let footerByteCount = Int(UInt32(littleEndian: ends.base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard footerByteCount <= byteCount - 12, footerByteCount <= Self.footerByteCountLimit else {
            throw error(.damaged, "its footer would have \(footerByteCount) bytes of \(byteCount)", byte: byteCount - 8)
        }
        let start = byteCount - 8 - footerByteCount
        let memory = PageMemory()
        memory.reserve(footerByteCount)
        do throws(ContainerError) {
            try container.readRaw(at: start, into: memory.room(count: footerByteCount))
            try container.checkIdentity()
        } catch {
            throw ParquetError(error, path: path)
        }
        let footer: ParquetFooter
        do throws(ThriftReader.Fault) {
            footer = try ParquetFooter(UnsafeRawBufferPointer(memory.room(count: footerByteCount)))
        } catch {
            switch error {
            case .truncated: throw ParquetError(.damaged, path: path, .init(byteOffset: start), "its footer ends inside a value")
            case .malformed(let what): throw ParquetError(.damaged, path: path, .init(byteOffset: start), "its footer has \(what)")
            }
        }
        guard !footer.isEncrypted else {
            throw error(.encrypted, "its columns are encrypted, and encrypted files are not read", remedy: "write it without encryption")
        }
        do throws(PageFault) {
            columns = try Self.columns(footer)
        } catch {
            throw ParquetError(error.kind, path: path, .init(byteOffset: start), error.problem, remedy: error.remedy)
        }
        var total = 0
        for (index, group) in footer.rowGroups.enumerated() {
            if let problem = ParquetFooter.mismatch(group, columns) {
                throw ParquetError(.damaged, path: path, .init(rowGroup: index), problem)
            }
            let sum = total.addingReportingOverflow(group.rowCount)
            guard !sum.overflow else { throw ParquetError(.damaged, path: path, .init(rowGroup: index), "its rows cannot be counted") }
            total = sum.partialValue
        }
        // Some writers leave the number in the footer at 0.
        guard total == footer.rowCount || footer.rowCount == 0 else {
            throw error(.damaged, "its row groups have \(total) rows, and its footer says \(footer.rowCount)", byte: start)
        }
        self.container = container
        self.limits = limits
        rowGroups = footer.rowGroups
        rowCount = total
        createdBy = footer.createdBy
        footerByteOffset = start
    }

    /// Lists the leaves of the schema, with the types that values had before they were stored.
    private static func columns(_ footer: ParquetFooter) throws(PageFault) -> [ParquetColumn] {
        var columns = try SchemaWalk(footer.schema).leaves
        for (name, text) in footer.narrowTypes {
            guard let type = [ElementType.float16, .bfloat16, .uint8].first(where: { $0.name == text }) else {
                throw .damaged("its metadata say that column \(name) was of a type that is not known")
            }
            let stored: ParquetColumn.Content = type == .uint8 ? .int32 : .float32
            for index in columns.indices where columns[index].name == name && columns[index].content == stored {
                columns[index].narrowType = type
            }
        }
        return columns
    }
}
