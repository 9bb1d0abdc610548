/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swaps TREE ELSEWHERE NAME ROUNDS: makes TREE/0/NAME, TREE/1/NAME and so on,
 * and while whoever watches the tree goes to look at them exchanges TREE/n and
 * a symbolic link to the directory ELSEWHERE, back and forth.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK "link"
#define EXCHANGES 40

int
main(int argc, char **argv)
{
	long rounds = argc == 5 ? strtol(argv[4], NULL, 10) : 0;

	if (rounds <= 0 || chdir(argv[1]) == -1 ||
	    symlink(argv[2], LINK) == -1) {
		fprintf(stderr, "usage: swaps TREE ELSEWHERE NAME ROUNDS\n");
		return 2;
	}
	for (long i = 0; i < rounds; i++) {
		char dir[32], inner[160];

		(void)snprintf(dir, sizeof(dir), "%ld", i);
		(void)snprintf(inner, sizeof(inner), "%s/%s", dir, argv[3]);
		if (mkdir(dir, 0755) == -1)
			return 1;
		(void)usleep(300); /* time to mark it: luck, not a condition */
		if (mkdir(inner, 0755) == -1)
			return 1;
		for (int j = 0; j < EXCHANGES; j++)
			(void)renameat2(
			    AT_FDCWD, LINK, AT_FDCWD, dir, RENAME_EXCHANGE);
	}
	return 0;
}
