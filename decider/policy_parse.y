/* SPDX-License-Identifier: Apache-2.0 */
%code top {
/* What bison generates is not written to the house's warnings. */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wswitch-enum"
}
%code requires {
#include "decider/policy_lex.h"

struct policy_parser;
}
%code provides {
int policy_parse_lex(POLICY_PARSE_STYPE *value, struct policy_at *at,
    struct policy_parser *p);
}
%code {
#include <string.h>

#include "ipc/wire/compiled.h"

#include "decider/policy_parser.h"

#define YYLLOC_DEFAULT(Cur, Rhs, N)                                            \
	(Cur) = (N) != 0                                                       \
	    ? (struct policy_at){YYRHSLOC(Rhs, 1).file,                        \
		  YYRHSLOC(Rhs, 1).begin, YYRHSLOC(Rhs, N).end}                \
	    : (struct policy_at){YYRHSLOC(Rhs, 0).file,                        \
		  YYRHSLOC(Rhs, 0).end, YYRHSLOC(Rhs, 0).end}
#define YYMAXDEPTH 1000
static void policy_parse_error(
    struct policy_at *at, struct policy_parser *p, const char *text);

#define MAKE(type) ((struct type *)ast_alloc(p->ast, sizeof(struct type)))
}

%define api.pure full
%define api.prefix {policy_parse_}
%define api.location.type {struct policy_at}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {struct policy_parser *p}

%union {
	struct policy_str str;
	struct ast_atoms *atoms;
	struct ast_atom *atom;
	struct ast_alts *alts;
	struct ast_conditions *conditions;
	struct ast_rule *rule;
	struct { uint32_t field; struct policy_str glob; } in;
	uint32_t number;
}

%token T_EOF 0 "the end of the file"
%token T_EOL "the end of the line"
%token <str> T_STRING "a string" T_WORD "a word" T_LISTNAME "a list ($name)"
%token T_OPEN "'{'" T_CLOSE "'}'" T_COMMA "','"
%token T_SET "set" T_LIST "list" T_WATCH "watch" T_PATH "path"
%token T_EXCEPT "except" T_MODE "mode" T_ON_TIMEOUT "on-timeout"
%token T_DEADLINE "deadline" T_DECIDE "decide" T_ALLOW "allow" T_DENY "deny"
%token T_BY "by" T_AND "and" T_NOT "not" T_IN "in" T_QUIET "quiet"
%token T_SEAL "seal" T_MESSAGE "message" T_FORMAT "format" T_EXE "exe"
%token T_SHA256 "sha256" T_ANCESTOR "ancestor" T_UID "uid" T_GID "gid"
%token T_AUID "auid" T_CONTAINER "container" T_NAME "name" T_IMAGE "image"
%token T_ID "id" T_LABEL "label" T_ANY "any" T_POD "pod"

%type <str> list_head name value format glob keyword
%type <number> ops op idkind field verdict
%type <atom> atom
%type <atoms> atoms values globs
%type <alts> alts cond
%type <conditions> conds by
%type <in> in
%type <rule> rule options

%%

policy:
	%empty
|	policy item
;
item:
	T_SET name value format { parser_set(p, $2, $3, $4); }
|	list_head atoms comma T_CLOSE { parser_list(p, $1, $2); }
|	list_head error T_CLOSE {
		/* Known from here on, so that its users are not wrong too. */
		parser_list(p, $1, NULL);
		yyerrok;
	}
|	watch_head body T_CLOSE { parser_watch_end(p); }
|	error T_EOL { yyerrok; }
;
list_head:
	T_LIST name T_OPEN { $$ = $2; }
|	T_LIST error T_OPEN {
		$$ = (struct policy_str){NULL, 0, @1};
		yyerrok;
	}
;
watch_head:
	T_WATCH name T_OPEN { parser_watch(p, $2); }
|	T_WATCH error T_OPEN {
		parser_watch(p, (struct policy_str){NULL, 0, @1});
		yyerrok;
	}
;
format:
	%empty { $$ = (struct policy_str){NULL, 0, @$}; }
|	T_FORMAT name { $$ = $2; }
;
value:
	T_STRING { $$ = $1; p->quoted = true; }
|	T_WORD { $$ = $1; p->quoted = false; }
|	T_ALLOW { $$ = parser_word(p, @1); p->quoted = false; }
|	T_DENY { $$ = parser_word(p, @1); p->quoted = false; }
;
body:
	%empty
|	body statement
;
statement:
	T_PATH T_STRING in { parser_pattern(p, $2, false, $3.field, $3.glob); }
|	T_EXCEPT T_STRING in { parser_pattern(p, $2, true, $3.field, $3.glob); }
|	T_MODE value { parser_watch_setting(p, "mode", @1, $2); }
|	T_ON_TIMEOUT value { parser_watch_setting(p, "on-timeout", @1, $2); }
|	T_DEADLINE value { parser_watch_setting(p, "deadline", @1, $2); }
|	T_DECIDE value { parser_watch_setting(p, "decide", @1, $2); }
|	rule { $1->at = @1; parser_rule(p, $1); }
|	error T_EOL { yyerrok; }
;
in:
	%empty { $$.field = 0; $$.glob = (struct policy_str){NULL, 0, @$}; }
|	T_IN T_CONTAINER field glob { $$.field = $3; $$.glob = $4; }
|	T_IN T_CONTAINER T_ANY {
		$$.field = COND_CONTAINER_ANY;
		$$.glob = (struct policy_str){NULL, 0, @3};
	}
|	T_IN T_POD glob { $$.field = COND_POD; $$.glob = $3; }
;
field:
	T_NAME { $$ = COND_CONTAINER_NAME; }
|	T_IMAGE { $$ = COND_CONTAINER_IMAGE; }
|	T_ID { $$ = COND_CONTAINER_ID; }
|	T_LABEL { $$ = COND_CONTAINER_LABEL; }
;
glob:
	T_STRING
|	T_WORD
;
rule:
	verdict ops by options {
		$$ = $4;
		$$->verdict = $1;
		$$->ops = $2;
		if ($3 != NULL)
			STAILQ_CONCAT(&$$->conditions, $3);
	}
;
verdict:
	T_ALLOW { $$ = VERDICT_ALLOW; }
|	T_DENY { $$ = VERDICT_DENY; }
;
ops:
	op
|	ops T_COMMA op { $$ = $1 | $3; }
;
op:
	T_WORD { $$ = parser_op(p, $1); }
|	T_ANY { $$ = OP_ANY; }
;
by:
	%empty { $$ = NULL; }
|	T_BY conds { $$ = $2; }
;
conds:
	cond {
		$$ = MAKE(ast_conditions);
		STAILQ_INIT($$);
		STAILQ_INSERT_TAIL($$, $1, next);
	}
|	conds T_AND cond { STAILQ_INSERT_TAIL($1, $3, next); $$ = $1; }
;
cond:
	alts { $$ = $1; $$->at = @$; }
|	T_NOT alts { $$ = $2; $$->negated = true; $$->at = @$; }
;
alts:
	atom { $$ = parser_alts(p, NULL, $1); }
|	T_OPEN atoms comma T_CLOSE { $$ = parser_alts(p, $2, NULL); }
|	T_EXE T_OPEN values comma T_CLOSE {
		$$ = parser_alts(p, parser_kind($3, COND_EXE), NULL);
	}
|	T_ANCESTOR T_EXE T_OPEN values comma T_CLOSE {
		$$ = parser_alts(p, parser_kind($4, COND_ANCESTOR_EXE), NULL);
	}
|	idkind T_OPEN values comma T_CLOSE {
		$$ = parser_alts(p, parser_kind($3, $1), NULL);
	}
|	T_CONTAINER field T_OPEN globs comma T_CLOSE {
		$$ = parser_alts(p, parser_kind($4, $2), NULL);
	}
;
atoms:
	atom { $$ = parser_first(p, $1); }
|	atoms T_COMMA atom { $$ = parser_more($1, $3); }
;
values:
	value { $$ = parser_first(p, parser_atom(p, 0, $1)); }
|	values T_COMMA value {
		$$ = parser_more($1, parser_atom(p, 0, $3));
	}
;
globs:
	glob { $$ = parser_first(p, parser_atom(p, 0, $1)); }
|	globs T_COMMA glob {
		$$ = parser_more($1, parser_atom(p, 0, $3));
	}
;
comma:
	%empty
|	T_COMMA
;
atom:
	T_EXE T_STRING { $$ = parser_atom(p, COND_EXE, $2); }
|	T_EXE T_SHA256 glob { $$ = parser_atom(p, COND_EXE_SHA256, $3); }
|	T_ANCESTOR T_EXE T_STRING { $$ = parser_atom(p, COND_ANCESTOR_EXE, $3); }
|	idkind glob { $$ = parser_atom(p, $1, $2); }
|	T_CONTAINER field glob { $$ = parser_atom(p, $2, $3); }
|	T_CONTAINER T_ANY {
		$$ = parser_atom(p, COND_CONTAINER_ANY,
		    (struct policy_str){NULL, 0, @2});
	}
|	T_POD glob { $$ = parser_atom(p, COND_POD, $2); }
|	T_LISTNAME { $$ = parser_atom(p, 0, $1); }
;
idkind:
	T_UID { $$ = COND_UID; }
|	T_GID { $$ = COND_GID; }
|	T_AUID { $$ = COND_AUID; }
;
options:
	%empty {
		$$ = MAKE(ast_rule);
		STAILQ_INIT(&$$->conditions);
	}
|	options T_QUIET { $$ = $1; $$->quiet = true; }
|	options T_SEAL { $$ = $1; $$->seal = true; }
|	options T_MESSAGE T_STRING {
		$$ = $1;
		if ($$->message.s != NULL)
			diag_error(p->diags, @2,
			    "a second message, expected one");
		$$->message = $3;
	}
;
/* Watches, lists and settings may be called like a word of the language. */
name:
	T_WORD
|	keyword
;
keyword:
	T_SET { $$ = parser_word(p, @1); }
|	T_LIST { $$ = parser_word(p, @1); }
|	T_WATCH { $$ = parser_word(p, @1); }
|	T_PATH { $$ = parser_word(p, @1); }
|	T_EXCEPT { $$ = parser_word(p, @1); }
|	T_MODE { $$ = parser_word(p, @1); }
|	T_ON_TIMEOUT { $$ = parser_word(p, @1); }
|	T_DEADLINE { $$ = parser_word(p, @1); }
|	T_DECIDE { $$ = parser_word(p, @1); }
|	T_ALLOW { $$ = parser_word(p, @1); }
|	T_DENY { $$ = parser_word(p, @1); }
|	T_BY { $$ = parser_word(p, @1); }
|	T_AND { $$ = parser_word(p, @1); }
|	T_NOT { $$ = parser_word(p, @1); }
|	T_IN { $$ = parser_word(p, @1); }
|	T_QUIET { $$ = parser_word(p, @1); }
|	T_SEAL { $$ = parser_word(p, @1); }
|	T_MESSAGE { $$ = parser_word(p, @1); }
|	T_EXE { $$ = parser_word(p, @1); }
|	T_SHA256 { $$ = parser_word(p, @1); }
|	T_ANCESTOR { $$ = parser_word(p, @1); }
|	T_UID { $$ = parser_word(p, @1); }
|	T_GID { $$ = parser_word(p, @1); }
|	T_AUID { $$ = parser_word(p, @1); }
|	T_CONTAINER { $$ = parser_word(p, @1); }
|	T_NAME { $$ = parser_word(p, @1); }
|	T_IMAGE { $$ = parser_word(p, @1); }
|	T_ID { $$ = parser_word(p, @1); }
|	T_LABEL { $$ = parser_word(p, @1); }
|	T_ANY { $$ = parser_word(p, @1); }
|	T_POD { $$ = parser_word(p, @1); }
;

%%

static void
policy_parse_error(
    struct policy_at *at, struct policy_parser *p, const char *text)
{
	/* Only for memory and depth: grammar errors come by the other door. */
	diag_error(p->diags, *at, "%s", text);
}

static int
yyreport_syntax_error(const yypcontext_t *context, struct policy_parser *p)
{
	yysymbol_kind_t wanted[YYNTOKENS];
	char expected[300] = "";
	bool whole = false;
	size_t o = 0;
	int n = yypcontext_expected_tokens(context, wanted, YYNTOKENS);

	/* Nearly every word will do where a name is wanted. */
	if (n > 20) {
		wanted[0] = YYSYMBOL_T_WORD;
		n = 1;
	}
	for (int i = 0; i < n; i++) {
		/* Where a statement may start, the one before is whole. */
		whole |= wanted[i] == YYSYMBOL_T_WATCH ||
		    wanted[i] == YYSYMBOL_T_DECIDE;
		/* How recovery works is nothing to expect. */
		if (wanted[i] == YYSYMBOL_T_EOL)
			continue;
		o += (size_t)snprintf(expected + o, sizeof(expected) - o,
		    "%s%s", o == 0 ? "" : i + 1 == n ? " or " : ", ",
		    yysymbol_name(wanted[i]));
		if (o >= sizeof(expected))
			break;
	}
	parser_syntax_error(p, whole, expected);
	return 0;
}
