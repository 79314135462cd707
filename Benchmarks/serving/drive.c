// Sends one request again and again over kept connections, open-loop: at planned instants (Poisson arrivals), whether those before have
// been answered or not. A latency counts from the planned instant. Prints figures as JSON.
//   drive PORT PATH BODY_FILE RATE SECONDS CONNECTIONS SEED
// RATE 0: as fast as answers come, for the greatest rate.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int descriptor;
  double planned;  // below zero: idle
  size_t sent, count, length;
  char answer[1 << 18];
};

static char *request;
static size_t requestCount;
static int port, epoll;
static long errors, reconnects;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static uint64_t state;
static double uniform(void) {
  state += 0x9E3779B97F4A7C15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void dial(struct connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("connect");
    exit(69);
  }
  int one = 1;
  setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(c->descriptor, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->descriptor, &event);
}

static void redial(struct connection *c) {
  close(c->descriptor);
  reconnects++;
  dial(c);
}

static void push(struct connection *c) {
  while (c->sent < requestCount) {
    ssize_t n = send(c->descriptor, request + c->sent, requestCount - c->sent, MSG_NOSIGNAL);
    if (n > 0) {
      c->sent += (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
      epoll_ctl(epoll, EPOLL_CTL_MOD, c->descriptor, &event);
      return;
    } else {
      return;  // Reading sees it.
    }
  }
}

static void begin(struct connection *c, double planned) {
  c->planned = planned;
  c->sent = c->count = c->length = 0;
  push(c);
}

// Reads what there is. Returns 1 where the answer is whole, -1 where the connection has broken.
static int pull(struct connection *c) {
  for (;;) {
    ssize_t n = recv(c->descriptor, c->answer + c->count, sizeof c->answer - 1 - c->count, 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) return -1;
    c->count += (size_t)n;
    c->answer[c->count] = 0;
    if (!c->length) {
      char *end = strstr(c->answer, "\r\n\r\n");
      if (!end) continue;
      char *length = strcasestr(c->answer, "\r\ncontent-length:");
      if (!length || length > end) return -1;
      c->length = (size_t)(end - c->answer) + 4 + strtoul(length + 17, NULL, 10);
    }
    if (c->count >= c->length) return 1;
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 8) return 64;
  port = atoi(argv[1]);
  double rate = atof(argv[4]), seconds = atof(argv[5]);
  int connections = atoi(argv[6]);
  state = strtoull(argv[7], NULL, 10);
  FILE *file = fopen(argv[3], "r");
  if (!file) return 66;
  static char body[1 << 22];
  size_t bodyCount = fread(body, 1, sizeof body, file);
  request = malloc(bodyCount + 512);
  requestCount = (size_t)sprintf(
      request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", argv[2], port,
      bodyCount);
  memcpy(request + requestCount, body, bodyCount);
  requestCount += bodyCount;

  epoll = epoll_create1(0);
  struct connection *all = calloc((size_t)connections, sizeof *all);
  struct connection **idle = calloc((size_t)connections, sizeof *idle);
  int idleCount = 0;
  for (int i = 0; i < connections; i++) {
    all[i].planned = -1;
    dial(&all[i]);
    idle[idleCount++] = &all[i];
  }
  size_t room = 1 << 22, done = 0;
  double *latencies = malloc(room * sizeof *latencies);
  double start = now(), end = start + seconds, last = start, lateness = 0;
  double due = rate > 0 ? start - log1p(-uniform()) / rate : start;
  long offered = 0;
  int busy = 0;
  // What was planned is sent and answered, but not for longer than as long again.
  while ((due < end || busy > 0) && now() < end + seconds) {
    double time = now();
    while (idleCount > 0 && due < end && (rate > 0 ? due <= time : time < end)) {
      struct connection *c = idle[--idleCount];
      // How late the generator itself is, where a connection was free.
      if (rate > 0 && time - due > lateness) lateness = time - due;
      begin(c, rate > 0 ? due : time);
      busy++;
      offered++;
      if (rate > 0) due -= log1p(-uniform()) / rate;
    }
    if (rate == 0 && time >= end) due = end;
    struct timespec wait = {0, 1000000};
    if (rate > 0 && due < end && idleCount > 0) {
      double left = due - now();
      wait.tv_sec = 0;
      wait.tv_nsec = left <= 0 ? 0 : left > 0.5 ? 500000000 : (long)(left * 1e9);
    }
    struct epoll_event events[64];
    int n = epoll_pwait2(epoll, events, 64, &wait, NULL);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(epoll, EPOLL_CTL_MOD, c->descriptor, &event);
        push(c);
      }
      if (!(events[i].events & ~(uint32_t)EPOLLOUT)) continue;
      if (c->planned < 0) {  // The server has closed an idle connection.
        redial(c);
        continue;
      }
      int result = pull(c);
      if (result == 0) continue;
      if (result < 0) {
        // Servers close kept connections now and then: sent again, the time goes on.
        redial(c);
        if (c->count > 0 || errors > 1000) errors++;
        begin(c, c->planned);
        continue;
      }
      double finished = now();
      if (strncmp(c->answer + 8, " 200", 4) != 0) errors++;
      if (done < room) latencies[done++] = finished - c->planned;
      last = finished;
      c->planned = -1;
      busy--;
      idle[idleCount++] = c;
      if (strcasestr(c->answer, "\r\nconnection: close")) redial(c);
    }
  }
  qsort(latencies, done, sizeof *latencies, ascending);
  double span = (last > end ? last : end) - start;
#define AT(share) (done ? 1e3 * latencies[(size_t)((double)(done - 1) * share)] : 0)
  printf("{\"offered\": %ld, \"answered\": %zu, \"errors\": %ld, \"seconds\": %.6f, \"achieved_per_second\": %.3f, \"p50_ms\": %.4f, "
         "\"p99_ms\": %.4f, \"max_ms\": %.4f, \"late_ms\": %.4f, \"reconnects\": %ld}\n",
         offered, done, errors, span, (double)done / span, AT(0.5), AT(0.99), AT(1.0), 1e3 * lateness, reconnects);
  return 0;
}
