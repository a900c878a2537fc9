/* One line a happening, on standard error: a supervisor puts it where it belongs. */
#ifndef SIMBGPD_LOG_H
#define SIMBGPD_LOG_H

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* `what` could not be done; negative errno. */
void log_error(const char *what, int error);

#endif
