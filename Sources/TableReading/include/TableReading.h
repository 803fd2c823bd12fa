// Tables of text, behind a face of C: the loops that go over every byte of a text, and numbers, by fast_float.
#ifndef XENT_TABLE_READING_H
#define XENT_TABLE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How many bytes must be readable after a text.
enum { XentReadableByteCountAfterText = 64 };

/// A decimal number, correctly rounded to Float64 as strtod gives it: `-1.5e3`, `.5`, `5.`; what is too large is infinite, what is too
/// small is 0. The whole of the bytes must be one: no sign `+`, no spaces, no `inf` or `nan`, not hexadecimal.
///
/// Returns whether it is one.
bool xentParseNumber(const uint8_t *_Nonnull bytes, size_t byteCount, double *_Nonnull value);

/// The place of the first byte that is NUL or no UTF-8 (Unicode 15, table 3-7); `byteCount` where there is none. Reads up to 15 bytes after
/// the text.
size_t xentFindUnreadableByte(const uint8_t *_Nonnull text, size_t byteCount);

/// Whole records at the beginning of a text.
typedef struct XentTableExtent {
    size_t byteCount;
    size_t rowCount;
    size_t lineCount;
} XentTableExtent;

/// Counts the whole records of a table, as `RecordParser.measure` says. Reads up to 63 bytes after the text.
XentTableExtent xentMeasureTable(
    const uint8_t *_Nonnull text, size_t byteCount, uint8_t delimiter, bool isEnd, bool assumesNoLineFeedsInRecords);

/// Names of classes, for labels: a hash table with open addresses, whose memory is the caller's.
typedef struct XentClassNames {
    /// All names, one after another.
    const uint8_t *_Nonnull bytes;
    /// Where each begins in `bytes`, and where the last one ends.
    const uint32_t *_Nonnull offsets;
    /// What each name stands for.
    const int64_t *_Nonnull classIndices;
    /// The places of the table: 1 + the number of a name, or 0 for none. As many as a power of 2, at least one of them 0.
    const uint32_t *_Nonnull places;
    size_t placeCount;
} XentClassNames;

/// The place in which a name is looked for first, before it is taken modulo `placeCount`.
uint64_t xentNameHash(const uint8_t *_Nonnull name, size_t byteCount);

/// What a name stands for; INT64_MIN where it is none of the names.
int64_t xentClassIndex(const XentClassNames *_Nonnull names, const uint8_t *_Nonnull name, size_t byteCount);

/// What a column is wanted as; `XentTableStep.kind`.
enum {
    /// Not at all: `count` such columns.
    XentStepSkip = 0,
    /// Predictions: `count` columns, which go to places of the row from `index` on.
    XentStepValues = 1,
    /// A label as a number, or `true` or `false`: `index` is its place in the row.
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
    /// A text, whose bytes are added up.
    XentStepText = 8
};

typedef struct XentTableStep {
    uint32_t kind;
    uint32_t index;
    uint32_t count;
} XentTableStep;

/// Why `xentParseRows` came back.
enum {
    /// The text is at its end.
    XentStopEnd = 0,
    /// The rows are full.
    XentStopFull = 1,
    /// The record at `byteOffset` is to be looked at by who writes better messages: something is wrong with it, or it is the text's last
    /// and has no line feed.
    XentStopRecord = 2,
    /// The record at `byteOffset` may hold a NUL or bytes that are not ASCII; only where `checksBytes`.
    XentStopBytes = 3
};

/// A text, what is wanted of its records, and where their rows go. Room is for `rowCapacity` rows.
typedef struct XentTableRows {
    /// Begins where a record begins, and is followed by XentReadableByteCountAfterText readable bytes.
    const uint8_t *_Nonnull text;
    size_t byteCount;
    /// After the text's last line feed: 0 where it has none.
    size_t lineFeedEnd;
    /// What to do with the columns, all of them in their order.
    const XentTableStep *_Nonnull steps;
    size_t stepCount;
    /// For XentStepClassName and XentStepClassIndexOrName.
    const XentClassNames *_Nullable names;
    double *_Nullable values;
    size_t valuesPerRow;
    double *_Nullable targets;
    size_t targetsPerRow;
    int64_t *_Nullable classLabels;
    double *_Nullable weights;
    /// Of XentStepByteCount and XentStepText; null where there are none.
    uint64_t *_Nullable byteCounts;
    uint32_t *_Nonnull lines;
    size_t rowCapacity;

    /// In and out: where the next record, or a blank line before it, begins, its line, and its row.
    size_t byteOffset;
    size_t line;
    size_t rowCount;

    uint8_t delimiter;
    /// Every line feed ends a record.
    bool assumesNoLineFeedsInRecords;
    /// Stop at a NUL and at bytes that are not ASCII.
    bool checksBytes;
} XentTableRows;

/// Parses records as long as nothing is wrong with them; blank lines are passed over. Returns why it stopped: one of XentStop….
///
/// What has been written of the row at which it stops means nothing.
int32_t xentParseRows(XentTableRows *_Nonnull rows);

#ifdef __cplusplus
}
#endif

#endif
