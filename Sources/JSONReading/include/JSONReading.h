// JSON by simdjson (https://simdjson.org, its On-Demand interface) and numbers by fast_float, behind a face of C: Swift that imported
// C++ would have to be compiled in C++ interoperability mode, and so would every target above it.
//
// The way of a record: `RecordLayout` reads it where its keys and brackets are those of one before it, which is most of a log; else
// simdjson does, along the states of `RecordAutomaton`. Both read arrays of numbers by `NumberArray.h`, single values by `JSONToken.h`.
//
// simdjson chooses its instructions at run time. Numbers are not its own here: On-Demand's get_double of simdjson 3.0.1 gives wrong
// values for decimals below 1 of more than 19 digits (0.12345678901234567890123 reads as 4.8e-5).
#ifndef XENT_JSON_READING_H
#define XENT_JSON_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How many bytes must be readable after the text that is given; what they hold does not matter.
enum { JSONPaddingByteCount = 64 };

/// Arrays and objects within one another that are looked into. What is skipped may be deeper.
enum { JSONDepthLimit = 64 };

/// What is wrong with a text as a whole.
enum {
    JSONDefectNone = 0,
    /// Nothing but white space.
    JSONDefectEmpty,
    /// It begins with neither { nor [.
    JSONDefectNoContainer,
    /// It ends before its brackets are closed.
    JSONDefectOpenBrackets,
    /// It ends inside a string.
    JSONDefectOpenString,
    JSONDefectUTF8,
    /// A control character inside a string that is not escaped.
    JSONDefectControlCharacter,
    /// A comma, a colon, a key or a value is not where it must be.
    JSONDefectSyntax,
    /// More follows after the last bracket.
    JSONDefectTrailing,
    JSONDefectDepth,
    /// No memory, or a text longer than simdjson's 4 GiB.
    JSONDefectCapacity,
    /// The callback of jsonWalk said so.
    JSONDefectStopped
};

/// Why a slot of JSONRecordReader has not what is wanted.
enum {
    JSONFaultNone = 0,
    /// An object without the key.
    JSONFaultNoKey,
    /// An array that is too short.
    JSONFaultNoElement,
    /// The path leads on, but this is no object, or no array.
    JSONFaultDeadEnd,
    /// A key of the path is twice in one object.
    JSONFaultDuplicateKey,
    JSONFaultNull,
    JSONFaultBoolean,
    JSONFaultObject,
    JSONFaultArray,
    /// A string that is no number, or no name of a class.
    JSONFaultText,
    /// Neither a string, a number, true, false nor null.
    JSONFaultToken,
    /// A number, but no whole one.
    JSONFaultFraction,
    /// A whole number beyond Int64.
    JSONFaultRange,
    /// A string whose escapes are none, or name half of a surrogate pair.
    JSONFaultEscape
};

/// What a slot wants of the places that its path leads to.
enum {
    /// Numbers, also those in strings ("-1.25"), in arrays and arrays of arrays. NaN, Infinity and -Infinity as Python's json writes them.
    JSONWantsNumbers = 0,
    /// One class index: a whole number, one in a string, true or false, or a name of a class.
    JSONWantsClass = 1,
    /// Bytes: those of strings in UTF-8, or whole numbers, added up.
    JSONWantsByteCount = 2
};

/// One step of a path.
typedef struct JSONPathStep {
    /// The key, in UTF-8.
    const char *_Nonnull key;
    size_t keyByteCount;
    /// The place in an array that it may mean as well; negative: none.
    ptrdiff_t elementIndex;
    /// Every element of an array, and no key.
    bool isEveryElement;
} JSONPathStep;

/// What is wanted, and after jsonRecordReaderRead what was found. One for each path, in the order in which they were added.
typedef struct JSONSlot {
    /// Given: room for `capacity` numbers.
    double *_Nullable numbers;
    size_t capacity;
    /// Found: how many; those beyond `capacity` are counted only.
    size_t count;
    /// Found, of JSONWantsClass: the index; of JSONWantsByteCount: the sum.
    int64_t integer;
    /// JSONFault… of the first place that has not what is wanted.
    int32_t fault;
    /// How many steps of the path were taken up to there.
    uint32_t stepCount;
    /// What stands there, within the record's text.
    const char *_Nullable found;
    size_t foundByteCount;
} JSONSlot;

/// Reads records that hold the same things, one after another. Not for several threads at once.
typedef struct JSONRecordReader JSONRecordReader;

JSONRecordReader *_Nonnull jsonRecordReaderMake(void);
void jsonRecordReaderFree(JSONRecordReader *_Nonnull reader);

/// Adds a path, which becomes the next slot. `takesBooleans`: true and false are 1 and 0. `leavesOutNulls`: null is no fault as an element of
/// an array, or where a step through every element led to it. Steps and keys are copied.
void jsonRecordReaderAddPath(
    JSONRecordReader *_Nonnull reader, const JSONPathStep *_Nonnull steps, size_t stepCount, int32_t wants, bool takesBooleans,
    bool leavesOutNulls);

/// Adds a name of a class to the slot that was added last. `labelsAreNames`: labels are names, also where they are numbers, and never
/// class indices themselves.
void jsonRecordReaderAddName(
    JSONRecordReader *_Nonnull reader, const char *_Nonnull name, size_t byteCount, int64_t classIndex, bool labelsAreNames);

/// Reads one record, which is followed by JSONPaddingByteCount readable bytes. Allocates nothing but for the longest record yet.
///
/// What no path leads to is skipped: its brackets are counted, its strings end, its bytes are UTF-8, and no more is known of it.
/// - Returns: JSONDefect…; where it is none, `hasFaults` says whether any slot has a fault.
int32_t jsonRecordReaderRead(
    JSONRecordReader *_Nonnull reader, const char *_Nonnull text, size_t byteCount, JSONSlot *_Nonnull slots, bool *_Nonnull hasFaults);

/// How many records were read by the layout of one before them, without simdjson: where records are written alike, nearly all.
uint64_t jsonRecordReaderLayoutCount(const JSONRecordReader *_Nonnull reader);

/// Where in the record the defect of the last jsonRecordReaderRead is, as far as that is known; else the record's end.
size_t jsonRecordReaderDefectOffset(const JSONRecordReader *_Nonnull reader);

/// What jsonWalk meets.
enum {
    JSONEventObject = 0,
    JSONEventObjectEnd,
    JSONEventArray,
    JSONEventArrayEnd,
    /// A key, its escapes read.
    JSONEventKey,
    /// A string, its escapes read.
    JSONEventString,
    /// A number as it stands in the text; also NaN, Infinity and -Infinity.
    JSONEventNumber,
    JSONEventTrue,
    JSONEventFalse,
    JSONEventNull
};

/// Told of everything in a text, in its order. `bytes` are valid until it returns. Returns false to have no more.
typedef bool (*JSONVisitor)(void *_Nullable context, int32_t event, const char *_Nullable bytes, size_t byteCount);

/// Reads a whole text, checks all of it, and says what it meets. The text needs no padding: it is copied.
/// - Returns: JSONDefect…; `byteOffset` is where, as far as that is known, else `byteCount`.
int32_t jsonWalk(
    const char *_Nonnull text, size_t byteCount, JSONVisitor _Nonnull visitor, void *_Nullable context, size_t *_Nonnull byteOffset);

#ifdef __cplusplus
}
#endif

#endif
