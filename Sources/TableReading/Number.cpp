#include "Number.h"

#include "TableReading.h"

bool xentParseNumber(const uint8_t *bytes, size_t byteCount, double *value) {
    // Without the checks fast_float would take a sign `+`, `inf` and `nan`.
    size_t digits = byteCount > 0 && bytes[0] == '-' ? 1 : 0;
    if (digits >= byteCount || !(xent::isDigit(bytes[digits]) || bytes[digits] == '.')) return false;
    const auto *first = reinterpret_cast<const char *>(bytes);
    const auto result = fast_float::from_chars(first, first + byteCount, *value);
    return result.ptr == first + byteCount && (result.ec == std::errc() || result.ec == std::errc::result_out_of_range);
}
