// Conversion of plain records to rows.
#include "ByteMask.h"
#include "TableReading.h"
#include "Number.h"
#include "IdentifierHash.h"
#include "WordCount.h"
#include "NumberBefore.h"

#include <climits>

using namespace xent;

namespace {

/// A field without the spaces and quotes around it.
struct Field {
    const uint8_t *first;
    const uint8_t *last;
    /// The delimiter or line feed after the field.
    const uint8_t *end;
};

/// One call of `xentParseRows`. Every loop over bytes ends at the line feed before `end` at the latest, so that most loops need not compare
/// with `end`: a delimiter, a number and a text without quotes do not go beyond a line feed, and the loops over quoted text do compare.
///
/// Functions that return a pointer return null for a record that is not plain.
///
/// Where blanks separate the fields (`isBlankSeparated`), a run of spaces and tabs does, and there may be some at both ends of a line. The
/// end of a field is then the last blank before the next field, or the line feed.
template <bool isBlankSeparated> struct Parser {
    XentTableRows *const rows;
    const uint8_t *const end;
    const uint8_t delimiter;
    const bool assumesNoLineFeedsInRecords;
    /// Facts about the current record: it, or the bytes right after it, may have a NUL or a byte that is not ASCII; its line feeds in
    /// quotes; the bytes of its texts.
    bool isSuspect = false;
    size_t lineFeedCount = 0;
    uint64_t textByteCount = 0;
    uint64_t textWordCount = 0;
    uint64_t tokenCount = 0;

    bool isSpace(uint8_t byte) const { return !isBlankSeparated && (byte == ' ' || (byte == '\t' && byte != delimiter)); }

    bool isDelimiter(uint8_t byte) const { return byte == delimiter || (isBlankSeparated && byte == '\t'); }

    /// The delimiters and line feeds of a block.
    unsigned stops(const Block &block) const {
        if constexpr (isBlankSeparated) return block.equal(' ', '\t') | block.equal('\n');
        return block.equal(delimiter, '\n');
    }

    const uint8_t *pastSpaces(const uint8_t *next) const {
        while (isSpace(*next)) next++;
        return next;
    }

    /// Returns the delimiter or line feed at `next`. A carriage return before the line feed is passed over, and so are further blanks.
    const uint8_t *fieldEnd(const uint8_t *next) const {
        if constexpr (isBlankSeparated) {
            const uint8_t *after = next;
            while (isDelimiter(*after)) after++;
            if (*after == '\n') return after;
            if (*after == '\r' && after[1] == '\n') return after + 1;
            return after > next ? after - 1 : nullptr;
        }
        if (*next == delimiter || *next == '\n') return next;
        if (*next == '\r' && next[1] == '\n') return next + 1;
        return nullptr;
    }

    /// Returns the quote that closes the field opened before `next`.
    const uint8_t *closingQuote(const uint8_t *next, size_t &doubledCount) {
        while (next < end) {
            const Block block(next);
            isSuspect = isSuspect || block.suspect() != 0;
            const unsigned stops = block.equal('"', '\n');
            if (stops == 0) {
                next += Block::byteCount;
                continue;
            }
            next += lowestBit(stops);
            if (next >= end) return nullptr;
            if (*next == '\n') {
                if (assumesNoLineFeedsInRecords) return nullptr;
                lineFeedCount++;
                next++;
            } else if (next[1] == '"') {
                doubledCount++;
                next += 2;
            } else {
                return next;
            }
        }
        return nullptr;
    }

    /// Returns the end of a field that begins with a quote.
    const uint8_t *skipQuoted(const uint8_t *next) {
        size_t doubledCount = 0;
        const uint8_t *closing = closingQuote(next + 1, doubledCount);
        return closing ? fieldEnd(pastSpaces(closing + 1)) : nullptr;
    }

    /// Returns the first blank or line feed of a field without quotes.
    const uint8_t *unquotedEnd(const uint8_t *next) {
        while (true) {
            const Block block(next);
            const unsigned stops = this->stops(block);
            isSuspect = isSuspect || block.suspect() != 0;
            if (stops != 0) return next + lowestBit(stops);
            next += Block::byteCount;
        }
    }

    /// Skips fields, and returns the end of the last one.
    const uint8_t *skip(const uint8_t *next, uint32_t count) {
        while (true) {
            if (*next == '"') {
                next = skipQuoted(next);
                if (!next || --count == 0) return next;
                if (*next == '\n') return nullptr;
                next++;
                continue;
            }
            if constexpr (isBlankSeparated) {
                next = fieldEnd(unquotedEnd(next));
                if (--count == 0) return next;
                if (*next == '\n') return nullptr;
                next++;
                continue;
            }
            // All fields without quotes that follow one another. A quote within a field is an ordinary byte.
            while (true) {
                const Block block(next);
                unsigned stops = this->stops(block);
                isSuspect = isSuspect || block.suspect() != 0;
                bool isQuoteNext = false;
                while (stops != 0) {
                    const uint8_t *stop = next + lowestBit(stops);
                    if (--count == 0) return stop;
                    if (*stop == '\n') return nullptr;
                    if (stop[1] == '"') {
                        next = stop + 1;
                        isQuoteNext = true;
                        break;
                    }
                    stops &= stops - 1;
                }
                if (isQuoteNext) break;
                next += Block::byteCount;
            }
        }
    }

    /// Returns the beginning of a field's content, after a quote, if there is one, and spaces.
    const uint8_t *pastOpening(const uint8_t *next, bool &isQuoted) const {
        isQuoted = *next == '"';
        return pastSpaces(isQuoted ? next + 1 : next);
    }

    /// Returns the end of a field, after spaces and the quote that closes it, if it has one.
    const uint8_t *pastClosing(const uint8_t *next, bool isQuoted) const {
        next = pastSpaces(next);
        if (isQuoted) {
            if (*next != '"') return nullptr;
            next = pastSpaces(next + 1);
        }
        return fieldEnd(next);
    }

    const uint8_t *number(const uint8_t *next, double &value) const {
        // Nearly all numbers are short.
        if (const uint8_t *found = parseShortNumber(next, value); found && (isDelimiter(*found) || *found == '\n')) {
            return isBlankSeparated ? fieldEnd(found) : found;
        }
        bool isQuoted;
        next = parseAnyNumber(pastOpening(next, isQuoted), end, value);
        if (!next) return nullptr;
        return *next == delimiter && !isQuoted && !isBlankSeparated ? next : pastClosing(next, isQuoted);
    }

    /// Reads columns of numbers, the most frequent work. Returns the end of the last one.
    const uint8_t *numbers(const uint8_t *next, double *values, uint32_t count) const {
        for (const uint8_t *block = next;; block += 64) {
            // All ends of fields at once, so that no number waits for the one before it.
            uint64_t stops = mask64(block, [this](Block block) { return this->stops(block); });
            while (stops != 0) {
                const uint8_t *const stop = block + lowestBit(stops);
                stops &= stops - 1;
                if (isBlankSeparated && next == stop && *stop != '\n') {
                    // One blank more between two fields.
                    next++;
                    continue;
                }
                const auto fieldEnd = [this, stop] { return isBlankSeparated ? this->fieldEnd(stop) : stop; };
                if (!parseNumberBefore(rows->text, next, stop, *values) && number(next, *values) != fieldEnd()) return nullptr;
                if (--count == 0) return fieldEnd();
                if (*stop == '\n') return nullptr;
                values++;
                next = stop + 1;
            }
        }
    }

    /// Reads a number, or `true` or `false`.
    const uint8_t *target(const uint8_t *next, double &value) {
        // 2^53 may have been 2^53 + 1. The parser of single records, which writes messages, handles it.
        if (const uint8_t *found = number(next, value)) return value < 0x1p53 && value > -0x1p53 ? found : nullptr;
        Field field;
        if (!find(next, field)) return nullptr;
        const bool isTrue = is(field, "true");
        if (!isTrue && !is(field, "false")) return nullptr;
        value = isTrue ? 1 : 0;
        return field.end;
    }

    /// Returns true if the field is this word, in any case.
    static bool is(const Field &field, const char *word) {
        const size_t length = std::strlen(word);
        if (field.last - field.first != static_cast<ptrdiff_t>(length)) return false;
        for (size_t place = 0; place < length; place++) {
            if ((field.first[place] | 0x20) != static_cast<uint8_t>(word[place])) return false;
        }
        return true;
    }

    /// Finds the content and the end of a field.
    bool find(const uint8_t *next, Field &field) {
        if (*next == '"') {
            size_t doubledCount = 0;
            const uint8_t *closing = closingQuote(next + 1, doubledCount);
            if (!closing || doubledCount != 0) return false;
            field.first = next + 1;
            field.last = closing;
            field.end = fieldEnd(pastSpaces(closing + 1));
            if (!field.end) return false;
        } else {
            field.first = next;
            while (!isDelimiter(*next) && *next != '\n') {
                if (*next == '"') return false;
                isSuspect = isSuspect || static_cast<int8_t>(*next) < 1;
                next++;
            }
            field.end = isBlankSeparated ? fieldEnd(next) : next;
            field.last = *next == '\n' && next > field.first && next[-1] == '\r' ? next - 1 : next;
        }
        while (field.first < field.last && isSpace(*field.first)) field.first++;
        while (field.first < field.last && isSpace(field.last[-1])) field.last--;
        return true;
    }

    /// Reads digits with a sign or without, and perhaps zeros after a point: the form of most class indices.
    const uint8_t *classIndex(const uint8_t *next, int64_t &label) const {
        bool isQuoted;
        next = pastOpening(next, isQuoted);
        const bool isNegative = *next == '-';
        if (isNegative || *next == '+') next++;
        const uint8_t *const first = next;
        int64_t magnitude = 0;
        while (isDigit(*next) && next - first < 18) magnitude = magnitude * 10 + (*next++ - '0');
        if (next == first) return nullptr;
        if (*next == '.') {
            do next++;
            while (*next == '0');
        }
        label = isNegative ? -magnitude : magnitude;
        return pastClosing(next, isQuoted);
    }

    const uint8_t *className(const uint8_t *next, int64_t &label) {
        Field field;
        if (!find(next, field)) return nullptr;
        label = xentClassIndex(rows->names, field.first, static_cast<size_t>(field.last - field.first));
        return label == INT64_MIN ? nullptr : field.end;
    }

    void addWords(const uint8_t *first, const uint8_t *last) {
        if (rows->countsWordsOfTexts) textWordCount += wordCount(first, static_cast<size_t>(last - first));
    }

    /// Reads a whole number from 0 to 2^53 - 1. The parser of single records handles all others.
    const uint8_t *count(const uint8_t *next, uint64_t &count) {
        double number;
        next = this->number(next, number);
        if (!next || !(number >= 0 && number < 0x1p53) || number != static_cast<double>(static_cast<uint64_t>(number))) return nullptr;
        count += static_cast<uint64_t>(number);
        return next;
    }

    const uint8_t *text(const uint8_t *next) {
        if (*next == '"') {
            size_t doubledCount = 0;
            const uint8_t *closing = closingQuote(next + 1, doubledCount);
            if (!closing) return nullptr;
            textByteCount += static_cast<uint64_t>(closing - next) - 1 - doubledCount;
            addWords(next + 1, closing);
            return fieldEnd(pastSpaces(closing + 1));
        }
        if constexpr (isBlankSeparated) {
            Field field;
            if (!find(next, field)) return nullptr;
            textByteCount += static_cast<uint64_t>(field.last - field.first);
            addWords(field.first, field.last);
            return field.end;
        }
        const uint8_t *stop = skip(next, 1);
        if (!stop) return nullptr;
        textByteCount += static_cast<uint64_t>(stop - next) - (*stop == '\n' && stop > next && stop[-1] == '\r' ? 1 : 0);
        addWords(next, stop);
        return stop;
    }

    const uint8_t *step(const XentTableStep &step, const uint8_t *next, size_t row) {
        switch (step.kind) {
        case XentStepSkip: return skip(next, step.count);
        case XentStepValues: return numbers(next, rows->values + row * rows->valuesPerRow + step.index, step.count);
        case XentStepTarget: return target(next, rows->targets[row * rows->targetsPerRow + step.index]);
        case XentStepWeight: return this->number(next, rows->weights[row]);
        case XentStepClassIndex: return classIndex(next, rows->classLabels[row]);
        case XentStepClassName: return className(next, rows->classLabels[row]);
        case XentStepClassIndexOrName: {
            const uint8_t *found = classIndex(next, rows->classLabels[row]);
            return found ? found : className(next, rows->classLabels[row]);
        }
        case XentStepByteCount: return count(next, textByteCount);
        case XentStepWordCount: return count(next, textWordCount);
        case XentStepTokenCount: return count(next, tokenCount);
        case XentStepText: return text(next);
        case XentStepIdentifier: {
            Field field;
            if (!find(next, field)) return nullptr;
            rows->identifiers[row * rows->identifiersPerRow + step.index] =
                identifierHash(field.first, static_cast<size_t>(field.last - field.first));
            return field.end;
        }
        default: return nullptr;
        }
    }

    /// Parses a record, and returns the beginning of the next.
    const uint8_t *record(const uint8_t *next, size_t row) {
        if constexpr (isBlankSeparated) {
            while (isDelimiter(*next)) next++;
        }
        const XentTableStep *const last = rows->steps + rows->stepCount - 1;
        for (const XentTableStep *current = rows->steps;; current++) {
            next = step(*current, next, row);
            if (!next) return nullptr;
            if (current == last) return *next == '\n' ? next + 1 : nullptr;
            if (*next == '\n') return nullptr;
            next++;
        }
    }
};

/// Does the work of `xentParseRows`.
template <bool isBlankSeparated> int32_t parseRows(XentTableRows *rows) {
    const uint8_t *const textEnd = rows->text + rows->byteCount;
    Parser<isBlankSeparated> parser{rows, rows->text + rows->lineFeedEnd, rows->delimiter, rows->assumesNoLineFeedsInRecords};
    const uint8_t *next = rows->text + rows->byteOffset;
    size_t line = rows->line, row = rows->rowCount;
    int32_t stop;
    while (true) {
        if (next == textEnd) {
            stop = XentStopEnd;
            break;
        }
        if (*next <= ' ') {
            const uint8_t *lineEnd;
            if (isBlankLine(next, textEnd, rows->delimiter, true, &lineEnd)) {
                next = lineEnd;
                line++;
                continue;
            }
        }
        if (row == rows->rowCapacity) {
            stop = XentStopFull;
            break;
        }
        if (next >= parser.end) {
            stop = XentStopRecord;
            break;
        }
        parser.isSuspect = false;
        parser.lineFeedCount = 0;
        parser.textByteCount = 0;
        parser.textWordCount = 0;
        parser.tokenCount = 0;
        const uint8_t *const found = parser.record(next, row);
        if (!found) {
            stop = XentStopRecord;
            break;
        }
        if (parser.isSuspect && rows->checksBytes) {
            stop = XentStopBytes;
            break;
        }
        rows->lines[row] = static_cast<uint32_t>(line);
        if (rows->byteCounts) rows->byteCounts[row] = parser.textByteCount;
        if (rows->wordCounts) rows->wordCounts[row] = parser.textWordCount;
        if (rows->tokenCounts) rows->tokenCounts[row] = parser.tokenCount;
        line += 1 + parser.lineFeedCount;
        row++;
        next = found;
    }
    rows->byteOffset = static_cast<size_t>(next - rows->text);
    rows->line = line;
    rows->rowCount = row;
    return stop;
}

} // namespace

int32_t xentParseRows(XentTableRows *rows) { return rows->delimiter == ' ' ? parseRows<true>(rows) : parseRows<false>(rows); }

uint64_t xentWordCount(const uint8_t *text, size_t byteCount) { return xent::wordCount(text, byteCount); }

uint64_t xentIdentifierHash(const uint8_t *text, size_t byteCount) { return xent::identifierHash(text, byteCount); }

uint64_t xentNameHash(const uint8_t *name, size_t byteCount) {
    // FNV-1a with its upper half folded in, since the lower bits give the place.
    uint64_t hash = 0xCBF29CE484222325;
    for (size_t place = 0; place < byteCount; place++) hash = (hash ^ name[place]) * 0x100000001B3;
    return hash ^ hash >> 32;
}

int64_t xentClassIndex(const XentClassNames *names, const uint8_t *name, size_t byteCount) {
    const uint64_t mask = names->placeCount - 1;
    for (uint64_t place = xentNameHash(name, byteCount) & mask;; place = (place + 1) & mask) {
        const uint32_t number = names->places[place];
        if (number == 0) return INT64_MIN;
        const uint32_t start = names->offsets[number - 1];
        if (names->offsets[number] - start == byteCount && std::memcmp(names->bytes + start, name, byteCount) == 0) {
            return names->classIndices[number - 1];
        }
    }
}
