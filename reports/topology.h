/* The network as a picture of our own (SVG, no gnuplot needed): machines outside on top, switches,
 * segments, reflectors, nodes; cables and segments grey, BGP sessions in colour; what is off is
 * hatched. Attributes only, no style, no script: it is readable wherever it is shown. */
#ifndef REPORTS_TOPOLOGY_H
#define REPORTS_TOPOLOGY_H

#include "base/text.h"
#include "checker/state.h"

/* The network as it is at the state's instant. */
void topology_svg(const struct state *state, struct text *out);

#endif
