#include "warren_boringssl.h"

#if __has_include(<CCryptoBoringSSL_aead.h>)

#include <CCryptoBoringSSL_aead.h>

enum { NONCE_LENGTH = 12, TAG_LENGTH = 16 };

static struct warren_boringssl *make(const EVP_AEAD *algorithm, const uint8_t *key, size_t length)
{
	if (length != EVP_AEAD_key_length(algorithm))
		return NULL;
	return (struct warren_boringssl *)EVP_AEAD_CTX_new(algorithm, key, length, TAG_LENGTH);
}

struct warren_boringssl *warren_boringssl_gcm_new(const uint8_t *key, size_t length)
{
	return make(length == 16 ? EVP_aead_aes_128_gcm() : EVP_aead_aes_256_gcm(), key, length);
}

struct warren_boringssl *warren_boringssl_chacha_new(const uint8_t *key, size_t length)
{
	return make(EVP_aead_chacha20_poly1305(), key, length);
}

// Memory of BoringSSL is erased when it is freed.
void warren_boringssl_free(struct warren_boringssl *cipher)
{
	if (cipher != NULL)
		EVP_AEAD_CTX_free((EVP_AEAD_CTX *)cipher);
}

int warren_boringssl_seal(const struct warren_boringssl *cipher, const void *nonce, const void *additional,
                          size_t additional_count, const void *text, size_t count, void *sealed)
{
	size_t written;
	return EVP_AEAD_CTX_seal_scatter((const EVP_AEAD_CTX *)cipher, sealed, (uint8_t *)sealed + count, &written, TAG_LENGTH, nonce,
	                                 NONCE_LENGTH, text, count, NULL, 0, additional, additional_count);
}

int warren_boringssl_open(const struct warren_boringssl *cipher, const void *nonce, const void *additional,
                          size_t additional_count, void *text, size_t count)
{
	return EVP_AEAD_CTX_open_gather((const EVP_AEAD_CTX *)cipher, text, nonce, NONCE_LENGTH, text, count,
	                                (const uint8_t *)text + count, TAG_LENGTH, additional, additional_count);
}

#else

struct warren_boringssl *warren_boringssl_gcm_new(const uint8_t *key, size_t length)
{
	(void)key, (void)length;
	return NULL;
}

struct warren_boringssl *warren_boringssl_chacha_new(const uint8_t *key, size_t length)
{
	(void)key, (void)length;
	return NULL;
}

void warren_boringssl_free(struct warren_boringssl *cipher) { (void)cipher; }

int warren_boringssl_seal(const struct warren_boringssl *cipher, const void *nonce, const void *additional,
                          size_t additional_count, const void *text, size_t count, void *sealed)
{
	(void)cipher, (void)nonce, (void)additional, (void)additional_count, (void)text, (void)count, (void)sealed;
	return 0;
}

int warren_boringssl_open(const struct warren_boringssl *cipher, const void *nonce, const void *additional,
                          size_t additional_count, void *text, size_t count)
{
	(void)cipher, (void)nonce, (void)additional, (void)additional_count, (void)text, (void)count;
	return 0;
}

#endif
