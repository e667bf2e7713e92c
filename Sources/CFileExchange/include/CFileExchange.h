#ifndef WARREN_FILE_EXCHANGE_H
#define WARREN_FILE_EXCHANGE_H

/* Exchanges two files or folders of one file system in one step (rename(2), RENAME_EXCHANGE), which Swift's view of the C
   library hides. 0, or -1 and errno. */
int warren_exchange_files(const char *first, const char *second);

#endif
