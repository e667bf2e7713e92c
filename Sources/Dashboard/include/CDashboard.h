#ifndef WARREN_DASHBOARD_H
#define WARREN_DASHBOARD_H

#include <stddef.h>

/* One file of the dashboard, part of the program's image: nothing is read from a disk, so no path can lead elsewhere. */
typedef struct {
    const char *name;
    const unsigned char *bytes;
    size_t length;
} warren_dashboard_file;

/* The file of that position; name is NULL behind the last. */
warren_dashboard_file warren_dashboard_file_at(size_t position);

#endif
