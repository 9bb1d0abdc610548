/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to doorwardctl's files: the command table, options, the socket.
 * The client holds nothing and decides nothing; everything it shows came from
 * somewhere and is escaped before it reaches a terminal (ctl_text.h).
 */
#ifndef DOORWARD_STORE_CTL_H
#define DOORWARD_STORE_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit codes, a contract; log verify has its own (verify.h). */
enum ctl_exit {
	CTL_OK = 0,	     /* yes */
	CTL_NO = 1,	     /* no, not found, refused */
	CTL_USAGE = 2,	     /* usage, bad input */
	CTL_UNREACHABLE = 3, /* the service cannot be reached, or went away */
};

#define CTL_OPTIONS_MAX 16
#define CTL_WORDS_MAX 64

struct ctl_option {
	const char *name; /* without "--" */
	const char *arg;  /* what it takes, for --help; NULL: nothing */
	const char *help;
	bool many; /* may be given several times */
};

struct ctl_args;

struct ctl_command {
	const char *name;  /* "status", "log verify" */
	const char *words; /* its arguments, for --help; "" for none */
	const char *summary;
	const char *more; /* paragraphs for --help; NULL: none */
	const struct ctl_option
	    *options; /* ends with a NULL name; NULL: none */
	unsigned int min_words, max_words;
	int usage_exit; /* of a usage error */
	int (*run)(const struct ctl_args *a);
	/* Gets everything after the name unparsed, when not NULL. */
	int (*run_raw)(int argc, char **argv);
};

/* What the user typed, after parsing. Strings are argv's. */
struct ctl_args {
	const struct ctl_command *command;
	const char *socket, *log;
	bool log_given; /* by option or environment */
	bool json;
	const char
	    *values[CTL_OPTIONS_MAX]; /* per option; the last; "" for a flag */
	/* options that may come several times, in order */
	const char *many[CTL_WORDS_MAX];
	size_t nmany;
	const char *words[CTL_WORDS_MAX];
	size_t nwords;
};

/* ---- ctl_options.c ---- */

/*
 * Parses argv (after the command's words) into *ret. Returns CTL_OK, or the
 * code to exit with; -1 when --help was asked and shown.
 */
int ctl_parse(
    const struct ctl_command *c, int argc, char **argv, struct ctl_args *ret);
/* The value of an option, or NULL. */
const char *ctl_value(const struct ctl_args *a, const char *name);
void ctl_help(FILE *out, const struct ctl_command *c);
/* The name in names (ends with NULL) most like word, or NULL. */
const char *ctl_nearest(const char *word, const char *const *names);

/* ---- ctl_socket.c ---- */

struct ctl_conn;

/* Says on stderr why not. CTL_OK and *ret, or CTL_UNREACHABLE. */
int ctl_connect(const struct ctl_args *a, struct ctl_conn **ret);
void ctl_disconnect(struct ctl_conn **c);
/* Sends one request; the reference is not taken. CTL_OK or CTL_UNREACHABLE. */
int ctl_send(struct ctl_conn *c, json_t *request);
/*
 * The next line, without line feed, NUL-terminated, valid until the next call.
 * CTL_OK, or CTL_UNREACHABLE: the service closed the connection.
 */
int ctl_line(struct ctl_conn *c, const char **ret_line, size_t *ret_len);

/*
 * One request, one reply. CTL_OK and *ret (new reference, "ok" is true);
 * CTL_NO: refused (said on stderr; *ret holds the reply too);
 * CTL_UNREACHABLE.
 */
int ctl_ask(const struct ctl_args *a, json_t *request, json_t **ret);
/* As ctl_ask for {"do":verb}; with --json prints the reply. */
int ctl_ask_verb(const struct ctl_args *a, const char *verb, json_t **ret);

/* ---- command groups ---- */

extern const struct ctl_command ctl_status_command;
extern const struct ctl_command ctl_query_command;
extern const struct ctl_command ctl_tail_command;
extern const struct ctl_command ctl_why_command;
extern const struct ctl_command ctl_reload_command;
extern const struct ctl_command ctl_metrics_command;
extern const struct ctl_command ctl_policy_check_command;
extern const struct ctl_command ctl_policy_test_command;
extern const struct ctl_command ctl_policy_show_command;
extern const struct ctl_command ctl_log_verify_command;
extern const struct ctl_command ctl_log_key_command;
extern const struct ctl_command ctl_log_checkpoint_command;

/* A record as one line for people. */
void ctl_print_record(const json_t *record);

#endif
