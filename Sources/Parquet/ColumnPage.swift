/// A data page of a column: its levels as runs, and the values that are there, one after another.
///
/// Pointers are valid until the next page is read.
package final class ColumnPage {
    /// The number of the page in its chunk, with the dictionary.
    package internal(set) var index = 0
    /// The number of values, with nulls and with lists that are empty or missing.
    package internal(set) var levelCount = 0
    /// The number of values that are there.
    package internal(set) var valueCount = 0
    /// The encoding of the values, as Parquet's definition numbers them.
    package internal(set) var encoding = 0
    /// The values of a fixed size, with 64 readable bytes after the last.
    package internal(set) var values: UnsafeRawPointer
    /// The values that are bytes of any number; empty for a column of another type.
    package internal(set) var spans: [UnsafeRawBufferPointer] = []
    var definition = LevelRuns()
    var repetition = LevelRuns()
    /// The memory of values that are not used as they are stored.
    let memory: PageMemory

    init(_ memory: PageMemory) {
        self.memory = memory
        values = UnsafeRawPointer(memory.base)
    }
}

/// The memory of a reader, which readers of other columns can use after it.
package final class PageScratch {
    let codec = PageCodec()
    let window = PageMemory()
    let stored = PageMemory()
    let decoded = PageMemory()
    let indices = PageMemory()
    let values = PageMemory()

    /// Makes memory that nobody uses.
    package init() {}
}

/// The values of a chunk's dictionary.
final class PageDictionary {
    let memory = PageMemory()
    /// The number of values.
    var count = 0
    /// The values of a column of bytes.
    var spans: [UnsafeRawBufferPointer] = []
}
