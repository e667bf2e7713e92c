#include "capture.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IKE = 500, NAT_TRAVERSAL = 4500, ROOM = 4 << 20 };

/* Places in the filter. */
enum { IPV4 = 3, IPV6 = 11, PORTS = 16, FRAGMENT = 24, REFUSE = 26, TAKE = 27 };

#define LOAD(size, mode, offset) BPF_STMT(BPF_LD | (size) | (mode), (offset))
#define IF(here, value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes) - (here) - 1, (no) - (here) - 1)

/* Offsets count from the IP header, for the socket has no header below that. */
static struct sock_filter filter[] = {
    LOAD(BPF_H, BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL),
    IF(1, ETH_P_IPV6, IPV6, 2),
    IF(2, ETH_P_IP, IPV4, REFUSE),
    /* IPv4 (RFC 791): the protocol; of UDP, the ports of what is no later fragment. */
    LOAD(BPF_B, BPF_ABS, 9),
    IF(4, IPPROTO_ESP, TAKE, 5),
    IF(5, IPPROTO_UDP, 6, REFUSE),
    LOAD(BPF_H, BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1FFF, REFUSE - 8, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
    LOAD(BPF_W, BPF_IND, 0),
    BPF_STMT(BPF_JMP | BPF_JA, PORTS - 11),
    /* IPv6 (RFC 8200): the next header. */
    LOAD(BPF_B, BPF_ABS, 6),
    IF(12, IPPROTO_ESP, TAKE, 13),
    IF(13, IPPROTO_FRAGMENT, FRAGMENT, 14),
    IF(14, IPPROTO_UDP, 15, REFUSE),
    LOAD(BPF_W, BPF_ABS, 40),
    /* Both ports of UDP, the source's in the upper half. */
    BPF_STMT(BPF_MISC | BPF_TAX, 0),
    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
    IF(18, IKE, TAKE, 19),
    IF(19, NAT_TRAVERSAL, TAKE, 20),
    BPF_STMT(BPF_MISC | BPF_TXA, 0),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xFFFF),
    IF(22, IKE, TAKE, 23),
    IF(23, NAT_TRAVERSAL, TAKE, REFUSE),
    /* What an IPv6 fragment is one of. */
    LOAD(BPF_B, BPF_ABS, 40),
    IF(25, IPPROTO_ESP, TAKE, REFUSE),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_RET | BPF_K, 0xFFFF),
};

int warren_capture_open(void) {
    /* Without a protocol it sees nothing, so that nothing waits in it that the filter has not let pass. */
    int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    struct sockaddr_ll every = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int on = 1, room = ROOM;
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
        (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 &&
        setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0 &&
        bind(descriptor, (struct sockaddr *)&every, sizeof every) == 0) {
        return descriptor;
    }
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

ssize_t warren_capture_next(int descriptor, void *buffer, size_t size, struct warren_captured *captured) {
    union {
        struct cmsghdr align;
        uint8_t bytes[128];
    } control;
    struct sockaddr_ll from = {0};
    struct iovec vector = {.iov_base = buffer, .iov_len = size};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control,
    };
    ssize_t length = recvmsg(descriptor, &message, MSG_TRUNC);
    if (length < 0) return -1;
    struct timespec at = {0};
    bool is_timed = false;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SO_TIMESTAMPNS) continue;
        memcpy(&at, CMSG_DATA(header), sizeof at);
        is_timed = true;
    }
    if (!is_timed) clock_gettime(CLOCK_REALTIME, &at);
    captured->length = (uint32_t)length;
    captured->interface = (uint32_t)from.sll_ifindex;
    captured->nanoseconds = (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
    return (size_t)length < size ? length : (ssize_t)size;
}

uint32_t warren_capture_lost(int descriptor) {
    struct tpacket_stats stats = {0};
    socklen_t length = sizeof stats;
    if (getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0) return 0;
    return stats.tp_drops;
}
