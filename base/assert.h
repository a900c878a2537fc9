/* Programmer errors. Always on, in release too: a wrong verdict costs more than the check.
 * A user's file, a peer's bytes and the operating system never end up here. */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

_Noreturn void assert_failed(const char *expression, const char *file, int line);

#define ASSERT(expression) \
	((expression) ? (void)0 : assert_failed(#expression, __FILE__, __LINE__))
#define UNREACHABLE() assert_failed("unreachable", __FILE__, __LINE__)

#endif
