/* Calico and Kubernetes resources of one revision, the command lines that change them, and what
 * calico-node makes of them: sessions, filters, blocks. The rules are those of Calico v3.23.3.
 *
 * All memory comes from the diag_list's arena and lives as long as the model. A store is passed by
 * pointer; calico_store_copy gives the next revision its own, sharing everything unchanged.
 * Diagnostics: E201 .. E219, W221 .. W239; calico_code_at explains them. */
#ifndef TOPO_CALICO_CALICO_H
#define TOPO_CALICO_CALICO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "topo/model.h"
#include "topo/topo.h"
#include "topo/yaml.h"

struct calico_resource;

struct calico_store {
	const struct calico_resource **items; /* by kind, namespace, name */
	uint32_t count, capacity;
	bool shared; /* another store holds the same array: copy to change */
};

void calico_store_init(struct calico_store *store);
/* The next revision's store; afterwards both may be changed without the other seeing it. */
struct calico_store calico_store_copy(struct calico_store *store);

/* One document as `calicoctl apply` or `kubectl apply` takes it, List kinds too: checked, and put
 * in the place of the resource of that kind and name. False after adding errors; the valid ones
 * among a list's items are applied all the same. A null document is nothing, and fine. */
bool calico_store_add(struct diag_list *diags, struct calico_store *store,
		      const struct yaml_node *document);
/* Like `delete -f`: only kind and name count. An error if it is not there. */
bool calico_store_delete(struct diag_list *diags, struct calico_store *store,
			 const struct yaml_node *document);

/* What a command line did besides changing the store. */
struct calico_effect {
	bool changed;              /* the store is another one now */
	bool restart; /* calico-node pods were deleted or rolled: the daemons restart */
	const char **nodes;        /* on which nodes, by name; */
	uint32_t node_count;       /* 0: on all of them */
};

/* The lines of a step, `program` being "kubectl" or "calicoctl" (a line may repeat it):
 *   kubectl label|annotate node N k=v k- [--overwrite], kubectl apply|delete|replace -f FILE,
 *   kubectl delete pods -n kube-system -l k8s-app=calico-node [--field-selector spec.nodeName=N],
 *   kubectl rollout restart ds[/]calico-node, kubectl delete|patch KIND NAME, the last three of
 *   calicoctl as well; `-f - <<EOF` takes the lines that follow. FILE is looked up in `folder`
 *   (NULL: the working directory). Anything else is a located error. False after adding errors. */
bool calico_store_command(struct diag_list *diags, struct calico_store *store, const char *program,
			  const struct yaml_text *text, const char *folder,
			  struct calico_effect *effect);

/* Fills what calico-node makes of the resources into out[i] for every nodes[i] of kind
 * MODEL_CALICO_NODE; out[i] of others may be NULL. Called once for each revision, with everything
 * in *out[i] that the .topo says already there: in  addresses   given by the .topo (`ip addr add`);
 * none: the Node's are added, on its first plugged interface. A Node without an address takes the
 * first given one, as calico-node's autodetection does. in  blocks      `block:` of the .topo, or
 * the blocks of the revision before: they are kept. None: those of BlockAffinity and IPAMBlock
 * resources, else one is chosen, fixed by the node's name and what is free in the pools. in  pods
 * count for nat_outgoing. out addresses, blocks (and their `exported`), kernel_rules, bgp,
 * reflector, nat_outgoing. False after adding errors. Lints of the sessions as such belong to the
 * caller. */
bool calico_render(struct diag_list *diags, const struct calico_store *store,
		   const struct model_node *nodes, uint32_t node_count,
		   struct model_config **out);

/* The IPPools of the revision, by name. */
const struct model_pool *calico_pools(struct diag_list *diags, const struct calico_store *store,
				      uint32_t *count);

uint32_t calico_store_count(const struct calico_store *store); /* resources in it */
/* Names of the Node resources (both kinds), sorted, each once. */
const char **calico_node_names(struct diag_list *diags, const struct calico_store *store,
			       uint32_t *count);
/* The place of a node's Node resource; zero if there is none. */
struct source_pos calico_node_pos(const struct calico_store *store, const char *node);

const struct topo_code *calico_code_at(size_t index); /* NULL ends the walk */

#endif
