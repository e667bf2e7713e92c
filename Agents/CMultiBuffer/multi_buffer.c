#include "warren_multi_buffer.h"

#if defined(__x86_64__) && __has_include(<intel-ipsec-mb.h>)

#include <dlfcn.h>
#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#define TAG_LENGTH 16

struct warren_mb_gcm {
	struct gcm_key_data key; // Wants 64-byte alignment: first.
	struct gcm_context_data context;
	aes_gcm_enc_dec_t encrypt;
	aes_gcm_enc_dec_t decrypt;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
// Lives as long as the process. Its functions keep no state of their own beside key and context.
static IMB_MGR *manager;
static const char *version;
static int misses_wide_aes;

// The file's name tells the interface's version, with which the header must agree.
static void load(void)
{
	void *library = dlopen("libIPSec_MB.so.1", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return;
	unsigned (*number)(void) = (unsigned (*)(void))dlsym(library, "imb_get_version");
	const char *(*name)(void) = (const char *(*)(void))dlsym(library, "imb_get_version_str");
	IMB_MGR *(*allocate)(uint64_t) = (IMB_MGR *(*)(uint64_t))dlsym(library, "alloc_mb_mgr");
	void (*initialize)(IMB_MGR *, IMB_ARCH *) = (void (*)(IMB_MGR *, IMB_ARCH *))dlsym(library, "init_mb_mgr_auto");
	if (number == NULL || name == NULL || allocate == NULL || initialize == NULL || number() >> 16 != 1)
		return;
	IMB_MGR *made = allocate(0);
	if (made == NULL)
		return;
	IMB_ARCH architecture = IMB_ARCH_NONE;
	initialize(made, &architecture);
	// What it does without the processor's AES instructions is slower than libcrypto.
	if (architecture < IMB_ARCH_SSE || made->gcm128_enc == NULL || made->gcm256_enc == NULL || made->gcm128_pre == NULL ||
	    made->gcm256_pre == NULL || made->gcm128_dec == NULL || made->gcm256_dec == NULL)
		return;
	misses_wide_aes = architecture < IMB_ARCH_AVX512 && __builtin_cpu_supports("vaes") && __builtin_cpu_supports("vpclmulqdq");
	manager = made;
	version = name();
}

const char *warren_mb_version(void)
{
	pthread_once(&once, load);
	return version;
}

int warren_mb_misses_wide_aes(void)
{
	pthread_once(&once, load);
	return misses_wide_aes;
}

struct warren_mb_gcm *warren_mb_gcm_new(const uint8_t *key, size_t length)
{
	if (warren_mb_version() == NULL || (length != 16 && length != 32))
		return NULL;
	struct warren_mb_gcm *gcm;
	if (posix_memalign((void **)&gcm, 64, sizeof *gcm) != 0)
		return NULL;
	if (length == 16) {
		manager->gcm128_pre(key, &gcm->key);
		gcm->encrypt = manager->gcm128_enc;
		gcm->decrypt = manager->gcm128_dec;
	} else {
		manager->gcm256_pre(key, &gcm->key);
		gcm->encrypt = manager->gcm256_enc;
		gcm->decrypt = manager->gcm256_dec;
	}
	return gcm;
}

void warren_mb_gcm_free(struct warren_mb_gcm *gcm)
{
	if (gcm == NULL)
		return;
	OPENSSL_cleanse(gcm, sizeof *gcm);
	free(gcm);
}

void warren_mb_gcm_seal(struct warren_mb_gcm *gcm, const void *nonce, const void *additional, size_t additional_count,
                        const void *text, size_t count, void *sealed)
{
	gcm->encrypt(&gcm->key, &gcm->context, sealed, text, count, nonce, additional, additional_count, (uint8_t *)sealed + count,
	             TAG_LENGTH);
}

int warren_mb_gcm_open(struct warren_mb_gcm *gcm, const void *nonce, const void *additional, size_t additional_count,
                       void *text, size_t count)
{
	uint8_t tag[TAG_LENGTH];
	gcm->decrypt(&gcm->key, &gcm->context, text, text, count, nonce, additional, additional_count, tag, TAG_LENGTH);
	// In constant time.
	return CRYPTO_memcmp(tag, (uint8_t *)text + count, TAG_LENGTH) == 0;
}

#else

const char *warren_mb_version(void) { return NULL; }

int warren_mb_misses_wide_aes(void) { return 0; }

struct warren_mb_gcm *warren_mb_gcm_new(const uint8_t *key, size_t length)
{
	(void)key;
	(void)length;
	return NULL;
}

void warren_mb_gcm_free(struct warren_mb_gcm *gcm) { (void)gcm; }

void warren_mb_gcm_seal(struct warren_mb_gcm *gcm, const void *nonce, const void *additional, size_t additional_count,
                        const void *text, size_t count, void *sealed)
{
	(void)gcm, (void)nonce, (void)additional, (void)additional_count, (void)text, (void)count, (void)sealed;
}

int warren_mb_gcm_open(struct warren_mb_gcm *gcm, const void *nonce, const void *additional, size_t additional_count,
                       void *text, size_t count)
{
	(void)gcm, (void)nonce, (void)additional, (void)additional_count, (void)text, (void)count;
	return 0;
}

#endif
