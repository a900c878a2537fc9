/* A room with no source file yet. */
typedef int simrun_empty_room;
