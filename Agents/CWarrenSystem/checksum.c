#include "checksum.h"

#include <string.h>

/* The loader takes the variant that the processor can run. */
#if defined(__x86_64__) && defined(__linux__)
#define WARREN_FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define WARREN_FOR_EACH_PROCESSOR
#endif

WARREN_FOR_EACH_PROCESSOR
uint64_t warren_sum_words(const void *words, size_t count) {
    const uint8_t *bytes = words;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, bytes + 4 * i, sizeof word);
        sum += word;
    }
    return sum;
}
