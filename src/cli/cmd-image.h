/* SPDX-License-Identifier: MIT */
/* The verbs of `boomerang image`, one cmd-image-VERB.c each, as commands.h
 * describes commands; argv[0] is the verb. */
#pragma once

int cmd_image_convert(int argc, char **argv);
int cmd_image_export(int argc, char **argv);
int cmd_image_inspect(int argc, char **argv);
int cmd_image_load(int argc, char **argv);
int cmd_image_unpack(int argc, char **argv);
int cmd_image_verify(int argc, char **argv);
