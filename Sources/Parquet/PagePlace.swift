/// The place of a page in its column chunk, from which a reader of the same column can go on without those before.
package struct PagePlace: Sendable {
    /// The page of the dictionary, which comes first.
    struct Dictionary: Sendable {
        let header: PageHeader
        /// The offset of the header in the file.
        let byteOffset: Int
        /// The index among the pages of the column chunk.
        let pageIndex: Int
    }

    /// The number of the row group.
    let rowGroup: Int
    /// The offset of the page's header in the file.
    let byteOffset: Int
    /// The index among the pages of the column chunk.
    let pageIndex: Int
    /// The number of the page's first row in the row group.
    let firstRow: Int
    /// The offset in the file at which the column chunk ends.
    let chunkEndOffset: Int
    /// The page of the dictionary; nil if there is none.
    let dictionary: Dictionary?
}
