#pragma once
#include <stddef.h>
#include <stdint.h>

// AES-GCM and ChaCha20-Poly1305 of the BoringSSL that swift-crypto brings and this program has in it anyway: for the processor's
// wide AES instructions it has code that libcrypto got only after version 3.0, and a packet costs it one call. Where swift-crypto
// builds upon another library, there is none.

struct warren_boringssl;

// AES-GCM with a key of 16 or 32 bytes, which may go away afterwards; NULL without the library, for another length, or without
// memory.
struct warren_boringssl *warren_boringssl_gcm_new(const uint8_t *key, size_t length);
// ChaCha20-Poly1305 with a key of 32 bytes, likewise.
struct warren_boringssl *warren_boringssl_chacha_new(const uint8_t *key, size_t length);
// Erases the key. NULL does nothing.
void warren_boringssl_free(struct warren_boringssl *cipher);

// Encrypts `count` bytes at `text` to `sealed`, which is the same place or apart from it, and writes the 16-byte tag behind; the
// nonce has 12 bytes. 0 when it failed.
int warren_boringssl_seal(const struct warren_boringssl *cipher, const void *nonce, const void *additional,
                          size_t additional_count, const void *text, size_t count, void *sealed);
// Decrypts in place, with the tag behind the text. 1 when the tag is right, 0 when not: then nothing may look at the bytes.
int warren_boringssl_open(const struct warren_boringssl *cipher, const void *nonce, const void *additional,
                          size_t additional_count, void *text, size_t count);
