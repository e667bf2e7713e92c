/* A paced stream of UDP datagrams, and the one that counts them.
 *
 *   udp-stream send ADDRESS PORT LENGTH PER-SECOND SECONDS   prints how many datagrams the socket took
 *   udp-stream count ADDRESS PORT                            prints "ready", counts until its standard input ends and
 *                                                            nothing comes for a tenth of a second, prints the count
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, BURST = 32, SIZE = 2048, BUFFER = 4 << 20, PAUSE_NANOSECONDS = 50000 };

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static char bytes[BATCH][SIZE];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void prepare(size_t length) {
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){bytes[i], length};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
}

/* What is due is sent, at most BURST at once; what became due meanwhile is made up for. */
static int send_stream(int socket, size_t length, double per_second, double seconds) {
    double start = now(), elapsed;
    long sent = 0;
    prepare(length);
    while ((elapsed = now() - start) < seconds) {
        long due = (long)(elapsed * per_second) - sent;
        if (due <= 0) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOSECONDS}, NULL);
            continue;
        }
        int count = sendmmsg(socket, messages, due < BURST ? (unsigned)due : BURST, 0);
        if (count > 0) {
            sent += count;
        } else if (errno != ENOBUFS && errno != ECONNREFUSED) {
            perror("sendmmsg");
            return 1;
        }
    }
    printf("%ld\n", sent);
    return 0;
}

static int count_stream(int socket) {
    struct pollfd wait[2] = {{.fd = socket, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    long received = 0;
    prepare(SIZE);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int ended = wait[1].fd < 0;
        int ready = poll(wait, 2, ended ? 100 : -1);
        if (ready == 0) break;
        if (wait[0].revents != 0) {
            int count = recvmmsg(socket, messages, BATCH, MSG_DONTWAIT, NULL);
            if (count > 0) received += count;
        }
        char ignored[16];
        if (!ended && wait[1].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) wait[1].fd = -1;
    }
    printf("%ld\n", received);
    return 0;
}

int main(int count, char **arguments) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int buffer = BUFFER, is_sender = count == 7 && strcmp(arguments[1], "send") == 0;
    if (!is_sender && !(count == 4 && strcmp(arguments[1], "count") == 0)) {
        fputs("usage: udp-stream send ADDRESS PORT LENGTH PER-SECOND SECONDS | udp-stream count ADDRESS PORT\n", stderr);
        return 2;
    }
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_port = htons((uint16_t)atoi(arguments[3]));
    if (descriptor < 0 || inet_pton(AF_INET, arguments[2], &address.sin_addr) != 1) {
        perror(arguments[2]);
        return 1;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    setsockopt(descriptor, SOL_SOCKET, is_sender ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, &buffer, sizeof buffer);
    if ((is_sender ? connect : bind)(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        perror(arguments[2]);
        return 1;
    }
    if (!is_sender) return count_stream(descriptor);
    size_t length = (size_t)atoi(arguments[4]);
    if (length > SIZE) return 2;
    return send_stream(descriptor, length, atof(arguments[5]), atof(arguments[6]));
}
