// libmicrohttpd: an HTTP/1.1 server as a library. The header needs the types of sockets first.
#include <stdarg.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <microhttpd.h>
