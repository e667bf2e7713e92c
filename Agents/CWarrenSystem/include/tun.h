#pragma once
/* TUN devices. Functions return -1 and set errno on failure. */

/* Creates the TUN device `name` in the network namespace of `namespace_path` (NULL: this one), or takes an existing one that
 * nobody serves, makes it persist, and returns a non-blocking queue of it with virtio headers. EBUSY: somebody serves it. */
int warren_tun_open(const char *name, const char *namespace_path);
/* The same with so many queues, which are written to `queues`. The kernel gives packets to the first alone until
 * `warren_tun_queue_enable` asks for more. Returns how many there are: 1 of a device that was made with one. */
int warren_tun_open_queues(const char *name, const char *namespace_path, int *queues, int count);
/* Whether the kernel gives packets to this queue, which can be written to in either case. Its packets are lost when it is disabled. */
int warren_tun_queue_enable(int queue, int enabled);
