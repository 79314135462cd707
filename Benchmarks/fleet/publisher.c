/* A minimal publisher on libmosquitto: as many connections as asked for, QoS 1, the payload that Sonde publishes, made anew
 * for each message. Driven by one epoll, at most 20 unacknowledged messages a connection.
 * Prints JSON: messages, seconds, and the processor time a message.
 *
 *   publisher PORT CONNECTIONS MESSAGES [SECONDS TO IDLE] */
#include <errno.h>
#include <math.h>
#include <mosquitto.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW = 20, PUBLICATIONS_BETWEEN_POLLS = 64 };

struct client {
  struct mosquitto *mosq;
  uint64_t random[4];
  int outstanding, connected;
  long sequence;
};

static struct client *clients;
static long acknowledged;

static void on_connect(struct mosquitto *m, void *context, int code) { ((struct client *)context)->connected = code == 0; }
static void on_publish(struct mosquitto *m, void *context, int id) {
  ((struct client *)context)->outstanding--;
  acknowledged++;
}

static uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

static double uniform(struct client *c) { /* xoshiro256** */
  uint64_t *s = c->random, result = rotated(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3], s[2] ^= t, s[3] = rotated(s[3], 45);
  return (double)(result >> 11) * 0x1p-53;
}

static double normal(struct client *c) { /* Marsaglia's polar method */
  for (;;) {
    double u = 2 * uniform(c) - 1, v = 2 * uniform(c) - 1, s = u * u + v * v;
    if (s > 0 && s < 1) return u * sqrt(-2 * log(s) / s);
  }
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int poller;

static void pump(int timeout) {
  struct epoll_event events[256];
  int count = epoll_wait(poller, events, 256, timeout);
  for (int i = 0; i < count; i++) {
    struct client *c = &clients[events[i].data.u32];
    struct pollfd entry = {.fd = mosquitto_socket(c->mosq), .events = POLLIN};
    do {
      if (mosquitto_loop_read(c->mosq, 1) != MOSQ_ERR_SUCCESS) {
        fprintf(stderr, "a connection broke\n");
        exit(70);
      }
    } while (poll(&entry, 1, 0) > 0);
    if (mosquitto_want_write(c->mosq)) mosquitto_loop_write(c->mosq, 1);
  }
}

int main(int count, char **arguments) {
  if (count < 4) return 64;
  int port = atoi(arguments[1]), connections = atoi(arguments[2]);
  long messages = atol(arguments[3]);
  mosquitto_lib_init();
  clients = calloc((size_t)connections, sizeof *clients);
  poller = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < connections; i++) {
    struct client *c = &clients[i];
    char id[64];
    snprintf(id, sizeof id, "c-publisher-%d", i);
    for (int k = 0; k < 4; k++) c->random[k] = 0x9e3779b97f4a7c15u * (uint64_t)(4 * i + k + 1);
    c->mosq = mosquitto_new(id, true, c);
    mosquitto_int_option(c->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(c->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(c->mosq, on_connect);
    mosquitto_publish_callback_set(c->mosq, on_publish);
    if (mosquitto_connect(c->mosq, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS) return 69;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(poller, EPOLL_CTL_ADD, mosquitto_socket(c->mosq), &event);
    while (!c->connected) pump(100);
  }
  double began = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
  int since = 0;
  for (long n = 0; n < messages; n++) {
    struct client *c = &clients[n % connections];
    while (c->outstanding >= WINDOW) pump(100), since = 0;
    int64_t time = 1767225600000 + n / connections * 10000;
    double turn = (double)(time % 21600000) / 21600000;
    char topic[64], payload[256];
    snprintf(topic, sizeof topic, "devices/meter-%05ld/telemetry", n % connections + 1);
    int length = snprintf(
        payload, sizeof payload,
        "{\"device\":\"meter-%05ld\",\"epoch\":1,\"seq\":%ld,\"ts\":%lld,\"values\":{\"temperature\":%.3f,\"vibration\":%.3f}}",
        n % connections + 1, c->sequence++, (long long)time, 60 + 4 * sin(6.283185307179586 * turn) + 0.5 * normal(c),
        1 + 0.1 * normal(c));
    if (mosquitto_publish(c->mosq, NULL, topic, length, payload, 1, false) != MOSQ_ERR_SUCCESS) return 70;
    c->outstanding++;
    if (++since >= PUBLICATIONS_BETWEEN_POLLS) pump(0), since = 0;
  }
  while (acknowledged < messages) pump(100);
  used = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
  double elapsed = seconds(CLOCK_MONOTONIC) - began;
  printf(
      "{\"messages\": %ld, \"seconds\": %.3f, \"cpu_us_per_message\": %.3f}\n", messages, elapsed,
      used / (double)messages * 1e6);
  if (count > 4) fflush(stdout), sleep((unsigned)atoi(arguments[4]));
  return 0;
}
