// JSON by simdjson (https://simdjson.org, its On-Demand interface) and numbers by fast_float, behind a face of C: a Swift target that
// imports C++ must be compiled in C++ interoperability mode, and so must every target above it.
//
// A record takes one of two ways. `RecordLayout` reads it if its keys and brackets are those of an earlier one, as most of a log's are.
// Otherwise simdjson reads it, along the states of `RecordAutomaton`. Both read arrays of numbers by `NumberArray.h` and single values by
// `JSONToken.h`.
//
// simdjson chooses its instructions at run time. Numbers are not its own here: On-Demand's get_double of simdjson 3.0.1 gives wrong values
// for decimals below 1 of more than 19 digits (0.12345678901234567890123 reads as 4.8e-5).
#ifndef XENT_JSON_READING_H
#define XENT_JSON_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of simdjson that was compiled in: "3.0.1".
const char *_Nonnull jsonLibraryVersion(void);

/// The number of bytes that must be readable after a text; their values do not matter.
enum { JSONPaddingByteCount = 64 };

/// The depth of arrays and objects within one another that are looked into. Skipped values may be deeper.
enum { JSONDepthLimit = 64 };

/// The defects of a text as a whole.
enum {
    JSONDefectNone = 0,
    /// The text has nothing but white space.
    JSONDefectEmpty,
    /// The text begins with neither { nor [.
    JSONDefectNoContainer,
    /// The text ends before its brackets are closed.
    JSONDefectOpenBrackets,
    /// The text ends inside a string.
    JSONDefectOpenString,
    JSONDefectUTF8,
    /// A string has a control character that is not escaped.
    JSONDefectControlCharacter,
    /// A comma, a colon, a key or a value is missing or out of place.
    JSONDefectSyntax,
    /// More text follows the last bracket.
    JSONDefectTrailing,
    JSONDefectDepth,
    /// There is no memory, or the text is longer than simdjson's 4 GiB.
    JSONDefectCapacity,
    /// The callback of jsonWalk returned false.
    JSONDefectStopped
};

/// The reasons why a slot of JSONRecordReader has no value of the wanted kind.
enum {
    JSONFaultNone = 0,
    /// An object has no such key.
    JSONFaultNoKey,
    /// An array is too short.
    JSONFaultNoElement,
    /// The path goes on, but the value is no object, or no array.
    JSONFaultDeadEnd,
    /// A key of the path occurs twice in one object.
    JSONFaultDuplicateKey,
    JSONFaultNull,
    JSONFaultBoolean,
    JSONFaultObject,
    JSONFaultArray,
    /// A string is no number, or no name of a class.
    JSONFaultText,
    /// The value is neither a string, a number, true, false nor null.
    JSONFaultToken,
    /// A number is not whole.
    JSONFaultFraction,
    /// A whole number is beyond Int64.
    JSONFaultRange,
    /// A string has an escape that does not exist, or half of a surrogate pair.
    JSONFaultEscape,
    /// A step through every element has met an object of several members, or of none.
    JSONFaultMembers,
    /// A key that the record gives is not there, or is no text.
    JSONFaultKeySource,
    /// The record gives another number of keys than there are elements.
    JSONFaultKeyCount,
    /// An array holds several choices, which do not add up.
    JSONFaultChoices,
    /// A null stands after the first element of an array of log-probabilities.
    JSONFaultLaterNull
};

/// The kinds of value that a slot wants at the end of its path.
enum {
    /// Numbers, also those in strings ("-1.25"), in arrays and arrays of arrays. NaN, Infinity and -Infinity as Python's json writes them.
    JSONWantsNumbers = 0,
    /// One class index: a whole number, one in a string, true or false, or a name of a class.
    JSONWantsClass = 1,
    /// A number of bytes: the UTF-8 bytes of strings, or whole numbers, added up.
    JSONWantsByteCount = 2,
    /// A hash of one string, number, true or false as it is written, by which rows are compared (xentIdentifierHash); of null that of no
    /// bytes.
    JSONWantsIdentifier = 3,
    /// The words of strings, added up. Their number is not known if a value is a number: the slot's integer is then INT64_MIN.
    JSONWantsWordCount = 4,
    /// A count: whole numbers, also in strings, added up.
    JSONWantsCount = 5,
    /// Places of names: for each string, number, true or false, as it is written, its index among the slot's names, or −1 for one that is
    /// none of them. The places are stored as numbers. `integer` counts those that are −1, and `found` is the first of them.
    JSONWantsPlaces = 6
};

/// One step of a path.
typedef struct JSONPathStep {
    /// The key, in UTF-8.
    const char *_Nonnull key;
    size_t keyByteCount;
    /// The array index that the key may mean as well; negative if it means none.
    ptrdiff_t elementIndex;
    /// True for a step through every element of an array, or through the only member of an object. It has no key.
    bool isEveryElement;
    /// The index of a path of jsonRecordReaderAddKeyPath that leads to the key; negative for a key that is always the same.
    ptrdiff_t keyPath;
} JSONPathStep;

/// The values wanted for one path, and after jsonRecordReaderRead the values found. Slots are in the order in which paths were added.
typedef struct JSONSlot {
    /// Given: memory for `capacity` numbers.
    double *_Nullable numbers;
    size_t capacity;
    /// Found: the number of values; those beyond `capacity` are counted only.
    size_t count;
    /// Found: the index for JSONWantsClass, the sum for the three kinds of counts, the bits of the hash for JSONWantsIdentifier, the number
    /// of texts that are no names for JSONWantsPlaces.
    int64_t integer;
    /// Found: the first fault, JSONFault….
    int32_t fault;
    /// Found: the number of the path's steps that lead to the fault.
    uint32_t stepCount;
    /// Found: the text of the faulty value, inside the record's text.
    const char *_Nullable found;
    size_t foundByteCount;
} JSONSlot;

/// A reader for records of one kind, one after another. Only one thread may use it at a time.
typedef struct JSONRecordReader JSONRecordReader;

JSONRecordReader *_Nonnull jsonRecordReaderMake(void);
void jsonRecordReaderFree(JSONRecordReader *_Nonnull reader);

/// Adds a path to the keys that steps of other paths take from the record: one text or number, which is the key in every element, or an
/// array of them, one for each element of the last step through every element. No step of it takes its own key so.
/// - Returns: the path's index, for JSONPathStep.
ptrdiff_t jsonRecordReaderAddKeyPath(JSONRecordReader *_Nonnull reader, const JSONPathStep *_Nonnull steps, size_t stepCount);

/// Adds a path, which becomes the next slot. With `takesBooleans` true and false are 1 and 0. With `addsUp` the numbers are
/// log-probabilities that are added up: a null is no fault if it is the first element of an array, or under one, and several elements of an
/// array of choices (`choices`, `outputs`) are a fault. Steps and keys are copied.
void jsonRecordReaderAddPath(
    JSONRecordReader *_Nonnull reader, const JSONPathStep *_Nonnull steps, size_t stepCount, int32_t wants, bool takesBooleans,
    bool addsUp);

/// Adds a name of a class to the slot that was added last. With `labelsAreNames` labels are names and never class indices, even if they are
/// numbers.
void jsonRecordReaderAddName(
    JSONRecordReader *_Nonnull reader, const char *_Nonnull name, size_t byteCount, int64_t classIndex, bool labelsAreNames);

/// Reads one record, which JSONPaddingByteCount readable bytes follow. Allocates nothing, except for the longest record yet.
///
/// Values that no path leads to are skipped: their brackets are counted, their strings end, their bytes are UTF-8, and nothing more is
/// checked.
/// - Returns: JSONDefect…. If there is none, `hasFaults` says if any slot has a fault.
int32_t jsonRecordReaderRead(
    JSONRecordReader *_Nonnull reader, const char *_Nonnull text, size_t byteCount, JSONSlot *_Nonnull slots, bool *_Nonnull hasFaults);

/// Returns the number of records that were read by the layout of an earlier one, without simdjson: nearly all of a log that is written
/// alike.
uint64_t jsonRecordReaderLayoutCount(const JSONRecordReader *_Nonnull reader);

/// Returns the offset of the last jsonRecordReaderRead's defect in the record, as far as it is known, and otherwise the record's end.
size_t jsonRecordReaderDefectOffset(const JSONRecordReader *_Nonnull reader);

/// Finds the end of an element of an array or an object: the comma or closing bracket after it, outside of its own strings and brackets.
/// Reads up to 63 bytes after the text. `lineFeedCount` is the number of line feeds before the end.
/// - Returns: the end's offset; `byteCount` if the text ends before.
size_t jsonElementEnd(const char *_Nonnull text, size_t byteCount, size_t *_Nonnull lineFeedCount);

/// The events of jsonWalk.
enum {
    JSONEventObject = 0,
    JSONEventObjectEnd,
    JSONEventArray,
    JSONEventArrayEnd,
    /// A key with its escapes decoded.
    JSONEventKey,
    /// A string with its escapes decoded.
    JSONEventString,
    /// A number as it is written in the text; also NaN, Infinity and -Infinity.
    JSONEventNumber,
    JSONEventTrue,
    JSONEventFalse,
    JSONEventNull
};

/// A callback that gets every event of a text, in order. `bytes` are valid until it returns. It returns false to end the walk.
typedef bool (*JSONVisitor)(void *_Nullable context, int32_t event, const char *_Nullable bytes, size_t byteCount);

/// Reads a whole text, checks all of it, and calls `visitor` with each event. The text needs no padding: it is copied.
/// - Returns: JSONDefect…; `byteOffset` is its place as far as it is known, and otherwise `byteCount`.
int32_t jsonWalk(
    const char *_Nonnull text, size_t byteCount, JSONVisitor _Nonnull visitor, void *_Nullable context, size_t *_Nonnull byteOffset);

#ifdef __cplusplus
}
#endif

#endif
