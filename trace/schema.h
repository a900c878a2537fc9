/* The run database's schema as SQL; docs/run-db.md explains it. Private to the trace room. */
#ifndef TRACE_SCHEMA_H
#define TRACE_SCHEMA_H

#define RUNDB_APPLICATION_ID 0x53494d52 /* "SIMR" */

extern const char rundb_schema[];  /* tables and views, run when the file is made */
extern const char rundb_indexes[]; /* run when it is closed: an index slows writing tenfold */

#endif
