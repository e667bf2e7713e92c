#pragma once
#include <stddef.h>
#include <stdint.h>

/* The sum of `count` 32-bit words in the machine's byte order, at any alignment: at most 2^32 of them. */
uint64_t warren_sum_words(const void *words, size_t count);
