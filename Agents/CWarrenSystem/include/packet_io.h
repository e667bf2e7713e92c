#pragma once
/* Batches of datagrams with segmentation offload, and the offload settings of TUN queues. */
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Where a datagram goes, and from which of our addresses. */
struct warren_route {
    /* AF_INET or AF_INET6. */
    int32_t family;
    /* Network order; IPv4 in the first four bytes. All zero: the kernel chooses the source. */
    uint8_t local[16];
    uint8_t remote[16];
    /* Host order. */
    uint16_t remote_port;
};

/* Where a received datagram came from, which of our addresses it went to, and how it was put together. */
struct warren_origin {
    int32_t family;
    uint8_t local[16];
    uint8_t remote[16];
    uint16_t remote_port;
    /* TOS or traffic class of the outer header. */
    uint8_t traffic_class;
    /* The datagram was cut short, for want of room. */
    uint8_t truncated;
    /* Size of each datagram that the kernel joined here; 0 when it joined none. */
    uint32_t segment;
    uint32_t length;
};

/* A fixed number of receive slots. */
struct warren_receive_batch;

/* Slots for `count` datagrams of `size` bytes, which land one behind the other from `slab` on. NULL without memory. */
struct warren_receive_batch *warren_receive_batch_new(uint32_t count, void *slab, size_t size);
void warren_receive_batch_free(struct warren_receive_batch *batch);
/* Takes what waits, without blocking: the number of slots filled, or -1 and errno. */
int warren_receive_batch_fill(struct warren_receive_batch *batch, int descriptor);
/* What is known of a filled slot; 0, or -1 when the kernel told no usable address. */
int warren_receive_batch_origin(const struct warren_receive_batch *batch, uint32_t index, struct warren_origin *origin);

/* A fixed number of send slots. */
struct warren_send_batch;

struct warren_send_batch *warren_send_batch_new(uint32_t count);
void warren_send_batch_free(struct warren_send_batch *batch);
/* Fills a slot. With `segment`, the kernel cuts the bytes into datagrams of that size, the last perhaps shorter. */
void warren_send_batch_prepare(
    struct warren_send_batch *batch, uint32_t index, const struct warren_route *route, uint8_t traffic_class, void *bytes,
    size_t length, uint16_t segment);
/* Sends slots first ..< end without blocking: how many went, or -1 and errno when the first of them did not. */
int warren_send_batch_send(struct warren_send_batch *batch, int descriptor, uint32_t first, uint32_t end);

/* Sends one datagram: its length, or -1 and errno. */
long warren_route_send(int descriptor, const void *bytes, size_t length, const struct warren_route *route);

/* Asks a UDP socket for packet information, TOS and joined datagrams; makes it non-blocking. 0, or -1 and errno. */
int warren_udp_configure(int descriptor, int family);
/* Sets the header length and the offloads of a TUN queue; makes it non-blocking. 0, or -1 and errno. */
int warren_tun_configure(int descriptor);
