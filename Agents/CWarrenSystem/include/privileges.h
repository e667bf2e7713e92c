#pragma once
#include <sys/types.h>

/* Gives up root for good: groups, user, every capability (the bounding set too), core dumps, and the way back through
 * set-user-id programs. Returns 0, or -1 with errno when any of it did not take or did not stick; then exit. */
int warren_drop_privileges(uid_t user, gid_t group);
/* From now on every thread gets EPERM for the system calls that a packet forwarder never makes (seccomp(2)): starting
 * programs, tracing, mounting, namespaces, modules, keys, the clock. Calls of another architecture's numbering end the process. */
int warren_deny_system_calls(void);
/* The user `name` (getpwnam_r). Returns 0, or -1 when there is none. */
int warren_find_user(const char *name, uid_t *user, gid_t *group);
/* A descriptor that reads signals SIGTERM and SIGINT, which are blocked in the calling thread and its later children. */
int warren_termination_signals(void);
