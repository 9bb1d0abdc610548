/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "loader/loader.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: doorward-loader [-f] [-d] [-c FILE]\n"
    "\n"
    "Starts the doorward service: decides about opens of watched files and\n"
    "keeps a signed log of them. Needs root.\n"
    "\n"
    "  -c, --config FILE   the policy (default " DOORWARD_SYSCONFDIR
    "/doorward.conf);\n"
    "                      FILE.d/*.conf are read after it\n"
    "  -f, --foreground    stay in the foreground, messages to stderr\n"
    "  -d, --debug         say more\n"
    "  -h, --help          this text\n"
    "  -V, --version       the version\n"
    "\n"
    "SIGHUP reads the policy again, SIGTERM stops the service.\n"
    "See doorward-loader(8).\n";

static void
refuse(const char *what, const char *arg)
{
	fprintf(stderr, "doorward-loader: %s%s; try --help\n", what, arg);
	exit(2);
}

/* The service leaves the directory it was started in. */
static int
absolute(const char *path, char *buf, size_t cap)
{
	char here[PATH_BYTES_MAX + 1] = "";
	int n;

	if (*path != '/' && getcwd(here, sizeof(here)) == NULL)
		return -1;
	n = snprintf(buf, cap, "%s%s%s", here, *path != '/' ? "/" : "", path);
	return n < 0 || (size_t)n >= cap ? -1 : 0;
}

void
options_parse(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"foreground", no_argument, NULL, 'f'},
	    {"debug", no_argument, NULL, 'd'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	static char config[PATH_BYTES_MAX + 1];
	int c;

	ret->config = DOORWARD_SYSCONFDIR "/doorward.conf";
	while ((c = getopt_long(argc, argv, "c:fdhV", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			ret->config = optarg;
			break;
		case 'f':
			ret->foreground = true;
			break;
		case 'd':
			ret->debug = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("doorward-loader " PACKAGE_VERSION);
			exit(0);
		default:
			exit(2); /* getopt said why */
		}
	}
	if (optind < argc)
		refuse("unexpected argument: ", argv[optind]);
	if (*ret->config == '\0' ||
	    absolute(ret->config, config, sizeof(config)) < 0)
		refuse("not a path of 1 to 4095 bytes: ", ret->config);
	ret->config = config;
}
