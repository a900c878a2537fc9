#include "topo/calico/calico.h"
void calico_store_init(struct calico_store *s){*s=(struct calico_store){0};}
bool calico_store_add(struct diag_list *d, struct calico_store *s, const struct yaml_node *n){(void)d;(void)s;(void)n;s->count++;return true;}
bool calico_store_delete(struct diag_list *d, struct calico_store *s, const struct yaml_node *n){(void)d;(void)s;(void)n;return true;}
bool calico_store_command(struct diag_list *d, struct calico_store *s, const char *p, const struct yaml_text *t, const char *f, struct calico_effect *e){(void)d;(void)s;(void)p;(void)t;(void)f;e->changed=true;return true;}
bool calico_render(struct diag_list *d, const struct calico_store *s, const struct model_node *n, uint32_t c, struct model_config **o){(void)d;(void)s;(void)n;(void)c;for(uint32_t i=0;i<c;i++)if(o[i])o[i]->bgp.why_not="stub";return true;}
const struct model_pool *calico_pools(struct diag_list *d, const struct calico_store *s, uint32_t *c){(void)s;*c=0; struct model_pool*p=arena_alloc(&d->arena,sizeof(*p));return p;}
uint32_t calico_store_count(const struct calico_store *s){return s->count;}
const char **calico_node_names(struct diag_list *d, const struct calico_store *s, uint32_t *c){(void)d;(void)s;*c=0;return 0;}
struct source_pos calico_node_pos(const struct calico_store *s, const char *n){(void)s;(void)n;return (struct source_pos){0};}
const struct topo_code *calico_code_at(size_t i){(void)i;return 0;}
