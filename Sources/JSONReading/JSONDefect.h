// Conversion of simdjson's errors to JSONDefect….
#ifndef XENT_JSON_DEFECT_H
#define XENT_JSON_DEFECT_H

#include "JSONReading.h"
#include "JSONToken.h"

#include <vector>

namespace json_reading {

inline int32_t defect(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return JSONDefectNone;
    case simdjson::EMPTY: return JSONDefectEmpty;
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return JSONDefectOpenBrackets;
    case simdjson::UNCLOSED_STRING: return JSONDefectOpenString;
    case simdjson::UTF8_ERROR: return JSONDefectUTF8;
    case simdjson::UNESCAPED_CHARS: return JSONDefectControlCharacter;
    case simdjson::TRAILING_CONTENT: return JSONDefectTrailing;
    case simdjson::DEPTH_ERROR: return JSONDefectDepth;
    case simdjson::CAPACITY: case simdjson::MEMALLOC: case simdjson::INSUFFICIENT_PADDING: return JSONDefectCapacity;
    default: return JSONDefectSyntax;
    }
}

/// Begins to read a text, with simdjson's first stage over all of it.
inline int32_t iterate(
    simdjson::ondemand::parser &parser, const char *text, size_t byteCount, simdjson::ondemand::document &document
) {
    if (parser.capacity() < byteCount) {
        // Grows as vectors do: otherwise each record a little longer than the last would be an allocation.
        size_t capacity = 4096;
        while (capacity < byteCount) capacity *= 2;
        // simdjson counts in 32 bits.
        if (capacity > UINT32_MAX - 64) capacity = byteCount;
        if (const auto error = parser.allocate(capacity)) return defect(error);
    }
    return defect(parser.iterate(text, byteCount, byteCount + simdjson::SIMDJSON_PADDING).get(document));
}

/// Returns the offset that the reading has reached.
inline size_t currentOffset(simdjson::ondemand::document &document, const char *text, size_t byteCount) {
    const char *location;
    if (document.current_location().get(location)) return byteCount;
    return location < text || location > text + byteCount ? byteCount : size_t(location - text);
}

/// Distinguishes a text that was cut short, one that goes on after its end, and one with a fault inside: simdjson's errors for them are
/// much the same. `byteOffset` is the place of the fault if it is not the text's end. Linear; only for texts with a defect.
inline int32_t refine(int32_t defect, const char *text, size_t byteCount, size_t &byteOffset) {
    if (defect != JSONDefectOpenBrackets && defect != JSONDefectSyntax) return defect;
    std::vector<char> open;
    bool isOpened = false;
    for (size_t index = 0; index < byteCount; index++) {
        const char byte = text[index];
        if (isSpace(byte)) continue;
        if (isOpened && open.empty()) {
            byteOffset = index;
            return JSONDefectTrailing;
        }
        switch (byte) {
        case '"':
            index = size_t(tokenEnd(text + index, text + byteCount) - text) - 1;
            break;
        case '{': case '[':
            open.push_back(byte == '{' ? '}' : ']');
            isOpened = true;
            break;
        case '}': case ']':
            if (open.empty() || open.back() != byte) {
                byteOffset = index;
                return JSONDefectSyntax;
            }
            open.pop_back();
            break;
        default: break;
        }
    }
    if (open.empty()) return JSONDefectSyntax;
    // Cut short, unless there is a fault before the end.
    if (defect == JSONDefectSyntax && byteOffset < byteCount) return defect;
    byteOffset = byteCount;
    return JSONDefectOpenBrackets;
}

}  // namespace json_reading

#endif
