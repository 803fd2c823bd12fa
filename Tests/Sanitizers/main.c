// Calls the C faces of TableReading, JSONReading and KernelABI with hostile texts, compiled with the address and the undefined-behaviour
// sanitizer (see `run` beside this file).
//
//   program SEED SECONDS FILE…
//
// A file holds texts, each behind its length as four bytes, low byte first: those that the fuzzer found interesting. Each is read as it
// is, then cut and changed at random as long as the seconds last. All memory has exactly the size that is promised, so that a read or a
// write beyond it is seen. What the readers say of themselves is checked too; a failure prints the text, and ends the process.
#include "JSONReading.h"
#include "KernelABI.h"
#include "TableReading.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define countOf(array) (sizeof(array) / sizeof(array)[0])

static uint64_t randomState;

/// SplitMix64 (G. Steele and others, 2014).
static uint64_t nextRandom(uint64_t limit) {
    uint64_t bits = randomState += 0x9E3779B97F4A7C15;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
    return (bits ^ bits >> 31) % limit;
}

static void *allocate(size_t byteCount) {
    void *memory = malloc(byteCount);
    if (!memory) abort();
    return memory;
}

/// The text that is read, with as many bytes after it as its reader may touch.
static const uint8_t *currentText;
static size_t currentByteCount;

static void expect(bool isTrue, const char *what) {
    if (isTrue) return;
    fprintf(stderr, "%s: \"", what);
    for (size_t place = 0; place < currentByteCount; place++) fprintf(stderr, "\\x%02X", currentText[place]);
    fprintf(stderr, "\"\n");
    abort();
}

/// A copy with `extra` bytes after it, which are whatever they are.
static uint8_t *copied(const uint8_t *bytes, size_t byteCount, size_t extra) {
    uint8_t *text = allocate(byteCount + extra);
    if (byteCount > 0) memcpy(text, bytes, byteCount);
    static const uint8_t after[] = {0, 0xFF, '"', '\n', ',', '1', ']', '}', '\\', '.'};
    for (size_t place = 0; place < extra; place++) text[byteCount + place] = after[nextRandom(countOf(after))];
    return text;
}

// Tables -----------------------------------------------------------------------------------------------------------------

static const char *const classNames[] = {"cat", "a", "\xC3\x9Cx", "7", "p_b"};
enum { placeCount = 16 };

typedef struct Names {
    uint8_t bytes[64];
    uint32_t offsets[countOf(classNames) + 1], places[placeCount];
    int64_t classIndices[countOf(classNames)];
    XentClassNames names;
} Names;

static Names *makeNames(void) {
    Names *made = allocate(sizeof *made);
    memset(made, 0, sizeof *made);
    for (uint32_t index = 0; index < countOf(classNames); index++) {
        const size_t count = strlen(classNames[index]);
        memcpy(made->bytes + made->offsets[index], classNames[index], count);
        made->offsets[index + 1] = made->offsets[index] + (uint32_t)count;
        made->classIndices[index] = index;
        uint64_t place = xentNameHash((const uint8_t *)classNames[index], count) % placeCount;
        while (made->places[place] != 0) place = (place + 1) % placeCount;
        made->places[place] = index + 1;
    }
    made->names = (XentClassNames){made->bytes, made->offsets, made->classIndices, made->places, placeCount};
    return made;
}

static void readFields(const uint8_t *bytes, size_t byteCount, const Names *names) {
    // No bytes after these.
    uint8_t *text = copied(bytes, byteCount, 0);
    double value;
    xentParseNumber(text, byteCount, &value);
    const int64_t index = xentClassIndex(&names->names, text, byteCount);
    expect(index == INT64_MIN || (index >= 0 && index < (int64_t)countOf(classNames)), "an index of a class that there is not");
    xentWordCount(text, byteCount);
    xentIdentifierHash(text, byteCount);
    free(text);
}

enum { columnLimit = 40, valueLimit = 8 };

static void readTable(const uint8_t *bytes, size_t byteCount, const Names *names) {
    const uint8_t *const delimiters = (const uint8_t *)",\t;| ";
    const uint8_t delimiter = delimiters[nextRandom(5)];
    const bool byLines = nextRandom(2) == 0, isEnd = nextRandom(2) == 0;

    uint8_t *text = copied(bytes, byteCount, 15);
    expect(xentFindUnreadableByte(text, byteCount) <= byteCount, "an unreadable byte behind the text");
    free(text);

    text = copied(bytes, byteCount, XentReadableByteCountAfterText);
    currentText = text, currentByteCount = byteCount;
    const XentTableExtent extent = xentMeasureTable(text, byteCount, delimiter, isEnd, byLines);
    expect(extent.byteCount <= byteCount && extent.rowCount <= extent.lineCount + 1, "an extent beyond the text");
    expect(!isEnd || extent.byteCount == byteCount, "an end that is left over");

    // As many columns as the first line has fields.
    size_t columnCount = 1, lineFeedEnd = 0;
    for (size_t place = 0; place < byteCount && text[place] != '\n'; place++) columnCount += text[place] == delimiter;
    if (columnCount > columnLimit) columnCount = columnLimit;
    for (size_t place = 0; place < byteCount; place++) {
        if (text[place] == '\n') lineFeedEnd = place + 1;
    }
    XentTableStep steps[columnLimit];
    size_t stepCount = 0, valuesPerRow = 0, targetsPerRow = 0, identifiersPerRow = 0;
    for (size_t column = 0; column < columnCount;) {
        XentTableStep step = {(uint32_t)nextRandom(12), 0, 1};
        switch (step.kind) {
        case XentStepSkip:
        case XentStepValues:
            step.count = (uint32_t)(1 + nextRandom(columnCount - column));
            if (step.kind == XentStepValues) {
                if (valuesPerRow + step.count > valueLimit) step.count = 1;
                step.index = (uint32_t)valuesPerRow;
                valuesPerRow += step.count;
            }
            break;
        case XentStepTarget: step.index = (uint32_t)targetsPerRow++; break;
        case XentStepIdentifier: step.index = (uint32_t)identifiersPerRow++; break;
        default: break;
        }
        column += step.count;
        steps[stepCount++] = step;
    }
    const size_t rowCapacity = 1 + nextRandom(9);
    XentTableRows rows = {
        .text = text, .byteCount = byteCount, .lineFeedEnd = lineFeedEnd, .steps = steps, .stepCount = stepCount, .names = &names->names,
        .values = allocate(rowCapacity * valuesPerRow * sizeof(double)), .valuesPerRow = valuesPerRow,
        .targets = allocate(rowCapacity * targetsPerRow * sizeof(double)), .targetsPerRow = targetsPerRow,
        .classLabels = allocate(rowCapacity * sizeof(int64_t)), .weights = allocate(rowCapacity * sizeof(double)),
        .byteCounts = allocate(rowCapacity * sizeof(uint64_t)), .wordCounts = allocate(rowCapacity * sizeof(uint64_t)),
        .tokenCounts = allocate(rowCapacity * sizeof(uint64_t)),
        .identifiers = allocate(rowCapacity * identifiersPerRow * sizeof(uint64_t)), .identifiersPerRow = identifiersPerRow,
        .lines = allocate(rowCapacity * sizeof(uint32_t)), .rowCapacity = rowCapacity, .delimiter = delimiter,
        .assumesNoLineFeedsInRecords = byLines, .checksBytes = nextRandom(2) == 0, .countsWordsOfTexts = nextRandom(2) == 0,
    };
    while (rows.byteOffset < byteCount) {
        const size_t before = rows.byteOffset;
        const int32_t stop = xentParseRows(&rows);
        expect(rows.byteOffset >= before && rows.byteOffset <= byteCount && rows.rowCount <= rowCapacity, "rows beyond the text or the room");
        if (stop == XentStopEnd) break;
        if (stop == XentStopFull) {
            rows.rowCount = 0;
        } else {
            // The caller reads the record by itself. Here it is passed over.
            const uint8_t *next = memchr(text + rows.byteOffset, '\n', byteCount - rows.byteOffset);
            if (!next) break;
            rows.byteOffset = (size_t)(next + 1 - text);
            rows.line++;
            if (rows.rowCount == rowCapacity) rows.rowCount = 0;
        }
    }
    free(rows.values), free(rows.targets), free(rows.classLabels), free(rows.weights), free(rows.byteCounts), free(rows.wordCounts);
    free(rows.tokenCounts), free(rows.identifiers), free(rows.lines);

    // The fields, as far as they can be seen without a reader.
    size_t begin = 0;
    for (size_t place = 0; place <= byteCount && begin < 2000; place++) {
        if (place < byteCount && text[place] != delimiter && text[place] != '\n') continue;
        readFields(text + begin, place - begin, names);
        begin = place + 1;
    }
    free(text);
}

// JSON -------------------------------------------------------------------------------------------------------------------

static const char *const keys[] = {"p", "logits", "label", "y", "c", "l", "t", "w", "n", "id", "choices", "a", "a.b", "0"};
enum { pathLimit = 6, capacityLimit = 7 };

static JSONPathStep randomStep(ptrdiff_t keyPath) {
    const char *const key = keys[nextRandom(countOf(keys))];
    JSONPathStep step = {.key = key, .keyByteCount = strlen(key), .elementIndex = -1, .keyPath = -1};
    switch (nextRandom(5)) {
    case 0: step = (JSONPathStep){.key = "", .keyByteCount = 0, .elementIndex = -1, .isEveryElement = true, .keyPath = -1}; break;
    case 1: step.elementIndex = (ptrdiff_t)nextRandom(3); break;
    case 2:
        if (keyPath >= 0) step = (JSONPathStep){.key = "", .keyByteCount = 0, .elementIndex = -1, .keyPath = keyPath};
        break;
    default: break;
    }
    return step;
}

static void readRecords(const uint8_t *bytes, size_t byteCount) {
    JSONRecordReader *reader = jsonRecordReaderMake();
    ptrdiff_t keyPath = -1;
    if (nextRandom(3) == 0) {
        JSONPathStep steps[2] = {randomStep(-1), randomStep(-1)};
        keyPath = jsonRecordReaderAddKeyPath(reader, steps, 1 + nextRandom(2));
    }
    JSONSlot slots[pathLimit] = {0};
    const size_t pathCount = 1 + nextRandom(pathLimit);
    for (size_t path = 0; path < pathCount; path++) {
        JSONPathStep steps[4];
        const size_t stepCount = 1 + nextRandom(4);
        for (size_t step = 0; step < stepCount; step++) steps[step] = randomStep(keyPath);
        const int32_t wants = (int32_t)nextRandom(7);
        jsonRecordReaderAddPath(reader, steps, stepCount, wants, nextRandom(2) == 0, nextRandom(2) == 0);
        if (wants == JSONWantsClass || wants == JSONWantsPlaces) {
            for (size_t name = 0; name < countOf(classNames); name++) {
                jsonRecordReaderAddName(reader, classNames[name], strlen(classNames[name]), (int64_t)name, nextRandom(2) == 0);
            }
        }
        slots[path].capacity = nextRandom(capacityLimit + 1);
        slots[path].numbers = allocate(slots[path].capacity * sizeof(double));
    }
    for (size_t begin = 0; begin < byteCount;) {
        const uint8_t *feed = memchr(bytes + begin, '\n', byteCount - begin);
        const size_t end = feed ? (size_t)(feed - bytes) : byteCount;
        uint8_t *text = copied(bytes + begin, end - begin, JSONPaddingByteCount);
        currentText = text, currentByteCount = end - begin;
        bool hasFaults = false;
        const int32_t defect = jsonRecordReaderRead(reader, (const char *)text, end - begin, slots, &hasFaults);
        expect(defect >= JSONDefectNone && defect <= JSONDefectCapacity, "a defect that there is not");
        expect(jsonRecordReaderDefectOffset(reader) <= end - begin, "a defect behind the record");
        for (size_t path = 0; defect == JSONDefectNone && path < pathCount; path++) {
            if (!slots[path].found || slots[path].fault == JSONFaultNone) continue;
            const char *const found = slots[path].found;
            expect(found >= (const char *)text && found + slots[path].foundByteCount <= (const char *)text + (end - begin),
                   "a faulty value outside of the record");
        }
        free(text);
        begin = end + 1;
    }
    for (size_t path = 0; path < pathCount; path++) free(slots[path].numbers);
    jsonRecordReaderFree(reader);
}

typedef struct Walk {
    int64_t depth;
    size_t eventCount, stop;
} Walk;

static bool visit(void *context, int32_t event, const char *bytes, size_t byteCount) {
    Walk *walk = context;
    // Every byte of it is readable.
    unsigned sum = 0;
    for (size_t place = 0; place < byteCount; place++) sum += (unsigned char)bytes[place];
    walk->depth += event == JSONEventObject || event == JSONEventArray;
    walk->depth -= event == JSONEventObjectEnd || event == JSONEventArrayEnd;
    return ++walk->eventCount != walk->stop && sum < UINT32_MAX;
}

static void walkText(const uint8_t *bytes, size_t byteCount) {
    uint8_t *text = copied(bytes, byteCount, 0);
    currentText = text, currentByteCount = byteCount;
    Walk walk = {0, 0, nextRandom(4) == 0 ? 1 + nextRandom(20) : 0};
    size_t byteOffset = 0;
    const int32_t defect = jsonWalk((const char *)text, byteCount, visit, &walk, &byteOffset);
    expect(byteOffset <= byteCount, "a defect behind the text");
    expect(defect != JSONDefectNone || (walk.depth == 0 && walk.eventCount > 0), "a text without an end");
    expect((defect == JSONDefectStopped) == (walk.stop != 0 && walk.eventCount == walk.stop), "a walk that went on");
    free(text);

    text = copied(bytes, byteCount, 63);
    size_t lineFeedCount = 0;
    for (size_t begin = 0; begin < byteCount;) {
        const size_t end = jsonElementEnd((const char *)text + begin, byteCount - begin, &lineFeedCount);
        expect(end <= byteCount - begin, "an element that ends behind the text");
        begin += end + 1;
    }
    free(text);
}

// Kernels ----------------------------------------------------------------------------------------------------------------

/// The loads and steps of vectors that every kernel is made of, at any alignment, with nothing behind what they read.
static void readVectors(void) {
    const size_t offset = nextRandom(8), stride = nextRandom(40);
    const size_t byteCount = offset + 7 * stride + 64;
    uint8_t *bytes = allocate(byteCount);
    for (size_t place = 0; place < byteCount; place++) bytes[place] = (uint8_t)nextRandom(256);
    const void *const last64 = bytes + byteCount - 64, *const last32 = bytes + byteCount - 32, *const last16 = bytes + byteCount - 16;
    XentDouble8 doubles = xentLoadDouble8(last64);
    XentFloat8 floats = xentLoadFloat8(last32);
    const XentUInt16x8 halves = xentLoadUInt16x8(last16);
    floats = xentRaiseFloat8(xentWidenHalf(halves), floats);
    doubles = xentRaiseDouble8(doubles, xentGatherDouble8(bytes + byteCount - 8 - 7 * stride, (ptrdiff_t)stride));
    floats += xentGatherFloat8(bytes + byteCount - 4 - 7 * stride, (ptrdiff_t)stride);
    const XentUInt16x8 gathered = xentGatherUInt16x8(bytes + byteCount - 2 - 7 * stride, (ptrdiff_t)stride);
    const ptrdiff_t lane = (ptrdiff_t)nextRandom(2 * XentExclusionReach + 1) - XentExclusionReach;
    floats = xentExcludeFloat8(floats, lane);
    doubles = xentExcludeDouble8(xentLowerDouble8(doubles, xentWidenFloat(floats)), lane);
    const XentDouble8 powers = xentPowerOfEighths(__builtin_convertvector(gathered, XentUInt64x8));
    doubles = xentInOrder(xentLowHalves(doubles, powers)) + xentOddLanes(doubles, powers);
    XentInt32x8 counts = {0};
    counts = xentCountAboveFloat8(xentCountAboveFloat8(counts, floats, -floats), floats, floats - 1);
    expect(xentTotalInt32x8(counts) >= 0 && xentTotalInt32x8(counts) <= 16, "counts beyond their lanes");
    uint8_t *stored = allocate(sizeof(XentDouble8) + 1);
    xentStoreDouble8(stored + nextRandom(2), doubles);
    free(stored);
    free(bytes);

    uint8_t *saturated = allocate(2 * XentSaturationStep);
    memset(saturated, (int)nextRandom(0x80), 2 * XentSaturationStep);
    xentMayBeSaturated(saturated);
    free(saturated);
    expect(xentProcessorFeatures() >= 0, "features of no processor");
}

// Texts ------------------------------------------------------------------------------------------------------------------

static void readText(const uint8_t *bytes, size_t byteCount, const Names *names) {
    readTable(bytes, byteCount, names);
    readRecords(bytes, byteCount);
    walkText(bytes, byteCount);
}

/// A copy that is cut, or has bytes changed, repeated or taken out of another text.
static uint8_t *damaged(const uint8_t *bytes, size_t *byteCount, const uint8_t *other, size_t otherByteCount) {
    static const uint8_t telling[] = {'"', '\\', ',', ':', '{', '}', '[', ']', '\n', '\r', ' ', '\t', '.', '-', '+', 'e', '0', '9', 'n', 't',
                                      0,   0x80, 0xBF, 0xC2, 0xE2, 0xF0, 0xFF, ';',  '|'};
    const size_t extra = 64 + otherByteCount;
    uint8_t *text = allocate(*byteCount + extra);
    if (*byteCount > 0) memcpy(text, bytes, *byteCount);
    for (uint64_t count = 1 + nextRandom(4); count > 0; count--) {
        const size_t place = nextRandom(*byteCount + 1);
        switch (nextRandom(6)) {
        case 0: *byteCount = place; break;
        case 1:
            if (place < *byteCount) text[place] ^= (uint8_t)(1 << nextRandom(8));
            break;
        case 2:
            if (place < *byteCount) text[place] = telling[nextRandom(countOf(telling))];
            break;
        case 3: {
            // One byte more, of those that tell.
            memmove(text + place + 1, text + place, *byteCount - place);
            text[place] = telling[nextRandom(countOf(telling))];
            ++*byteCount;
            break;
        }
        case 4: {
            // A run of one byte over what was there, so long that a block of 16 or 64 has nothing else.
            const uint8_t byte = telling[nextRandom(countOf(telling))];
            for (size_t next = place, end = place + 1 + nextRandom(80); next < end && next < *byteCount; next++) text[next] = byte;
            break;
        }
        default: {
            // The end of another text after the beginning of this.
            if (otherByteCount == 0 || count > 1) break;
            const size_t from = nextRandom(otherByteCount);
            memcpy(text + place, other + from, otherByteCount - from);
            *byteCount = place + otherByteCount - from;
            break;
        }
        }
    }
    return text;
}

int main(int argumentCount, char **arguments) {
    if (argumentCount < 4) {
        fprintf(stderr, "usage: %s SEED SECONDS FILE...\n", arguments[0]);
        return 64;
    }
    randomState = strtoull(arguments[1], NULL, 10);
    const time_t end = time(NULL) + strtol(arguments[2], NULL, 10);
    enum { textLimit = 20000 };
    uint8_t **texts = allocate(textLimit * sizeof *texts);
    size_t *byteCounts = allocate(textLimit * sizeof *byteCounts), textCount = 0;
    for (int index = 3; index < argumentCount; index++) {
        FILE *file = fopen(arguments[index], "rb");
        uint8_t head[4];
        while (file && textCount < textLimit && fread(head, 1, 4, file) == 4) {
            const size_t byteCount = head[0] | head[1] << 8 | head[2] << 16 | (size_t)head[3] << 24;
            uint8_t *text = allocate(byteCount + 1);
            if (fread(text, 1, byteCount, file) != byteCount) return 66;
            texts[textCount] = text, byteCounts[textCount++] = byteCount;
        }
        if (!file || fclose(file) != 0) return 66;
    }
    if (textCount == 0) return 66;
    Names *names = makeNames();
    uint64_t count = 0;
    for (size_t index = 0; index < textCount; index++, count++) readText(texts[index], byteCounts[index], names);
    while (time(NULL) < end) {
        for (int round = 0; round < 100; round++, count++) {
            const size_t index = nextRandom(textCount), other = nextRandom(textCount);
            size_t byteCount = byteCounts[index];
            uint8_t *text = damaged(texts[index], &byteCount, texts[other], byteCounts[other]);
            readText(text, byteCount, names);
            free(text);
            readVectors();
        }
    }
    for (size_t index = 0; index < textCount; index++) free(texts[index]);
    free(texts), free(byteCounts), free(names);
    printf("  %" PRIu64 " texts, %zu of them kept ones, seed %s\n", count, textCount, arguments[1]);
    return 0;
}
