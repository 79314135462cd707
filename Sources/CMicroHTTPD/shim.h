// libmicrohttpd: an HTTP/1.1 server as a library. The header needs the types of sockets first.
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <microhttpd.h>

// Swift calls no function with “...”, and would see the library's enumerations as types of its own. So what is needed of the library
// stands here once more, with plain numbers: 1 is MHD_YES, 0 is MHD_NO.

// What the library complains of: how often, and its first words, which say why it does not start.
struct mhd_complaints {
  unsigned long count;
  char first[200];
};

static inline void mhd_complain(void *complaints, const char *format, va_list arguments) {
  struct mhd_complaints *all = complaints;
  if (__atomic_fetch_add(&all->count, 1, __ATOMIC_RELAXED) == 0)
    vsnprintf(all->first, sizeof all->first, format, arguments);
}

static inline unsigned long mhd_complaint_count(struct mhd_complaints *complaints) {
  return __atomic_load_n(&complaints->count, __ATOMIC_RELAXED);
}

// Call it only where the library has no thread: nothing keeps it from writing.
static inline const char *mhd_first_complaint(const struct mhd_complaints *complaints) { return complaints->first; }

static inline int mhd_hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Decodes each %XX in place. The library's own way would decode %00 too, and end the path there.
static inline size_t mhd_unescape(void *context, struct MHD_Connection *connection, char *text) {
  (void)context, (void)connection;
  char *to = text;
  for (const char *from = text; *from; ++to) {
    int high = *from == '%' ? mhd_hexadecimal(from[1]) : -1;
    int low = high < 0 ? -1 : mhd_hexadecimal(from[2]);
    if (low < 0 || (high == 0 && low == 0)) {
      *to = *from++;
    } else {
      *to = (char)(high << 4 | low);
      from += 3;
    }
  }
  *to = 0;
  return (size_t)(to - text);
}

struct mhd_settings {
  int listening_socket;
  size_t connection_bytes;
  unsigned int connections;
  // 0: no such limit.
  unsigned int connections_per_client;
  size_t stack_bytes;
  // Null: no TLS. Texts of PEM files, and GnuTLS' priorities.
  const char *certificate;
  const char *key;
  const char *priorities;

  // Given to each of the functions below.
  void *context;
  struct mhd_complaints *complaints;
  unsigned int (*answer)(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                         const char *version, const char *data, size_t *count, void **slot);
  void (*completed)(void *context, struct MHD_Connection *connection, void **slot, unsigned int reason);
  void (*changed)(void *context, struct MHD_Connection *connection, void **slot, unsigned int is_closed);
};

// Starts one thread that waits for all connections by epoll. Null where it does not start.
static inline struct MHD_Daemon *mhd_start(const struct mhd_settings *settings) {
  struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings->certificate},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->key},
      {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)settings->priorities},
      {MHD_OPTION_END, 0, NULL},
  };
  struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  return MHD_start_daemon(
      settings->certificate ? flags | MHD_USE_TLS : flags, 0, NULL, NULL,
      (MHD_AccessHandlerCallback)settings->answer, settings->context,
      // First, so that complaints about what follows reach it.
      MHD_OPTION_EXTERNAL_LOGGER, mhd_complain, settings->complaints,
      MHD_OPTION_LISTEN_SOCKET, settings->listening_socket,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_bytes,
      MHD_OPTION_CONNECTION_LIMIT, settings->connections,
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->connections_per_client,
      MHD_OPTION_THREAD_STACK_SIZE, settings->stack_bytes,
      MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_UNESCAPE_CALLBACK, mhd_unescape, NULL,
      MHD_OPTION_NOTIFY_COMPLETED, (MHD_RequestCompletedCallback)settings->completed, settings->context,
      MHD_OPTION_NOTIFY_CONNECTION, (MHD_NotifyConnectionCallback)settings->changed, settings->context,
      MHD_OPTION_ARRAY, settings->certificate ? tls : none, MHD_OPTION_END);
}

// What the server put into the slot of a connection that has just been opened.
static inline void *mhd_slot(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

static inline struct MHD_Daemon *mhd_daemon(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON);
  return info ? info->daemon : NULL;
}

static inline int mhd_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

static inline const struct sockaddr *mhd_address(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return info ? info->client_addr : NULL;
}

typedef unsigned int (*mhd_field)(void *fields, unsigned int kind, const char *name, size_t name_count, const char *value,
                                  size_t value_count);

// Calls `field` for each header of a request.
static inline void mhd_headers(struct MHD_Connection *connection, mhd_field field, void *fields) {
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, (MHD_KeyValueIteratorN)field, fields);
}

// Calls `field` for each argument of its query.
static inline void mhd_arguments(struct MHD_Connection *connection, mhd_field field, void *fields) {
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, (MHD_KeyValueIteratorN)field, fields);
}

// An answer with a copy of `bytes`.
static inline struct MHD_Response *mhd_response(const void *bytes, size_t count) {
  return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}

// An answer with the first `count` bytes of a file, whose descriptor it closes when it has left.
static inline struct MHD_Response *mhd_file_response(int descriptor, uint64_t count) {
  return MHD_create_response_from_fd64(count, descriptor);
}

typedef ssize_t (*mhd_piece)(void *context, uint64_t position, char *bytes, size_t most);

// An answer whose body is what `piece` returns, of unknown length. `end` is called when it is needed no more.
static inline struct MHD_Response *mhd_stream_response(mhd_piece piece, void *context, void (*end)(void *context)) {
  return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, piece, context, end);
}

static inline void mhd_add_header(struct MHD_Response *response, const char *name, const char *value) {
  MHD_add_response_header(response, name, value);
}

// Sends an answer, and lets it go.
static inline unsigned int mhd_queue(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response) {
  unsigned int is_queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return is_queued;
}

static inline void mhd_add_connection(struct MHD_Daemon *daemon, int descriptor, const struct sockaddr *address,
                                      socklen_t count) {
  MHD_add_connection(daemon, descriptor, address, count);
}
