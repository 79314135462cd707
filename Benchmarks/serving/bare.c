// The least that a web service on libmicrohttpd can do: it reads the numbers of a request in the Open Inference Protocol, and answers
// with their sum. What a scoring service costs beyond this is its own.
//   bare PORT
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct body {
  char *text;
  size_t count, room;
};

// The numbers of the first "data", nested or flat.
static double sum(const char *text) {
  const char *data = strstr(text, "\"data\"");
  if (!data) return 0;
  double total = 0;
  for (data += 6; *data && *data != '"' && *data != '}';) {
    if (*data == '-' || (*data >= '0' && *data <= '9')) {
      char *end;
      total += strtod(data, &end);
      data = end;
    } else {
      data++;
    }
  }
  return total;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *count, void **slot) {
  (void)context, (void)url, (void)method, (void)version;
  struct body *body = *slot;
  if (!body) {
    *slot = calloc(1, sizeof *body);
    return *slot ? MHD_YES : MHD_NO;
  }
  if (*count > 0) {
    if (body->room < body->count + *count + 1) {
      body->room = 2 * (body->count + *count + 1);
      char *larger = realloc(body->text, body->room);
      if (!larger) return MHD_NO;
      body->text = larger;
    }
    memcpy(body->text + body->count, data, *count);
    body->count += *count;
    body->text[body->count] = 0;
    *count = 0;
    return MHD_YES;
  }
  char text[128];
  int length = snprintf(text, sizeof text, "{\"model_name\":\"bare\",\"outputs\":[{\"name\":\"score\",\"data\":[%.17g]}]}",
                        body->text ? sum(body->text) : 0);
  struct MHD_Response *response = MHD_create_response_from_buffer((size_t)length, text, MHD_RESPMEM_MUST_COPY);
  MHD_add_response_header(response, "Content-Type", "application/json");
  enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return result;
}

static void completed(void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code) {
  (void)context, (void)connection, (void)code;
  struct body *body = *slot;
  if (!body) return;
  free(body->text);
  free(body);
}

int main(int count, char **arguments) {
  if (count != 2) return 64;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct MHD_Daemon *daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED,
      completed, NULL, MHD_OPTION_CONNECTION_LIMIT, 512u, MHD_OPTION_END);
  if (!daemon) return 1;
  int signal;
  sigwait(&signals, &signal);
  MHD_stop_daemon(daemon);
  return 0;
}
