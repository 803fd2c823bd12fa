// The grammar of single values that nobody wants, without their values.
#ifndef XENT_JSON_GRAMMAR_H
#define XENT_JSON_GRAMMAR_H

#include "JSONToken.h"

namespace json_reading {

/// Returns true if each backslash between the quotes of a string begins an escape of JSON. A text without one costs a search for it.
inline bool hasValidEscapes(const char *first, const char *last) {
    const char *next = first;
    while (next < last) {
        next = static_cast<const char *>(memchr(next, '\\', size_t(last - next)));
        if (!next) return true;
        if (++next == last) return false;
        switch (*next) {
        case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
            next++;
            break;
        case 'u':
            if (last - next < 5) return false;
            for (int place = 1; place <= 4; place++) {
                if (!isDigit(next[place]) && uint8_t((next[place] | 0x20) - 'a') >= 6) return false;
            }
            next += 5;
            break;
        default: return false;
        }
    }
    return true;
}

/// Returns the end of a number, or of a word for a truth value, a null or a number that is not finite; null for anything else.
inline const char *validBareEnd(const char *token, const char *end) {
    const auto wordEnd = [token, end](const char *word) -> const char * {
        return isWord(token, end, word) ? token + strlen(word) : nullptr;
    };
    switch (*token) {
    case 't': return wordEnd("true");
    case 'f': return wordEnd("false");
    case 'n': return wordEnd("null");
    case 'N': return wordEnd("NaN");
    case 'I': return wordEnd("Infinity");
    default: break;
    }
    const char *next = token + (*token == '-');
    if (next < end && *next == 'I') return wordEnd("-Infinity");
    const char *const digits = next;
    while (next < end && isDigit(*next)) next++;
    if (next == digits || (*digits == '0' && next > digits + 1)) return nullptr;
    if (next < end && *next == '.') {
        const char *const fraction = ++next;
        while (next < end && isDigit(*next)) next++;
        if (next == fraction) return nullptr;
    }
    if (next < end && (*next | 0x20) == 'e') {
        next++;
        if (next < end && (*next == '+' || *next == '-')) next++;
        const char *const exponent = next;
        while (next < end && isDigit(*next)) next++;
        if (next == exponent) return nullptr;
    }
    return endsToken(next, end) ? next : nullptr;
}

}  // namespace json_reading

#endif
