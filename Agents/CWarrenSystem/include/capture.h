#ifndef WARREN_CAPTURE_H
#define WARREN_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What is known of a packet beside its bytes. */
struct warren_captured {
    /* Of the whole packet, from its IP header on. */
    uint32_t length;
    /* The index of the interface that it went through. */
    uint32_t interface;
    /* Since 1970. */
    uint64_t nanoseconds;
};

/* A socket that sees the packets of every interface from their IP header on, both ways, of which the kernel lets IKE and ESP
   pass alone. Needs CAP_NET_RAW; -1 with errno set when it cannot be had. It does not block. */
int warren_capture_open(void);

/* The next packet, as much of it as there is room for, and how many bytes that are; -1 with errno EAGAIN when none waits. */
ssize_t warren_capture_next(int descriptor, void *buffer, size_t size, struct warren_captured *captured);

/* How many packets were lost for want of room since the last call. */
uint32_t warren_capture_lost(int descriptor);

#endif
