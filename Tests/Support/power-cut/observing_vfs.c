#include "CPowerCut.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A VFS in front of the real one: every call goes on to that, and those that change a file are told of. */

typedef struct {
    sqlite3_file base;
    const char *path; /* NULL: not observed */
    sqlite3_file *real;
} observed_file;

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;
static const char *observed_part;
static warren_disk_observer observe;

static int is_observed(const char *path) { return path != NULL && strstr(path, observed_part) != NULL; }
static sqlite3_file *real(sqlite3_file *file) { return ((observed_file *)file)->real; }
static void tell(sqlite3_file *file, int call, int64_t offset, const void *bytes, int64_t length) {
    const char *path = ((observed_file *)file)->path;
    if (path != NULL) observe(call, path, offset, bytes, length);
}

static int file_close(sqlite3_file *file) {
    int code = real(file)->pMethods->xClose(real(file));
    free((void *)((observed_file *)file)->path);
    ((observed_file *)file)->path = NULL;
    return code;
}
static int file_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), bytes, length, offset);
}
static int file_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset) {
    int code = real(file)->pMethods->xWrite(real(file), bytes, length, offset);
    if (code == SQLITE_OK) tell(file, WARREN_DISK_WRITE, offset, bytes, length);
    return code;
}
static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int code = real(file)->pMethods->xTruncate(real(file), size);
    if (code == SQLITE_OK) tell(file, WARREN_DISK_TRUNCATE, size, NULL, 0);
    return code;
}
static int file_sync(sqlite3_file *file, int flags) {
    int code = real(file)->pMethods->xSync(real(file), flags);
    if (code == SQLITE_OK) tell(file, WARREN_DISK_SYNC, 0, NULL, 0);
    return code;
}
static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int file_lock(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int file_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int file_reserved(sqlite3_file *file, int *result) { return real(file)->pMethods->xCheckReservedLock(real(file), result); }
static int file_control(sqlite3_file *file, int operation, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
static int file_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int file_characteristics(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
/* The index of the log in shared memory is made anew after a crash: no call of it is told of. */
static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory) {
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
static int shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int shm_unmap(sqlite3_file *file, int deletes) { return real(file)->pMethods->xShmUnmap(real(file), deletes); }

/* Version 2: without xFetch, so that no write goes round `file_write` through mapped memory. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int vfs_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags, int *out_flags) {
    (void)self;
    observed_file *observed = (observed_file *)file;
    int is_new = is_observed(path) && access(path, F_OK) != 0;
    memset(observed, 0, sizeof *observed);
    observed->real = (sqlite3_file *)(observed + 1);
    int code = real_vfs->xOpen(real_vfs, path, observed->real, flags, out_flags);
    if (code != SQLITE_OK) return code;
    observed->path = is_observed(path) ? strdup(path) : NULL;
    file->pMethods = &methods;
    if (is_new) tell(file, WARREN_DISK_CREATE, 0, NULL, 0);
    return SQLITE_OK;
}
static int vfs_delete(sqlite3_vfs *self, const char *path, int flushes_folder) {
    (void)self;
    int code = real_vfs->xDelete(real_vfs, path, flushes_folder);
    if (code == SQLITE_OK && is_observed(path)) observe(WARREN_DISK_DELETE, path, 0, NULL, flushes_folder);
    return code;
}

int warren_observe_disk(const char *part, warren_disk_observer observer) {
    real_vfs = sqlite3_vfs_find(NULL);
    if (real_vfs == NULL) return SQLITE_ERROR;
    observed_part = strdup(part);
    observe = observer;
    vfs = *real_vfs;
    vfs.zName = "observing";
    vfs.szOsFile = (int)sizeof(observed_file) + real_vfs->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    return sqlite3_vfs_register(&vfs, 1);
}
