// Calls the C faces of TableReading and JSONReading, compiled where `char` is unsigned (see `run` beside this file).
//
// The texts are UTF-8, whole and damaged, and the expected results come from the simplest code that is right: a decoder that goes byte by
// byte, and strtod. A failure prints the case and its bytes, and the exit status is 1.
#include "JSONReading.h"
#include "TableReading.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((char)-1 > 0, "these tests are for an unsigned char: compile with -funsigned-char");

static int failureCount = 0;

static void fail(const char *what, uint64_t number, const uint8_t *text, size_t byteCount) {
    if (++failureCount > 20) return;
    fprintf(stderr, "%s, case %" PRIu64 ": \"", what, number);
    for (size_t place = 0; place < byteCount; place++) {
        const bool isPlain = text[place] >= 0x20 && text[place] < 0x7F;
        fprintf(stderr, isPlain ? "%c" : "\\x%02X", text[place]);
    }
    fprintf(stderr, "\"\n");
}

// Random texts -----------------------------------------------------------------------------------------------------------

static uint64_t randomState;

/// SplitMix64 (G. Steele and others, 2014). Every case has a seed of its own.
static uint64_t nextRandom(uint64_t limit) {
    uint64_t bits = randomState += 0x9E3779B97F4A7C15;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
    return (bits ^ bits >> 31) % limit;
}

/// A text that grows, with room for the bytes that readers may touch after it.
typedef struct Text {
    uint8_t bytes[1024];
    size_t byteCount;
} Text;

static void append(Text *text, const char *bytes) {
    const size_t count = strlen(bytes);
    memcpy(text->bytes + text->byteCount, bytes, count);
    text->byteCount += count;
}

static void appendByte(Text *text, unsigned byte) { text->bytes[text->byteCount++] = (uint8_t)byte; }

static void appendFill(Text *text, size_t count) {
    while (count-- > 0) appendByte(text, 'x');
}

/// Whole characters of one to four bytes, the first and the last of each length among them.
static const char *const characters[] = {"a", "Z", "~", "\xC2\x80", "\xC3\x9C", "\xDF\xBF", "\xE0\xA0\x80", "\xE7\x8C\xAB", "\xED\x9F\xBF",
                                         "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"};

/// Bytes that are no character: a byte that continues nothing, overlong forms, surrogates, beyond U+10FFFF, no bytes of UTF-8, cut short.
static const char *const damages[] = {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "\xC3", "\xE7\x8C", "\xF0\x9F\x98"};

/// Escapes of JSON, without the backslash.
static const char *const escapes[] = {"\"", "\\", "/", "b", "f", "n", "r", "t", "u00DC", "u732b", "ud83d\\ude00"};

#define countOf(array) (sizeof(array) / sizeof(array)[0])

/// Appends letters and other characters; as a string of JSON, escapes too. One text in two is damaged, in a place or two.
static void appendCharacters(Text *text, bool isJSON) {
    appendFill(text, nextRandom(40));
    const bool isDamaged = nextRandom(2) == 0;
    for (uint64_t count = nextRandom(8); count > 0; count--) {
        // A damage behind a backslash is one of UTF-8 as well; anything else there is an escape.
        const bool isEscape = isJSON && nextRandom(2) == 0;
        if (isEscape) appendByte(text, '\\');
        if (isDamaged && nextRandom(3) == 0) append(text, damages[nextRandom(countOf(damages))]);
        else append(text, isEscape ? escapes[nextRandom(countOf(escapes))] : characters[nextRandom(countOf(characters))]);
        appendFill(text, nextRandom(20));
    }
    memset(text->bytes + text->byteCount, 0xFF, XentReadableByteCountAfterText);
}

/// The number of bytes before the first that is NUL or no UTF-8.
static size_t readableByteCount(const uint8_t *text, size_t byteCount) {
    size_t place = 0;
    while (place < byteCount && text[place] != 0) {
        const unsigned first = text[place];
        const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
        if (length == 0 || length > byteCount - place) return place;
        uint32_t scalar = length == 1 ? first : first & (0x7Fu >> length);
        for (size_t next = 1; next < length; next++) {
            if (text[place + next] >> 6 != 2) return place;
            scalar = scalar << 6 | (text[place + next] & 0x3F);
        }
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (scalar < least[length] || scalar > 0x10FFFF || (scalar >= 0xD800 && scalar < 0xE000)) return place;
        place += length;
    }
    return place;
}

// Tables -----------------------------------------------------------------------------------------------------------------

static void testUnreadableBytes(void) {
    for (uint64_t number = 0; number < 20000; number++) {
        randomState = number;
        Text text = {.byteCount = 0};
        appendCharacters(&text, false);
        if (xentFindUnreadableByte(text.bytes, text.byteCount) != readableByteCount(text.bytes, text.byteCount)) {
            fail("the first byte that is no UTF-8", number, text.bytes, text.byteCount);
        }
    }
}

static void testNumbers(void) {
    static const char *const good[] = {"0",     "-0",    "1",     "-1.5e3", ".5",   "5.",    "0.1", "123456.789", "-0.000123456789012345",
                                       "1e308", "1e309", "1e-320", "1e-400", "2.5E7", "00012", "9007199254740993",
                                       "0.12345678901234567890123456789"};
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "inf", "nan", "0x10", "1e", "\xB2", "1\xC2\xA0", "\xEF\xBC\x91"};
    for (size_t number = 0; number < countOf(good); number++) {
        const double expected = strtod(good[number], NULL);
        double value = 0;
        if (!xentParseNumber((const uint8_t *)good[number], strlen(good[number]), &value)
            || memcmp(&value, &expected, sizeof value) != 0) {
            fail("a number", number, (const uint8_t *)good[number], strlen(good[number]));
        }
    }
    for (size_t number = 0; number < countOf(bad); number++) {
        double value;
        if (xentParseNumber((const uint8_t *)bad[number], strlen(bad[number]), &value)) {
            fail("no number was taken for one", number, (const uint8_t *)bad[number], strlen(bad[number]));
        }
    }
}

enum { namePlaceCount = 8, nameCount = 3 };

static const char *const classNames[nameCount] = {"\xC3\x9Cx", "\xE7\x8C\xAB", "cat"};

/// Tables whose labels are names, also names of other scripts. Bytes that are not ASCII lie in the label, in a text that is skipped, or in
/// neither; where the reader is to stop at them, it stops at or before the first record that has one.
static void testRows(void) {
    uint8_t nameBytes[64];
    uint32_t offsets[nameCount + 1] = {0}, places[namePlaceCount] = {0};
    int64_t classIndices[nameCount];
    for (uint32_t index = 0; index < nameCount; index++) {
        const size_t count = strlen(classNames[index]);
        memcpy(nameBytes + offsets[index], classNames[index], count);
        offsets[index + 1] = offsets[index] + (uint32_t)count;
        classIndices[index] = index;
        uint64_t place = xentNameHash((const uint8_t *)classNames[index], count) % namePlaceCount;
        while (places[place] != 0) place = (place + 1) % namePlaceCount;
        places[place] = index + 1;
    }
    const XentClassNames names = {nameBytes, offsets, classIndices, places, namePlaceCount};
    const XentTableStep steps[] = {{XentStepClassName, 0, 1}, {XentStepValues, 0, 2}, {XentStepSkip, 0, 1}};

    enum { rowCount = 6 };
    for (uint64_t number = 0; number < 5000; number++) {
        randomState = number;
        Text text = {.byteCount = 0};
        int64_t expectedLabels[rowCount];
        double expectedValues[2 * rowCount];
        size_t firstSuspect = SIZE_MAX;
        for (size_t row = 0; row < rowCount; row++) {
            const size_t begin = text.byteCount;
            // ASCII alone in half of the tables.
            const bool isASCII = number % 2 == 0;
            const uint64_t label = isASCII ? 2 : nextRandom(nameCount);
            const bool isQuoted = nextRandom(3) == 0;
            expectedLabels[row] = (int64_t)label;
            append(&text, isQuoted ? "\"" : "");
            append(&text, classNames[label]);
            append(&text, isQuoted ? "\"" : "");
            char values[64];
            snprintf(values, sizeof values, ",%" PRIu64 ".%" PRIu64 ",-0.%" PRIu64 "e-3,", nextRandom(1000), nextRandom(1000000),
                     nextRandom(1000000000000));
            append(&text, values);
            char *after;
            expectedValues[2 * row] = strtod(values + 1, &after);
            expectedValues[2 * row + 1] = strtod(after + 1, NULL);
            appendFill(&text, nextRandom(20));
            if (!isASCII && nextRandom(2) == 0) append(&text, characters[3 + nextRandom(countOf(characters) - 3)]);
            append(&text, "\n");
            for (size_t place = begin; place < text.byteCount; place++) {
                if (text.bytes[place] >= 0x80 && firstSuspect == SIZE_MAX) firstSuspect = begin;
            }
        }
        memset(text.bytes + text.byteCount, 0xFF, XentReadableByteCountAfterText);

        const XentTableExtent extent = xentMeasureTable(text.bytes, text.byteCount, ',', true, false);
        if (extent.byteCount != text.byteCount || extent.rowCount != rowCount || extent.lineCount != rowCount) {
            fail("the extent of a table", number, text.bytes, text.byteCount);
        }

        double values[2 * rowCount];
        int64_t labels[rowCount];
        uint32_t lines[rowCount];
        XentTableRows rows = {
            .text = text.bytes, .byteCount = text.byteCount, .lineFeedEnd = text.byteCount, .steps = steps, .stepCount = countOf(steps),
            .names = &names, .values = values, .valuesPerRow = 2, .classLabels = labels, .lines = lines, .rowCapacity = rowCount,
            .delimiter = ',',
        };
        const bool isRead = xentParseRows(&rows) == XentStopEnd && rows.rowCount == rowCount;
        if (!isRead || memcmp(labels, expectedLabels, sizeof labels) != 0 || memcmp(values, expectedValues, sizeof values) != 0) {
            fail("the rows of a table", number, text.bytes, text.byteCount);
        }

        rows.byteOffset = rows.line = rows.rowCount = 0;
        rows.checksBytes = true;
        // The bytes after the text are none of its own; those of ASCII tables are made so as well, since readers look a little ahead.
        if (firstSuspect == SIZE_MAX) memset(text.bytes + text.byteCount, ' ', XentReadableByteCountAfterText);
        const int32_t stop = xentParseRows(&rows);
        const bool isStop = stop == XentStopBytes && rows.byteOffset <= firstSuspect;
        if (firstSuspect == SIZE_MAX ? stop != XentStopEnd : !isStop) {
            fail("the stop at bytes that are not ASCII", number, text.bytes, text.byteCount);
        }
    }
}

// JSON -------------------------------------------------------------------------------------------------------------------

/// A record as it is written, with a string that no path leads to.
static void appendRecord(Text *text, const char *name, const char *value) {
    append(text, "{\"p\": [");
    append(text, value);
    append(text, ", 0.5], \"y\": \"");
    append(text, name);
    append(text, "\", \"note\": \"");
}

static void endRecord(Text *text) { append(text, "\"}"); }

typedef struct RecordTest {
    JSONRecordReader *reader;
    double numbers[2];
    JSONSlot slots[2];
} RecordTest;

static RecordTest *makeRecordTest(void) {
    RecordTest *test = calloc(1, sizeof *test);
    if (!test) abort();
    test->reader = jsonRecordReaderMake();
    const JSONPathStep predictions = {.key = "p", .keyByteCount = 1, .elementIndex = -1, .keyPath = -1};
    const JSONPathStep label = {.key = "y", .keyByteCount = 1, .elementIndex = -1, .keyPath = -1};
    jsonRecordReaderAddPath(test->reader, &predictions, 1, JSONWantsNumbers, false, false);
    jsonRecordReaderAddPath(test->reader, &label, 1, JSONWantsClass, false, false);
    for (size_t index = 0; index < nameCount; index++) {
        jsonRecordReaderAddName(test->reader, classNames[index], strlen(classNames[index]), (int64_t)index, false);
    }
    test->slots[0].numbers = test->numbers;
    test->slots[0].capacity = 2;
    return test;
}

static void freeRecordTest(RecordTest *test) {
    jsonRecordReaderFree(test->reader);
    free(test);
}

/// Reads a record, and says whether all of it is as expected: a defect of UTF-8, or none and these values.
static bool isRead(RecordTest *test, Text *text, double value, int64_t label) {
    bool hasFaults;
    // ASCII: a reader that sees other bytes after the record takes the slow way.
    memset(text->bytes + text->byteCount, 'x', JSONPaddingByteCount);
    const int32_t defect = jsonRecordReaderRead(test->reader, (const char *)text->bytes, text->byteCount, test->slots, &hasFaults);
    if (readableByteCount(text->bytes, text->byteCount) < text->byteCount) return defect == JSONDefectUTF8;
    return defect == JSONDefectNone && !hasFaults && test->slots[0].count == 2 && test->numbers[0] == value && test->numbers[1] == 0.5
        && test->slots[1].count == 1 && test->slots[1].integer == label;
}

/// A damaged record is refused as one that is no UTF-8, by the layout of the record before it, which is the quick way, and without one.
static void testRecord(RecordTest *test, const char *what, uint64_t number, Text *text, double value, int64_t label) {
    static const char *const plain = "a note";
    Text good = {.byteCount = 0};
    appendRecord(&good, classNames[number % nameCount], "-1.25e-7");
    append(&good, plain);
    endRecord(&good);
    if (!isRead(test, &good, -1.25e-7, (int64_t)(number % nameCount))) fail("a record without damage", number, good.bytes, good.byteCount);

    const uint64_t before = jsonRecordReaderLayoutCount(test->reader);
    if (!isRead(test, text, value, label)) fail(what, number, text->bytes, text->byteCount);
    const bool isWhole = readableByteCount(text->bytes, text->byteCount) == text->byteCount;
    // Or else the tests have not seen the quick way.
    if (jsonRecordReaderLayoutCount(test->reader) - before != isWhole) fail("the layout's share", number, text->bytes, text->byteCount);

    RecordTest *first = makeRecordTest();
    if (!isRead(first, text, value, label)) fail(what, number, text->bytes, text->byteCount);
    freeRecordTest(first);
}

static bool goOn(void *context, int32_t event, const char *bytes, size_t byteCount) {
    (void)event, (void)bytes;
    *(size_t *)context += byteCount;
    return true;
}

static void testRecords(void) {
    RecordTest *test = makeRecordTest();
    // Behind a backslash, at every place of a block of 16 bytes: there no block has seen the byte before it is passed over.
    uint64_t number = 0;
    for (size_t fill = 0; fill < 64; fill++) {
        for (size_t index = 0; index < countOf(damages) + countOf(escapes); index++, number++) {
            Text text = {.byteCount = 0};
            appendRecord(&text, classNames[number % nameCount], "0.25");
            appendFill(&text, fill);
            appendByte(&text, '\\');
            append(&text, index < countOf(damages) ? damages[index] : escapes[index - countOf(damages)]);
            appendFill(&text, 20);
            endRecord(&text);
            testRecord(test, "a byte behind a backslash", number, &text, 0.25, (int64_t)(number % nameCount));
        }
    }
    for (number = 0; number < 5000; number++) {
        randomState = number;
        const uint64_t label = nextRandom(nameCount);
        Text text = {.byteCount = 0};
        appendRecord(&text, classNames[label], "12345.678");
        appendCharacters(&text, true);
        endRecord(&text);
        testRecord(test, "a record", number, &text, 12345.678, (int64_t)label);
    }
    freeRecordTest(test);

    for (number = 0; number < 5000; number++) {
        randomState = number;
        Text text = {.byteCount = 0};
        append(&text, "{\"");
        appendCharacters(&text, false);
        append(&text, "\": [\"");
        appendCharacters(&text, false);
        append(&text, "\", 1]}");
        size_t byteOffset, toldByteCount = 0;
        const int32_t defect = jsonWalk((const char *)text.bytes, text.byteCount, goOn, &toldByteCount, &byteOffset);
        const bool isWhole = readableByteCount(text.bytes, text.byteCount) == text.byteCount;
        // All but what stands around the key, the string and the number.
        const bool isGood = isWhole ? defect == JSONDefectNone && toldByteCount == text.byteCount - 12 : defect == JSONDefectUTF8;
        if (!isGood) fail("a text of JSON", number, text.bytes, text.byteCount);
    }
}

int main(void) {
    // A loop that does not advance ends the process.
    alarm(60);
    testUnreadableBytes();
    testNumbers();
    testRows();
    testRecords();
    if (failureCount == 0) return 0;
    fprintf(stderr, "%d failures\n", failureCount);
    return 1;
}
