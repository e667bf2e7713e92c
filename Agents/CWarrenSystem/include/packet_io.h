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
    /* Host order; 0 where there is no UDP. */
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

/* What became of a datagram that was sent before: this machine or one on the way could not pass it on. */
struct warren_path_error {
    /* Where it was going; 0 when that is not known. */
    int32_t family;
    uint8_t remote[16];
    /* This machine says so itself, not an ICMP message, which anybody can have sent. */
    uint8_t is_local;
    /* What the path takes, IP header included; 0 when it was not size. */
    uint32_t mtu;
    /* How the datagram's payload began, as far as that was told. */
    uint8_t quoted[8];
    uint32_t quoted_length;
};

/* The next such error: 1, or 0 when there is none. */
int warren_path_error_take(int descriptor, struct warren_path_error *error);
/* Whether datagrams may be fragmented; else they are sent whole, marked so (DF), whatever the kernel believes of the path. */
int warren_fragmentation_allow(int descriptor, int family, int allowed);

/* A socket for ESP itself, IP protocol 50, with all that root may give it; -1 and errno. It gives IPv4 packets with their IP
 * header, IPv6 packets without. */
int warren_esp_socket(int family);
/* Asks a UDP socket, or one for ESP, for packet information, TOS, joined datagrams and errors; forbids fragments; makes it
 * non-blocking. 0, or -1 and errno. */
int warren_packet_socket_configure(int descriptor, int family);
/* Sets the header length and the offloads of a TUN queue; makes it non-blocking. 1 when the queue gives and takes UDP datagrams
 * that are joined, 0 when only TCP segments, -1 and errno when it fails. */
int warren_tun_configure(int descriptor);
