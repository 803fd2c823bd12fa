// Decimal numbers as Float64.
#ifndef XENT_NUMBER_H
#define XENT_NUMBER_H

#include "ByteMask.h"

#include <fast_float/fast_float.h>

namespace xent {

inline bool isDigit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// Counts the digits at the beginning of eight bytes, in the order of memory.
inline int leadingDigitCount(uint64_t bytes) {
    // A digit is 0x30 to 0x39: its upper half is 3, also after adding 6. A byte of 0xFA or more carries into the next one, which spoils
    // only the bytes after the first that is no digit.
    const uint64_t upper = 0xF0F0F0F0F0F0F0F0, three = 0x3030303030303030;
    const uint64_t others = ((bytes & upper) ^ three) | (((bytes + 0x0606060606060606) & upper) ^ three);
    return others == 0 ? 8 : __builtin_ctzll(others) >> 3;
}

/// Returns the number of eight digits, the first in memory being the highest (D. Lemire, "Quickly parsing eight digits", 2018).
inline uint64_t eightDigits(uint64_t bytes) {
    bytes -= 0x3030303030303030;
    bytes = bytes * 10 + (bytes >> 8);
    const uint64_t mask = 0x000000FF000000FF;
    return ((bytes & mask) * 0x000F424000000064 + ((bytes >> 16) & mask) * 0x0000271000000001) >> 32;
}

constexpr uint64_t integerPowersOfTen[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/// Appends the digits at `text` to a number, and returns how many there are. Reads up to 7 bytes after them. With more than 19 digits the
/// number has overflowed, modulo 2^64.
inline int appendDigits(const uint8_t *text, uint64_t &number) {
    int total = 0;
    while (true) {
        uint64_t bytes;
        std::memcpy(&bytes, text + total, sizeof bytes);
        const int count = leadingDigitCount(bytes);
        if (count == 0) return total;
        // The digits become the last of eight, with zeros before them.
        const int shift = 64 - 8 * count;
        const uint64_t digits = shift == 0 ? bytes : bytes << shift | (0x3030303030303030 >> (64 - shift));
        number = number * integerPowersOfTen[count] + eightDigits(digits);
        total += count;
        if (count < 8) return total;
    }
}

/// Makes the value of digits and a power of ten if it is a product or quotient of two exact Float64, and so is rounded once (W. Clinger,
/// "How to read floating point numbers accurately", 1990). Returns false for all other numbers.
inline bool makeExactNumber(uint64_t mantissa, int64_t exponent, double &value) {
    using Format = fast_float::binary_format<double>;
    if (mantissa > uint64_t(1) << 53 || exponent < -22 || exponent > 22) return false;
    const double exact = static_cast<double>(mantissa);
    value = exponent < 0 ? exact / Format::exact_power_of_ten(-exponent) : exact * Format::exact_power_of_ten(exponent);
    return true;
}

/// Makes the value of at most 19 digits and a power of ten (D. Lemire, "Number parsing at a gigabyte per second", 2021). Returns false if
/// 128 bits do not decide the rounding.
inline bool makeLongNumber(uint64_t mantissa, int64_t exponent, double &value) {
    const auto found = fast_float::compute_float<fast_float::binary_format<double>>(exponent, mantissa);
    if (found.power2 < 0) return false;
    fast_float::to_float(false, found, value);
    return true;
}

/// Makes the value of at most 19 digits and a power of ten, in the quicker way if that is possible.
inline bool makeNumber(uint64_t mantissa, int64_t exponent, double &value) {
    return makeExactNumber(mantissa, exponent, value) || makeLongNumber(mantissa, exponent, value);
}

/// Returns `magnitude` with a sign, without a branch, which could not be predicted.
inline double withSign(double magnitude, bool isNegative) {
    uint64_t bits;
    std::memcpy(&bits, &magnitude, sizeof bits);
    bits ^= static_cast<uint64_t>(isNegative) << 63;
    std::memcpy(&magnitude, &bits, sizeof bits);
    return magnitude;
}

/// Parses the exponent that begins at `next` with `e`, and adds it. Returns its end; null if there is none, or one of more than four
/// digits.
inline const uint8_t *parseExponent(const uint8_t *next, int64_t &exponent) {
    next++;
    const bool isNegative = *next == '-';
    next += isNegative || *next == '+' ? 1 : 0;
    const uint8_t *const first = next;
    int64_t written = 0;
    while (isDigit(*next) && next - first < 5) written = written * 10 + (*next++ - '0');
    exponent += isNegative ? -written : written;
    return next == first || next - first > 4 ? nullptr : next;
}

/// Parses a number of up to 15 digits with a point among the first eight bytes, the form of nearly all numbers, without a branch on the
/// count of digits. Returns its end; null for any other text. Always inlined: a call would take half of the time.
__attribute__((always_inline)) inline const uint8_t *parseShortNumber(const uint8_t *text, double &value) {
    const bool isNegative = *text == '-';
    const uint8_t *next = text + (isNegative | (*text == '+'));
    const unsigned others = otherThanDigits(next);
    // The digits before the point, and all digits.
    const unsigned after = others & (others - 1);
    if (after == 0) return nullptr;
    const int point = lowestBit(others), stop = lowestBit(after), count = stop - 1;
    if (point >= 8 || next[point] != '.' || count == 0) return nullptr;
    uint64_t low, high;
    std::memcpy(&low, next, sizeof low);
    std::memcpy(&high, next + 8, sizeof high);
    // Without the point, and moved up so that the digits become the last of sixteen, with zeros before them.
    const uint64_t before = (uint64_t(1) << 8 * point) - 1;
    low = (low & before) | ((low >> 8 | high << 56) & ~before);
    high >>= 8;
    const int shift = 8 * (16 - count);
    const auto digits = (static_cast<unsigned __int128>(high) << 64 | low) << shift;
    const auto zeros = (static_cast<unsigned __int128>(0x3030303030303030) << 64 | 0x3030303030303030) >> (128 - shift);
    const uint64_t mantissa = eightDigits(static_cast<uint64_t>(digits | zeros)) * 100000000
        + eightDigits(static_cast<uint64_t>((digits | zeros) >> 64));
    int64_t exponent = point - count;
    next += stop;
    if ((*next | 0x20) == 'e') {
        next = parseExponent(next, exponent);
        if (!next) return nullptr;
    }
    if (!makeExactNumber(mantissa, exponent, value) && !makeNumber(mantissa, exponent, value)) return nullptr;
    value = withSign(value, isNegative);
    return next;
}

/// Parses a number of any length, as `parseNumber` does.
__attribute__((noinline, unused)) static const uint8_t *parseAnyNumber(const uint8_t *text, const uint8_t *end, double &value) {
    const uint8_t *next = text;
    const bool isNegative = *next == '-';
    if (isNegative || *next == '+') next++;
    const uint8_t *const first = next;
    uint64_t mantissa = 0;
    // Few digits come before the point: not worth eight at a time.
    while (isDigit(*next)) mantissa = mantissa * 10 + static_cast<uint64_t>(*next++ - '0');
    ptrdiff_t digitCount = next - first;
    int64_t exponent = 0;
    if (*next == '.') {
        const int count = appendDigits(next + 1, mantissa);
        digitCount += count;
        exponent = -count;
        next += 1 + count;
    }
    if (digitCount == 0) return nullptr;
    if (digitCount > 19) {
        // Zeros before the first other digit do not count.
        for (const uint8_t *zero = first; *zero == '0' || *zero == '.'; zero++) digitCount -= *zero == '0' ? 1 : 0;
    }
    bool isShort = digitCount <= 19;
    if ((*next | 0x20) == 'e') {
        const uint8_t *const place = parseExponent(next, exponent);
        if (place) {
            next = place;
        } else {
            isShort = false;
        }
    }
    if (!isShort || !makeNumber(mantissa, exponent, value)) {
        const auto *digits = reinterpret_cast<const char *>(first);
        // Newer versions report a number out of range. Infinity and 0 are the values that strtod gives.
        const auto result = fast_float::from_chars(digits, reinterpret_cast<const char *>(end), value);
        if (result.ptr == digits) return nullptr;
        next = reinterpret_cast<const uint8_t *>(result.ptr);
    }
    value = withSign(value, isNegative);
    return next;
}

/// Parses the decimal number that begins at `text`: digits with a point, an exponent, a sign `-` or `+` before it. Returns its end; null if
/// no number begins here. At least one byte before `end` must not belong to a number; up to 16 bytes after it are read.
///
/// The value is correctly rounded, as fast_float's is.
inline const uint8_t *parseNumber(const uint8_t *text, const uint8_t *end, double &value) {
    const uint8_t *const found = parseShortNumber(text, value);
    return found ? found : parseAnyNumber(text, end, value);
}

} // namespace xent

#endif
