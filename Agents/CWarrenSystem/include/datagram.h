#pragma once
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* An IPv4 or IPv6 address in network order; `family` is AF_INET or AF_INET6. */
struct warren_address {
    int family;
    uint8_t bytes[16];
    uint16_t port; /* host order */
};

/* A non-blocking UDP socket on the wildcard address of `family`, which tells each datagram's local address; IPv6 sockets
 * take IPv6 alone. Needs root for a port below 1024 and for its large buffers. */
int warren_datagram_socket(int family, uint16_t port);
/* The same for one of several sockets of that port, all of the same user. The kernel gives a datagram to the first until
 * `warren_steer_by_spi` says otherwise. */
int warren_shared_datagram_socket(int family, uint16_t port);
/* Of the sockets that share this one's port, counted in the order in which they were bound: from now on the kernel gives a datagram
 * to that which the first 32 bits of its payload name under `mask`, and to the first where there is none of that number. */
int warren_steer_by_spi(int descriptor, uint32_t mask, uint32_t count);
/* A socket like these, of a port that the kernel chooses, that sends and is given no datagrams. */
int warren_sending_socket(int family);
/* One datagram with the address it came from and the local address it came to (its port is left 0). Returns its length, or
 * -1 with errno; a datagram longer than `capacity` is dropped with EMSGSIZE. */
ssize_t warren_datagram_receive(
    int socket, void *bytes, size_t capacity, struct warren_address *source, struct warren_address *destination);
/* Sends one datagram from the local address `source` (its port is the socket's); the kernel chooses where it is all zero. */
ssize_t warren_datagram_send(
    int socket, const void *bytes, size_t length, const struct warren_address *source, const struct warren_address *destination);
/* Whether the kernel has the address, so that a socket can be bound to it: 1, or 0; -1 when that could not be found out. */
int warren_is_own_address(const struct warren_address *address);
