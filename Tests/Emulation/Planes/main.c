// Puts planes together by NEON, and compares each byte with that of a plain loop. Exit status: 0 all are the same and NEON ran; 2 if not.

#include "BytePlanes.h"
#include "System.h"

#include <stdint.h>

static uint64_t state = 43;

// Marsaglia, "Xorshift RNGs", 2003.
static uint64_t random_number(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

enum { count_limit = 600, width_limit = 16, slack = 64, untouched = 0xA5 };

int main(int argument_count, char **arguments) {
    (void)argument_count, (void)arguments;
    uint8_t *planes = arena(), *target = planes + (1 << 20);
    for (int i = 0; i < (count_limit + slack) * width_limit + slack; i++) planes[i] = (uint8_t)random_number();
    if (byte_planes_best_variant() != byte_planes_neon) leave(2);
    for (size_t width = 1; width <= width_limit; width++) {
        for (size_t count = 0; count <= count_limit; count++) {
            size_t stride = count + random_number() % slack, start = random_number() % slack, shift = random_number() % slack;
            size_t end = shift + count * width;
            for (size_t i = 0; i < end + slack; i++) target[i] = untouched;
            if (byte_planes_join(byte_planes_neon, planes + start, stride, count, width, target + shift) != byte_planes_neon) leave(2);
            for (size_t i = 0; i < end + slack; i++) {
                size_t place = i - shift;
                uint8_t expected = i < shift || i >= end ? untouched : planes[start + place % width * stride + place / width];
                if (target[i] != expected) leave(2);
            }
        }
    }
    static const char done[] = "NEON puts planes together as a plain loop does: 16 widths, 601 counts each\n";
    writeOutput(done, sizeof done - 1);
    return 0;
}
