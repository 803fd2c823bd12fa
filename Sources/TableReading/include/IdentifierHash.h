// Hashes by which identifiers of rows are compared.
#ifndef XENT_IDENTIFIER_HASH_H
#define XENT_IDENTIFIER_HASH_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace xent {

/// Mixes two words by the halves of their product, as wyhash does (Wang Yi, 2019).
inline uint64_t mixedProduct(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// Returns the hash of an identifier as it is written; 0 for an empty one, and for no other. Two identifiers of rows that were paired
/// wrongly are taken for equal once in 2^64 times.
///
/// A whole number with zeros after its point has the hash of the whole number: pandas writes 7.0 where another row's is missing.
inline uint64_t identifierHash(const uint8_t *text, size_t byteCount) {
    if (byteCount == 0) return 0;
    size_t digits = text[0] == '-' ? 1 : 0;
    const size_t first = digits;
    while (digits < byteCount && text[digits] >= '0' && text[digits] <= '9') digits++;
    if (digits > first && digits + 1 < byteCount && text[digits] == '.') {
        size_t zeros = digits + 1;
        while (zeros < byteCount && text[zeros] == '0') zeros++;
        if (zeros == byteCount) byteCount = digits;
    }
    uint64_t hash = 0xA0761D6478BD642F ^ byteCount;
    while (byteCount > 0) {
        uint64_t word = 0;
        const size_t count = byteCount < 8 ? byteCount : 8;
        memcpy(&word, text, count);
        hash = mixedProduct(hash ^ word, 0xE7037ED1A0B428DB);
        text += count;
        byteCount -= count;
    }
    hash = mixedProduct(hash ^ 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3);
    return hash == 0 ? 1 : hash;
}

} // namespace xent

#endif
