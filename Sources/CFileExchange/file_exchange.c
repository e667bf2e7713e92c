#include "CFileExchange.h"
#include <fcntl.h>
#include <stdio.h>

int warren_exchange_files(const char *first, const char *second) {
    return renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE);
}
