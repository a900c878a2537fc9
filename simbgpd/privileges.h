/* What root can do and a BGP speaker does not need is given up for good. */
#ifndef SIMBGPD_PRIVILEGES_H
#define SIMBGPD_PRIVILEGES_H

/* Keeps binding to port 179 and what netlink and TCP_MD5SIG ask for; `user` (NULL: stay who we are) owns
 * us afterwards. 0 or a negative errno. To be called with every socket that needs more already open. */
int privileges_drop(const char *user);

#endif
