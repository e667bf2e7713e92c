#pragma once
#include <stddef.h>
#include <stdint.h>

// AES-GCM of Intel's Multi-Buffer Crypto for IPsec, which is loaded at run time where it is installed. Built without its
// header, or on a machine without the library or the instructions that it wants, there is none.

struct warren_mb_gcm;

// The version of the library, which the first call loads; NULL when there is none. Any thread may call.
const char *warren_mb_version(void);
// Whether the processor has AES instructions for several blocks at once (VAES) that the library, as it was loaded, does not use:
// it knows those of AVX-512 alone. Any thread may call.
int warren_mb_misses_wide_aes(void);

// A key of 16 or 32 bytes, which may go away afterwards; NULL without the library, for another length, or without memory.
struct warren_mb_gcm *warren_mb_gcm_new(const uint8_t *key, size_t length);
// Erases the key. NULL does nothing.
void warren_mb_gcm_free(struct warren_mb_gcm *gcm);

// Encrypts `count` bytes at `text` to `sealed`, which is the same place or apart from it, and writes the 16-byte tag behind; the
// nonce has 12 bytes. One thread at a time for each key.
void warren_mb_gcm_seal(struct warren_mb_gcm *gcm, const void *nonce, const void *additional, size_t additional_count,
                        const void *text, size_t count, void *sealed);
// Decrypts in place, with the tag behind the text. 1 when the tag is right, 0 when not: then nothing may look at the bytes.
int warren_mb_gcm_open(struct warren_mb_gcm *gcm, const void *nonce, const void *additional, size_t additional_count,
                       void *text, size_t count);
