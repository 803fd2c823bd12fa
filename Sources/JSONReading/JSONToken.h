// Single values as they are written in the text.
#ifndef XENT_JSON_TOKEN_H
#define XENT_JSON_TOKEN_H

#define SIMDJSON_EXCEPTIONS 0
#include <IdentifierHash.h>
#include <Number.h>
#include <WordCount.h>
#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <system_error>

namespace json_reading {

inline bool isDigit(char byte) { return uint8_t(byte - '0') < 10; }

inline bool isSpace(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

/// Returns true if a bare value may end before this byte.
inline bool endsToken(const char *position, const char *end) {
    if (position >= end) return true;
    switch (*position) {
    case ' ': case '\t': case '\n': case '\r': case ',': case ']': case '}': case ':': case '[': case '{': return true;
    default: return false;
    }
}

/// Returns true if the bare value at `token` is exactly `word`.
inline bool isWord(const char *token, const char *end, const char *word) {
    const size_t length = strlen(word);
    return size_t(end - token) >= length && memcmp(token, word, length) == 0 && endsToken(token + length, end);
}

/// Parses a decimal number by fast_float: correctly rounded, and infinite or 0 beyond the range. Returns its end, or null.
inline const char *parseDecimal(const char *first, const char *end, double &value) {
    const auto result = fast_float::from_chars(first, end, value);
    // Newer versions say that a value is out of range, and give it all the same.
    if (result.ec != std::errc() && result.ec != std::errc::result_out_of_range) return nullptr;
    return result.ptr;
}

/// Parses the number of JSON at the beginning of a text. Returns its end, or null.
///
/// A number of up to 18 digits without an exponent is a quotient. If Float64 holds the digits without the point exactly, and the power of
/// ten as well, the quotient is rounded once (Clinger 1990). fast_float reads all other numbers. It takes more than JSON does (01, .5, 1.,
/// inf), so this function checks the grammar.
inline const char *parseNumberPrefix(const char *token, const char *end, double &value) {
    const bool isNegative = *token == '-';
    const char *const digits = token + isNegative;
    const char *position = digits;
    uint64_t number = 0;
    while (position < end && isDigit(*position)) number = number * 10 + uint64_t(*position++ - '0');
    if (position == digits || (*digits == '0' && position > digits + 1)) return nullptr;
    size_t digitCount = size_t(position - digits), fractionDigitCount = 0;
    if (position < end && *position == '.') {
        const char *const fraction = ++position;
        if (end - position >= 8) {
            uint64_t bytes;
            memcpy(&bytes, position, sizeof bytes);
            if (xent::leadingDigitCount(bytes) == 8) {
                number = number * 100000000 + xent::eightDigits(bytes);
                position += 8;
            }
        }
        while (position < end && isDigit(*position)) number = number * 10 + uint64_t(*position++ - '0');
        if (position == fraction) return nullptr;
        fractionDigitCount = size_t(position - fraction);
        digitCount += fractionDigitCount;
    }
    // Beyond 18 digits `number` may have overflowed, and is not used.
    const bool hasExponent = position < end && (*position | 0x20) == 'e';
    if (digitCount <= 18 && !hasExponent && xent::makeExactNumber(number, -int64_t(fractionDigitCount), value)) {
        value = xent::withSign(value, isNegative);
        return position;
    }
    return parseDecimal(token, end, value);
}

/// Parses a bare value that is a number of JSON.
inline bool parseNumber(const char *token, const char *end, double &value) {
    const char *after = parseNumberPrefix(token, end, value);
    return after && endsToken(after, end);
}

/// Parses the words for values that are not finite, which Python's json writes without quotes.
inline bool parseNonFinite(const char *token, const char *end, double &value) {
    if (isWord(token, end, "NaN")) {
        value = __builtin_nan("");
    } else if (isWord(token, end, "Infinity")) {
        value = __builtin_inf();
    } else if (isWord(token, end, "-Infinity")) {
        value = -__builtin_inf();
    } else {
        return false;
    }
    return true;
}

/// Parses a text that is a number but for white space around it, as Python's float does: also +1, .5, 1., inf, NaN.
inline bool parseWholeText(std::string_view text, double &value) {
    const char *first = text.data(), *end = first + text.size();
    while (first < end && isSpace(*first)) first++;
    while (first < end && isSpace(end[-1])) end--;
    if (first < end && *first == '+') {
        first++;
        if (first < end && *first == '-') return false;
    }
    // fast_float accepts C's text in brackets after nan.
    return first < end && end[-1] != ')' && parseDecimal(first, end, value) == end;
}

/// Returns the bits of the hash of an identifier.
inline int64_t identifier(std::string_view text) {
    const uint64_t hash = xent::identifierHash(reinterpret_cast<const uint8_t *>(text.data()), text.size());
    int64_t bits;
    memcpy(&bits, &hash, sizeof bits);
    return bits;
}

/// Returns the end of a value, for messages.
inline const char *tokenEnd(const char *token, const char *end) {
    if (*token == '"') {
        for (const char *byte = token + 1; byte < end; byte++) {
            if (*byte == '\\') byte++;
            else if (*byte == '"') return byte + 1;
        }
        return end;
    }
    while (!endsToken(token, end)) token++;
    return token;
}

}  // namespace json_reading

#endif
