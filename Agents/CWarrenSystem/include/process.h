#pragma once
#include <sys/types.h>

/* Starts the program `arguments[0]` (an absolute path) with these arguments and environment (both end in NULL), descriptors
 * 0, 1 and 2 as given and no others; `new_session` makes it the leader of a session of its own. Returns the process's id, or -1. */
pid_t warren_spawn(char *const arguments[], char *const environment[], int input, int output, int error, int new_session);
/* A close-on-exec descriptor that becomes readable when the process ends (pidfd_open(2)). */
int warren_process_descriptor(pid_t process);
/* Waits for a child's end. Returns its exit status, 128 + signal when one ended it, or -1 with errno. */
int warren_wait(pid_t process);
/* A close-on-exec file in memory, empty (memfd_create(2)). */
int warren_memory_file(void);
