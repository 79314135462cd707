// A minimal ingester in C, as a peer for the benchmark: reads from a broker with stock libmosquitto, journals device,
// epoch, sequence, time and values with SQLite (synchronous = FULL, many messages a transaction), and acknowledges after
// the commit. No windows, no deduplication, no validation beyond what the scanner needs.
// Usage: journal PORT CLIENT-ID FILE COUNT
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BATCH = 4000, MAX_VALUES = 16 };

static sqlite3 *db;
static sqlite3_stmt *insert;
static long stored, in_batch;

static void on_message(struct mosquitto *m, void *context, const struct mosquitto_message *message) {
  (void)m;
  (void)context;
  char text[4096];
  int length = message->payloadlen < 4095 ? message->payloadlen : 4095;
  memcpy(text, message->payload, length);
  text[length] = 0;
  char *epoch = strstr(text, "\"epoch\":"), *seq = strstr(text, "\"seq\":"), *ts = strstr(text, "\"ts\":");
  char *values = strstr(text, "\"values\":{");
  if (!epoch || !seq || !ts || !values) return;
  double numbers[MAX_VALUES];
  int count = 0;
  for (char *at = values + 10; count < MAX_VALUES && (at = strchr(at, ':'));) numbers[count++] = strtod(at + 1, &at);
  if (in_batch == 0) sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);
  sqlite3_bind_text(insert, 1, message->topic, -1, SQLITE_STATIC);
  sqlite3_bind_int64(insert, 2, atoll(epoch + 8));
  sqlite3_bind_int64(insert, 3, atoll(seq + 6));
  sqlite3_bind_int64(insert, 4, atoll(ts + 5));
  sqlite3_bind_blob(insert, 5, numbers, count * (int)sizeof(double), SQLITE_STATIC);
  if (sqlite3_step(insert) != SQLITE_DONE) exit(1);
  sqlite3_reset(insert);
  in_batch++;
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  long wanted = atol(argv[4]);
  if (sqlite3_open(argv[3], &db)) return 1;
  sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;"
                   "CREATE TABLE journal(id INTEGER PRIMARY KEY, topic TEXT, epoch INT, seq INT, ts INT, v BLOB)",
               0, 0, 0);
  sqlite3_prepare_v2(db, "INSERT INTO journal(topic, epoch, seq, ts, v) VALUES (?,?,?,?,?)", -1, &insert, 0);
  mosquitto_lib_init();
  struct mosquitto *m = mosquitto_new(argv[2], false, 0);
  mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(m, MOSQ_OPT_RECEIVE_MAXIMUM, 65535);
  mosquitto_threaded_set(m, true);
  mosquitto_message_callback_set(m, on_message);
  mosquitto_property *properties = 0;
  mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 3600);
  if (mosquitto_connect_bind_v5(m, "127.0.0.1", atoi(argv[1]), 60, 0, properties)) return 69;
  mosquitto_subscribe_v5(m, 0, "devices/+/telemetry", 1, 0, 0);
  while (mosquitto_want_write(m)) mosquitto_loop_write(m, 1);
  while (stored < wanted) {
    struct pollfd entry = {mosquitto_socket(m), POLLIN, 0};
    int ready = poll(&entry, 1, in_batch ? 0 : 20);
    if (ready > 0 && in_batch < MAX_BATCH) {
      if (mosquitto_loop_read(m, 1)) return 1;
      continue;
    }
    if (in_batch) {
      sqlite3_exec(db, "COMMIT", 0, 0, 0);
      stored += in_batch;
      in_batch = 0;
    }
    while (mosquitto_want_write(m)) mosquitto_loop_write(m, 1);
    mosquitto_loop_misc(m);
  }
  mosquitto_disconnect(m);
  while (mosquitto_want_write(m)) mosquitto_loop_write(m, 1);
  return 0;
}
