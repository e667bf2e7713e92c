#pragma once

/* Runs `body` in the network namespace of `path` (NULL: in the caller's), on a thread of its own, for setns(2) moves a
 * thread for good. Returns what `body` returned, errno as it left it; -1 when the namespace cannot be entered. */
int warren_in_network_namespace(const char *path, int (*body)(const void *), const void *argument);
/* Writes `text` to the file `path`, as seen in that network namespace: /proc/sys/net differs between them. */
int warren_write_in_network_namespace(const char *namespace_path, const char *path, const char *text);
