#ifndef WARREN_POWER_CUT_H
#define WARREN_POWER_CUT_H

#include <stdint.h>

/* What SQLite asks of the disk, one call each. */
enum warren_disk_call {
    WARREN_DISK_CREATE = 1, /* the file came to be */
    WARREN_DISK_WRITE = 2,
    WARREN_DISK_TRUNCATE = 3, /* to `offset` bytes */
    WARREN_DISK_SYNC = 4,
    WARREN_DISK_DELETE = 5, /* `length` is 1 when the folder was flushed as well */
};

/* Told of each call that succeeded, before SQLite hears of it. `bytes` are valid only meanwhile. May be called from several
   threads. */
typedef void (*warren_disk_observer)(int32_t call, const char *path, int64_t offset, const void *bytes, int64_t length);

/* Makes an observing copy of the default VFS the process's default VFS; only files whose path contains `part` are told of.
   To be called once, before the first database is opened. 0, or an SQLite error. */
int warren_observe_disk(const char *part, warren_disk_observer observer);

#endif
