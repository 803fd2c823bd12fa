// Tables of text, behind a face of C: the loops that go over every byte of a text, and numbers, by fast_float.
#ifndef XENT_TABLE_READING_H
#define XENT_TABLE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The number of bytes that must be readable after a text.
enum { XentReadableByteCountAfterText = 64 };

/// Parses a decimal number, correctly rounded to Float64 as by strtod: `-1.5e3`, `.5`, `5.`. A number that is too large is infinite, and
/// one that is too small is 0. All bytes must belong to the number: no sign `+`, no spaces, no `inf` or `nan`, no hexadecimal.
///
/// Returns true if the bytes are a number.
bool xentParseNumber(const uint8_t *_Nonnull bytes, size_t byteCount, double *_Nonnull value);

/// Finds the first byte that is NUL or not UTF-8 (Unicode 15, table 3-7). Returns its offset, or `byteCount` if there is none. Reads up to
/// 15 bytes after the text.
size_t xentFindUnreadableByte(const uint8_t *_Nonnull text, size_t byteCount);

/// The extent of the whole records at the beginning of a text.
typedef struct XentTableExtent {
    size_t byteCount;
    size_t rowCount;
    size_t lineCount;
} XentTableExtent;

/// Measures the whole records of a table, as `RecordParser.measure` describes. Reads up to 63 bytes after the text. The space as the
/// delimiter means any run of spaces and tabs.
XentTableExtent xentMeasureTable(
    const uint8_t *_Nonnull text, size_t byteCount, uint8_t delimiter, bool isEnd, bool assumesNoLineFeedsInRecords);

/// The names of classes for labels: a hash table with open addressing, in the caller's memory.
typedef struct XentClassNames {
    /// The names, one after another.
    const uint8_t *_Nonnull bytes;
    /// The offset of each name in `bytes`, and the end of the last one.
    const uint32_t *_Nonnull offsets;
    /// The class index that each name means.
    const int64_t *_Nonnull classIndices;
    /// The slots of the table: 1 + the index of a name, or 0 for none. Their number is a power of 2, and at least one of them is 0.
    const uint32_t *_Nonnull places;
    size_t placeCount;
} XentClassNames;

/// Returns the hash of a name; modulo `placeCount` it is the first slot to look at.
uint64_t xentNameHash(const uint8_t *_Nonnull name, size_t byteCount);

/// Returns the class index that a name means; INT64_MIN if it is none of the names.
int64_t xentClassIndex(const XentClassNames *_Nonnull names, const uint8_t *_Nonnull name, size_t byteCount);

/// Returns the number of words in UTF-8 text: the longest runs without white space, as Python's str.split() has them.
uint64_t xentWordCount(const uint8_t *_Nonnull text, size_t byteCount);

/// Returns the hash by which identifiers of rows are compared; 0 for an empty one, and for no other. `7.0` has the hash of `7`.
uint64_t xentIdentifierHash(const uint8_t *_Nonnull text, size_t byteCount);

/// The use of a column; `XentTableStep.kind`.
enum {
    /// `count` columns that are not wanted.
    XentStepSkip = 0,
    /// `count` columns of predictions, which go to the row's values from `index` on.
    XentStepValues = 1,
    /// A label as a number, or `true` or `false`; `index` is its place in the row.
    XentStepTarget = 2,
    XentStepWeight = 3,
    /// A label that is a class index.
    XentStepClassIndex = 4,
    /// A label that is a name of a class.
    XentStepClassName = 5,
    /// A label that is either.
    XentStepClassIndexOrName = 6,
    /// A number of bytes, which are added up.
    XentStepByteCount = 7,
    /// A text, whose bytes are counted and added up.
    XentStepText = 8,
    /// An identifier of the row, as it is written; `index` is its place among the row's identifiers.
    XentStepIdentifier = 9,
    /// A number of words, which are added up.
    XentStepWordCount = 10,
    /// A number of tokens, which are added up.
    XentStepTokenCount = 11
};

typedef struct XentTableStep {
    uint32_t kind;
    uint32_t index;
    uint32_t count;
} XentTableStep;

/// The reason why `xentParseRows` returned.
enum {
    /// The text has ended.
    XentStopEnd = 0,
    /// The rows are full.
    XentStopFull = 1,
    /// The record at `byteOffset` is not plain: something is wrong with it, or it is the text's last and has no line feed. The caller
    /// parses it by itself, and writes the message if there is one to write.
    XentStopRecord = 2,
    /// The record at `byteOffset` may hold a NUL or bytes that are not ASCII. Only with `checksBytes`.
    XentStopBytes = 3
};

/// A text, the uses of its columns, and the memory for its rows, of which there is room for `rowCapacity`.
typedef struct XentTableRows {
    /// The text. It begins at the beginning of a record, and XentReadableByteCountAfterText readable bytes follow it.
    const uint8_t *_Nonnull text;
    size_t byteCount;
    /// The offset after the text's last line feed; 0 without one.
    size_t lineFeedEnd;
    /// The uses of all columns, in their order.
    const XentTableStep *_Nonnull steps;
    size_t stepCount;
    /// The names for XentStepClassName and XentStepClassIndexOrName.
    const XentClassNames *_Nullable names;
    double *_Nullable values;
    size_t valuesPerRow;
    double *_Nullable targets;
    size_t targetsPerRow;
    int64_t *_Nullable classLabels;
    double *_Nullable weights;
    /// The sums of XentStepByteCount and XentStepText; null without such columns.
    uint64_t *_Nullable byteCounts;
    /// The sums of XentStepWordCount and, with `countsWordsOfTexts`, of the words of XentStepText; null if no words are counted.
    uint64_t *_Nullable wordCounts;
    /// The sums of XentStepTokenCount; null without such columns.
    uint64_t *_Nullable tokenCounts;
    /// The hashes of XentStepIdentifier; null without such columns.
    uint64_t *_Nullable identifiers;
    size_t identifiersPerRow;
    uint32_t *_Nonnull lines;
    size_t rowCapacity;

    /// In and out: the offset, the line and the row of the next record, or of a blank line before it.
    size_t byteOffset;
    size_t line;
    size_t rowCount;

    /// The byte between two fields. The space means any run of spaces and tabs; further ones may stand at both ends of a line.
    uint8_t delimiter;
    /// True if every line feed ends a record.
    bool assumesNoLineFeedsInRecords;
    /// True to stop at a NUL and at bytes that are not ASCII.
    bool checksBytes;
    /// True to count the words of XentStepText.
    bool countsWordsOfTexts;
} XentTableRows;

/// Parses records as long as they are plain; blank lines are passed over. Returns the reason for the stop, one of XentStop….
///
/// The values of the row at which it stops are unspecified.
int32_t xentParseRows(XentTableRows *_Nonnull rows);

#ifdef __cplusplus
}
#endif

#endif
