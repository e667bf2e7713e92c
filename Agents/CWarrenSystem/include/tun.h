#pragma once
/* TUN devices. Functions return -1 and set errno on failure. */

/* Creates the TUN device `name` in the network namespace of `namespace_path` (NULL: this one), or takes an existing one that
 * nobody serves, makes it persist, and returns a non-blocking queue of it with virtio headers. EBUSY: somebody serves it. */
int warren_tun_open(const char *name, const char *namespace_path);
