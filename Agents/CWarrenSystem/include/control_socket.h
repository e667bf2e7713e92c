#pragma once
#include <stddef.h>
#include <sys/types.h>

/* Descriptors that travel beside one message. */
enum { WARREN_MOST_DESCRIPTORS = 8 };

/* sendmsg(2) without SIGPIPE; the descriptors, at most WARREN_MOST_DESCRIPTORS, travel beside the first byte. */
ssize_t warren_send(int socket, const void *bytes, size_t length, const int *descriptors, size_t count);
/* recvmsg(2); `descriptors`, with room for WARREN_MOST_DESCRIPTORS, become those that came along (close-on-exec, the caller's to
 * close), `*count` of them. More than fit are closed, all of them. */
ssize_t warren_receive(int socket, void *bytes, size_t capacity, int *descriptors, size_t *count);
/* The user and the process at the other end of a unix socket, as the kernel vouches (SO_PEERCRED). */
int warren_peer_credentials(int socket, uid_t *user, pid_t *process);
/* A listening unix stream socket at `path`, mode 0600, close-on-exec and non-blocking; a stale one there is replaced. */
int warren_control_listen(const char *path);
/* Connects to the unix stream socket at `path`. */
int warren_control_connect(const char *path);
/* accept4(2), close-on-exec and non-blocking. */
int warren_control_accept(int listener);
