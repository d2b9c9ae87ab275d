#pragma once
#include <stddef.h>
#include <stdint.h>

/* The Cassandra driver: the Rust crate `scylla` behind a few C functions (src/lib.rs).
 *
 * A call that takes a callback returns at once and calls it exactly once, on a thread of the driver: it must only hand the
 * reply on. The reply belongs to the callback's receiver, who ends it with gibsey_cql_free_reply. What is given to a call is
 * copied before it returns. Texts are UTF-8 with a length, not ended by 0. No panic leaves the driver: it becomes an error.
 * All functions may be called by any thread; replies are not changed once they are given. */
#ifdef __cplusplus
extern "C" {
#endif

typedef struct gibsey_cql_session gibsey_cql_session;
typedef struct gibsey_cql_reply gibsey_cql_reply;
typedef void (*gibsey_cql_callback)(void* user, gibsey_cql_reply* reply);

enum gibsey_cql_kind {
  GIBSEY_CQL_NULL = 0,
  GIBSEY_CQL_TEXT = 1,          /* p, n bytes */
  GIBSEY_CQL_INTEGER = 2,       /* i; of the column's width (tinyint to bigint, counter, timestamp), refused where it does not fit */
  GIBSEY_CQL_DOUBLE = 3,        /* d; float or double */
  GIBSEY_CQL_BOOLEAN = 4,       /* i: 0 or 1 */
  GIBSEY_CQL_BLOB = 5,          /* p, n bytes */
  GIBSEY_CQL_UUID = 6,          /* p, n = 16 bytes */
  GIBSEY_CQL_TEXT_LIST = 7,     /* p: n gibsey_cql_value of the kind TEXT */
  GIBSEY_CQL_FLOAT_VECTOR = 8   /* p: n float */
};

typedef struct gibsey_cql_value {
  int32_t kind;
  size_t n;
  int64_t i;
  double d;
  const void* p;
} gibsey_cql_value;

enum gibsey_cql_error {
  GIBSEY_CQL_OK = 0,
  GIBSEY_CQL_UNAVAILABLE = 1, /* not carried out: nobody to ask, or too few replicas */
  GIBSEY_CQL_UNKNOWN = 2,     /* no answer, or one that does not say whether it was carried out */
  GIBSEY_CQL_INVALID = 3,     /* the statement or its values make no sense; not carried out */
  GIBSEY_CQL_REFUSED = 4,     /* user, password or a right */
  GIBSEY_CQL_PANIC = 5        /* a bug */
};

/* The numbers of the protocol. */
enum gibsey_cql_consistency {
  GIBSEY_CQL_ONE = 1,
  GIBSEY_CQL_QUORUM = 4,
  GIBSEY_CQL_LOCAL_QUORUM = 6,
  GIBSEY_CQL_SERIAL = 8,
  GIBSEY_CQL_LOCAL_SERIAL = 9
};

typedef struct gibsey_cql_address {
  const char* contact_points; /* host:port, separated by commas */
  size_t contact_points_n;
  const char* user; /* n = 0: no login */
  size_t user_n;
  const char* password;
  size_t password_n;
  const char* local_datacenter; /* n = 0: any */
  size_t local_datacenter_n;
  uint32_t connect_timeout_ms;
  uint32_t request_timeout_ms;
  uint32_t threads;
} gibsey_cql_address;

typedef struct gibsey_cql_statement {
  const char* text; /* prepared at its first use, and kept for as long as the session lives */
  size_t text_n;
  const gibsey_cql_value* values;
  size_t values_n;
} gibsey_cql_statement;

typedef struct gibsey_cql_options {
  int32_t consistency;
  int32_t serial_consistency;
  int32_t idempotent; /* may be tried again on another node */
  int32_t page_size;  /* of rows; 0: all of them in one reply */
  const void* page_state; /* of the reply with the page before; n = 0: from the start */
  size_t page_state_n;
} gibsey_cql_options;

/* The session is given by gibsey_cql_take_session of the reply. */
void gibsey_cql_connect(const gibsey_cql_address* address, gibsey_cql_callback callback, void* user);
gibsey_cql_session* gibsey_cql_take_session(gibsey_cql_reply* reply);
void gibsey_cql_execute(gibsey_cql_session* session, const gibsey_cql_statement* statement, const gibsey_cql_options* options,
                        gibsey_cql_callback callback, void* user);
/* Unqualified names of tables mean those of this keyspace, which must exist. */
void gibsey_cql_use(gibsey_cql_session* session, const char* keyspace, size_t n, gibsey_cql_callback callback, void* user);
/* Statements that change a schema: not prepared, without values; answers when the nodes agree. */
void gibsey_cql_define(gibsey_cql_session* session, const gibsey_cql_statement* statement, gibsey_cql_callback callback, void* user);
/* All or none (a logged batch); with conditions all of one table and partition, and the reply says in the first column of its
 * first row whether they held. */
void gibsey_cql_batch(gibsey_cql_session* session, const gibsey_cql_statement* statements, size_t n,
                      const gibsey_cql_options* options, gibsey_cql_callback callback, void* user);

/* GIBSEY_CQL_OK, or an error whose sentence stands in *text. */
int32_t gibsey_cql_error(const gibsey_cql_reply* reply, const char** text, size_t* n);
size_t gibsey_cql_rows(const gibsey_cql_reply* reply);
size_t gibsey_cql_columns(const gibsey_cql_reply* reply);
/* What *value points at lives as long as the reply. 0 and NULL where there is no such row or column, or its type is none of the
 * kinds. */
int32_t gibsey_cql_get(const gibsey_cql_reply* reply, size_t row, size_t column, gibsey_cql_value* value);
/* n = 0: this was the last page. */
const void* gibsey_cql_page_state(const gibsey_cql_reply* reply, size_t* n);
void gibsey_cql_free_reply(gibsey_cql_reply* reply);
/* Blocks until the connections are closed. No call of the session may be under way. */
void gibsey_cql_close(gibsey_cql_session* session);

#ifdef __cplusplus
}
#endif
